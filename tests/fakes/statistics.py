"""A storage that plans nothing."""

from collections.abc import Collection


class NothingToCount:
    """In memory every row is looked at anyway."""

    async def renew(self) -> Collection[str]:
        return ()
