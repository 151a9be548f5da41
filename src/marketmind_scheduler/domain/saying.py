"""What a caller says of something that may be there already: what it leaves unsaid stays as it is stored."""

from enum import Enum
from typing import TypeVar

from marketmind_scheduler.domain.errors import Incomplete

T = TypeVar("T")


class Unsaid(Enum):
    """Stands where a caller says nothing."""

    UNSAID = "unsaid"


UNSAID = Unsaid.UNSAID


class FieldMissing(Incomplete):
    """Something new leaves out a field that it needs. Send it; once it is registered, it may be left out."""

    code = "malformed"

    def __init__(self, noun: str, field: str, *, nth: int | None = None) -> None:
        super().__init__(f"a new {noun} needs the field `{field}`")
        self.noun, self.field = noun, field
        self.nth = nth
        """Where the request holds several: which of them it is, counted from 0."""


class TimeMissing(Incomplete):
    """A post is to be scheduled, and neither a time is said nor who is to choose one."""

    code = "malformed"
    nth = None

    def __init__(self) -> None:
        super().__init__(
            'timestamp is missing; send an object such as {"timestamp":"2030-03-18T19:00:00"}, or '
            '{"scheduler":"queue"} to have a time chosen'
        )


def kept(said: T | Unsaid, stored: T) -> T:
    """What is said, else what is stored."""
    return stored if isinstance(said, Unsaid) else said


def needed(said: T | Unsaid, noun: str, field: str) -> T:
    """What is said of something new; raises FieldMissing where that is nothing."""
    if isinstance(said, Unsaid):
        raise FieldMissing(noun, field)
    return said
