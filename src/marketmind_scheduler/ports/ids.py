"""New identifiers."""

from typing import Protocol
from uuid import UUID


class NewId(Protocol):
    def __call__(self) -> UUID:
        """A UUIDv7 (RFC 9562 section 5.7): ids made later sort later, to the millisecond."""
        ...
