"""What callers wrote, short enough to be repeated to them."""

LONGEST = 80


def quoted(text: str) -> str:
    """The text in quotes, for a message."""
    return repr(text) if len(text) <= LONGEST else f"{text[: LONGEST - 3]!r}…"


def shortened(text: str) -> str:
    """The text as it is, for details."""
    return text[:LONGEST]
