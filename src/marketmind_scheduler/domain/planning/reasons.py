"""Why a post stands where it does: what is believed of its hour."""

from dataclasses import dataclass

from marketmind_scheduler.domain.audience.observations import Arm
from marketmind_scheduler.domain.audience.profile import Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Multipliers are millionths of the lane's usual post. The interval is that of the hour; one post varies by far
    more. ``is_exploratory``: it is there to learn, another slot is expected to be better. ``arm`` is the
    side of the comparison that the lot has put it on, where its policy wants one and the post could be on either.
    ``matters_little``: the best open slot is less than 5 % above their mean."""

    expected_multiplier: int
    interval_80: tuple[int, int]
    effective_posts: int  # thousandths
    own_share: int  # thousandths
    prior_sources: tuple[str, ...]
    signal: Signal
    is_exploratory: bool = False
    arm: Arm | None = None
    matters_little: bool = False

    @property
    def is_control(self) -> bool:
        """Whether it is left at the naive rule's time, to compare with."""
        return self.arm is Arm.CONTROL
