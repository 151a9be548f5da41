"""Why a post stands where it does: what is believed of its hour."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketmind_scheduler.domain.audience.observations import Arm
from marketmind_scheduler.domain.audience.profile import Signal
from marketmind_scheduler.domain.rules.policy import RuleKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A time that is expected to do better, and the first rule that the post would break there with all else where it
    is. ``with_`` are the schedules, or posts of the plan, that the rule counts."""

    publish_time: datetime
    local_time: datetime
    multiplier: int
    rule: RuleKind
    with_: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerUp:
    """A time that the post could have with all else where it is. ``change`` is what the plan would gain by its
    objective and what is expected of the hours, mostly less than 0."""

    publish_time: datetime
    local_time: datetime
    change: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Multipliers are millionths of the lane's usual post. The interval is that of the hour; one post varies by far
    more. ``is_exploratory``: it is there to learn, another slot is expected to be better. ``arm`` is the
    side of the comparison that the lot has put it on, where its policy wants one and the post could be on either.
    ``matters_little``: the best open slot is less than 5 % above their mean.
    ``binding`` are up to three better times, ``runner_ups`` the best two others."""

    expected_multiplier: int
    interval_80: tuple[int, int]
    effective_posts: int  # thousandths
    own_share: int  # thousandths
    prior_sources: tuple[str, ...]
    signal: Signal
    is_exploratory: bool = False
    arm: Arm | None = None
    matters_little: bool = False
    binding: tuple[Binding, ...] = ()
    runner_ups: tuple[RunnerUp, ...] = ()

    @property
    def is_control(self) -> bool:
        """Whether it is left at the naive rule's time, to compare with."""
        return self.arm is Arm.CONTROL
