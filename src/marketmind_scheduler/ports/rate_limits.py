"""How much each caller has asked lately, over all processes."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from marketmind_scheduler.domain.access import Rate


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left: ``remaining`` requests at once, and in how much time there is one again where there is none."""

    remaining: int
    next_in: timedelta


class RateLimits(Protocol):
    async def take(self, owner: str, count: int, rate: Rate) -> tuple[bool, Allowance]:
        """Spend ``count`` requests of the owner, all or none; whether there were so many, and what is left. One look at
        the storage.

        The rule is the generic cell rate algorithm: up to ``rate.requests`` at once, which come back evenly over
        ``rate.per``, by the storage's clock. Raises StorageUnavailable.
        """
        ...
