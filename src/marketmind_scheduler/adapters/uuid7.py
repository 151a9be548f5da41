"""New ids from the machine's clock and randomness."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_uuid7() -> UUID:
    return uuid7()
