"""Fields of a body that may be left out."""

from typing import TypeVar

from msgspec import UnsetType

from marketmind_scheduler.domain.saying import UNSAID, Unsaid

T = TypeVar("T")


def said(value: T | UnsetType) -> T | Unsaid:
    return UNSAID if isinstance(value, UnsetType) else value


def text(value: str | UnsetType | None) -> str | Unsaid:
    """A text that may be empty: null empties it."""
    return "" if value is None else said(value)
