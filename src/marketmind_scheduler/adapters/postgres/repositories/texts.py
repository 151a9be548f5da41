"""What others say, as a text column can hold it."""

_LONGEST_TEXT = 1000


def storable(text: str | None) -> str | None:
    """Not without end, and without what PostgreSQL does not take."""
    if text is None:
        return None
    return text[:_LONGEST_TEXT].encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
