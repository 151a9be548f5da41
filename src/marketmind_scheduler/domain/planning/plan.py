"""What a scheduler is given, and what it answers with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.brand import BrandContent
from marketmind_scheduler.domain.planning.emphasis import Emphasis
from marketmind_scheduler.domain.planning.problem import Certificate, Method, Objective
from marketmind_scheduler.domain.planning.reasons import Reason
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.policy import Policy
from marketmind_scheduler.domain.rules.tightening import Patch
from marketmind_scheduler.domain.rules.violations import BrandRules, Occupied, Violation
from marketmind_scheduler.domain.schedulers import SchedulerKind, room_made
from marketmind_scheduler.domain.wall_clock import Slot, next_on_grid

GRIDS = (15, 30, 60)
MOST_EXPLAINED = 500
"""Posts of a plan up to which it is said what else each could have had."""
MOST_EXPLORING = 500
"""Posts of a plan up to which hours are tried; a larger one costs a solver its time."""
MOST_EXPLORING_TIMES = 10_000
"""Open times of a plan, of all its platforms together, up to which hours are tried: it is solved up to seven times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostToPlace:
    """A post without its texts. ``weight`` is 1 to 100,000, 1,000 as a rule; ``not_before`` and ``not_after`` are
    instants, both included."""

    post_id: UUID
    platform: Platform
    weight: int = 1_000
    not_before: datetime | None = None
    not_after: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """All that a scheduler may know. ``first_day`` and ``last_day`` are calendar dates in ``zone``, both included;
    ``posts`` stand in the order in which they were registered. ``kept`` stands on their platforms already, and stays:
    it is planned round. So is what other campaigns have ``occupied`` on the brand's lanes. ``grid_minutes`` says which
    minutes of the hour a scheduler may choose. ``is_of_one``: a post is planned by itself, and ``campaign_id`` is its
    own id. ``emphasis`` is what its slots are chosen by besides, and how much, as ``emphasised`` says."""

    campaign_id: UUID
    brand: BrandContent
    tz_release: str
    first_day: date
    last_day: date
    now: datetime
    posts: tuple[PostToPlace, ...]
    kept: tuple["Placement", ...] = ()
    occupied: tuple[Occupied, ...] = field(default=(), compare=False)  # what surrounds the campaign is told by digests
    rules: BrandRules | None = field(default=None, compare=False)
    profiles: Mapping[Platform, Profile] = field(default_factory=dict[Platform, Profile], compare=False)
    grid_minutes: int = 30
    objective: Objective = Objective.OWN_POST_DECAY
    explores: bool = True
    is_of_one: bool = False
    emphasis: tuple[Emphasis, int] = (Emphasis.BEST, 0)

    @property
    def zone(self) -> str:
        return self.brand.default_zone

    @property
    def binding(self) -> BrandRules:
        """What its times must keep; nothing where nothing was read."""
        return self.rules or BrandRules(policy=Policy(brand_id=self.campaign_id), caps={}, zone=self.zone)

    def tightened(self, patch: Patch) -> "Brief":
        """The same with the rules of an instruction added to those of the brand."""
        first, last = patch.within(self.first_day, self.last_day)
        return replace(self, rules=patch.added_to(self.binding), first_day=first, last_day=last)

    def profile_of(self, platform: Platform) -> Profile:
        """What is believed of the lane's hours; the prior where nothing is learned."""
        return self.profiles.get(platform) or Profile.cold(platform)

    @property
    def earliest_at(self) -> datetime:
        """The first instant of the grid after ``now``."""
        return next_on_grid(self.now, self.zone, timedelta(minutes=self.grid_minutes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """One post in one slot, and why it is that; what follows a fixed rule has no reason besides."""

    post: PostToPlace
    slot: Slot
    reason: Reason | None = field(default=None, compare=False)

    def warnings(self, scheduler: SchedulerKind) -> Sequence[str]:
        """What a person should know of the time that this scheduler chose, a sentence each."""
        room = room_made(scheduler, self.slot, self.post.platform)
        return [*self.slot.warnings(), *([room] if room else [])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unplaced:
    """A post without a place, and why: a code that is proven, the sentence for it, and single changes that would give
    it one, each tried."""

    post_id: UUID
    platform: Platform
    reason: str
    sentence: str
    relaxations: tuple[str, ...] = ()

    def told(self) -> Mapping[str, object]:
        """As callers read it."""
        return {
            "post_id": self.post_id,
            "platform": self.platform,
            "reason": self.reason,
            "sentence": self.sentence,
            "relaxations": list(self.relaxations),
        }

    def cure(self) -> str:
        """The same in one sentence, with what would make a place."""
        return "; or ".join([self.sentence, *self.relaxations])


class Fallback(StrEnum):
    """Why a plan is the naive rule's, though another scheduler was asked."""

    SOLVER_FAILED = "solver_failed"


class Untried(StrEnum):
    """Why a plan tries no hour, though it was to."""

    MANY_TIMES = "many_times"
    TIME_WAS_UP = "time_was_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A proposal: placements in time order, and what could not be placed. It becomes schedules as a whole or not at
    all. ``certificates`` say of each lane how good its choice is; a rule that chooses nothing has none. ``fallback``
    says why nothing was chosen where it was to be, ``untried`` why no hour is tried in a plan that is small enough."""

    scheduler: SchedulerKind
    placements: tuple[Placement, ...]
    unplaced: tuple[Unplaced, ...] = ()
    violations: tuple[Violation, ...] = ()
    certificates: Mapping[Platform, Certificate] | None = None
    fallback: Fallback | None = None
    untried: Untried | None = None

    @property
    def certificate(self) -> Certificate | None:
        """How good the lanes' choices are together."""
        lanes = list((self.certificates or {}).values())
        if not lanes:
            return None
        methods = {each.method for each in lanes}
        return Certificate(
            method=lanes[0].method if len(methods) == 1 else Method.SEVERAL,
            value=sum(each.value for each in lanes),
            bound=sum(each.bound for each in lanes),
        )

    @property
    def is_incomplete(self) -> bool:
        """Whether it leaves out a post or breaks a rule, so that it can be looked at and not committed."""
        return bool(self.unplaced or self.violations)

    def faults(self) -> Sequence[str]:
        """Why it is incomplete, a sentence each."""
        return [*(each.sentence for each in self.violations), *(each.cure() for each in self.unplaced)]
