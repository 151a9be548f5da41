"""Why a post stands where it does: what is believed of its hour, what closed better ones, what came next."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketmind_scheduler.domain.audience.profile import Signal
from marketmind_scheduler.domain.rules.policy import RuleKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A better slot of the same day, and the first rule that closed it, with the schedules that it counts; None: the
    plan itself has it."""

    local_time: datetime
    multiplier: int
    rule: RuleKind | None
    with_: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerUp:
    """A slot that the post could take with all else fixed, and by how much the lane's value would change, in
    thousandths of what the post is worth."""

    local_time: datetime
    change: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Multipliers are millionths of the lane's usual post. The interval is that of the hour; one post varies by far
    more. ``is_exploratory``: it is there to learn, another slot is expected to be better. ``is_control``: it is left at
    the naive rule's time, to compare with. ``matters_little``: the best open slot is less than 5 % above their mean."""

    expected_multiplier: int
    interval_80: tuple[int, int]
    effective_posts: int  # thousandths
    own_share: int  # thousandths
    prior_sources: tuple[str, ...]
    signal: Signal
    is_exploratory: bool = False
    is_control: bool = False
    matters_little: bool = False
    binding: tuple[Binding, ...] = ()
    runner_ups: tuple[RunnerUp, ...] = ()
