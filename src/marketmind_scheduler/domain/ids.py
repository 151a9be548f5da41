"""How the ids of brands, campaigns, posts and schedules are written, wherever somebody writes one."""

import re
from uuid import UUID

_ID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
EXAMPLE_ID = "11111111-1111-1111-1111-111111111111"
AN_ID = f"a valid UUID: 8, 4, 4, 4 and 12 hexadecimal digits with hyphens between, such as {EXAMPLE_ID}"
"""What a text is that names something, in words."""


def is_id(text: str) -> bool:
    """Whether ``text`` is written as ids are. Braces, ``urn:uuid:`` and digits without hyphens are other spellings."""
    return _ID.fullmatch(text) is not None


def read_id(text: str) -> UUID | None:
    """None for whatever is not written as ids are."""
    return UUID(text) if is_id(text) else None
