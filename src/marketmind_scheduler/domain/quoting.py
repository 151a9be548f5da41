"""What callers wrote, short enough to be repeated to them, and what they may have meant."""

from collections.abc import Iterable
from difflib import get_close_matches

LONGEST = 80


def quoted(text: str) -> str:
    """The text in quotes, for a message."""
    return repr(text) if len(text) <= LONGEST else f"{text[: LONGEST - 3]!r}…"


def shortened(text: str) -> str:
    """The text as it is, for details."""
    return text[:LONGEST]


def meant(written: str, known: Iterable[str]) -> str | None:
    """Which of the known words was meant: the same in other letters or with other signs, or one much like it."""
    by_letters = {_letters(word): word for word in known}
    close = get_close_matches(_letters(written[:LONGEST]), by_letters, n=1)
    return by_letters[close[0]] if close else None


def _letters(word: str) -> str:
    return "".join(each for each in word.casefold() if each.isalnum())
