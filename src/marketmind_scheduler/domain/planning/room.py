"""The room of a lane: its open times, and who stands there already."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from marketmind_scheduler.domain.planning.plan import Brief
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.caps import Rolling
from marketmind_scheduler.domain.rules.curing import loosening
from marketmind_scheduler.domain.rules.limits import Limit, limits
from marketmind_scheduler.domain.rules.open_slots import GridSlot, open_slots
from marketmind_scheduler.domain.rules.violations import BrandRules
from marketmind_scheduler.domain.wall_clock import days_in, local_day

Stand = tuple[Platform, datetime]


def slots_of(brief: Brief, platform: Platform) -> Sequence[GridSlot]:
    """Every time of the brief's grid that no rule closes to the platform by itself, ascending."""
    found = open_slots(
        platform,
        brief.binding,
        first_day=brief.first_day,
        last_day=brief.last_day,
        grid_minutes=brief.grid_minutes,
        now=brief.now,
    )
    return [slot for slot in found if slot.instant > brief.now]


def stands(brief: Brief) -> Sequence[Stand]:
    """What stands on the brand's lanes already, and stays."""
    kept = [(each.post.platform, each.slot.publish_time) for each in brief.kept]
    return sorted({*kept, *((each.platform, each.publish_time) for each in brief.occupied)})


def limits_of(brief: Brief, platform: Platform) -> Sequence[Limit]:
    """What counts the posts of a lane. A tenth of what its platform allows is left free, for sends that are
    repeated."""
    return [
        replace(limit, posts=limit.posts - limit.posts // 10) if limit.cap else limit
        for limit in limits(brief.binding, {platform})
    ]


def none_allowed(brief: Brief, platform: Platform) -> str | None:
    """The first limit that leaves a lane no post at all, and how it is changed; None where none does."""
    none = next((limit for limit in limits_of(brief, platform) if limit.posts < 1), None)
    return none and loosening(none, brief.binding.policy.brand_id)


def counts_lanes_together(rules: BrandRules) -> bool:
    return any(len(limit.platforms) > 1 for limit in limits(rules, frozenset(Platform)))


@dataclass(frozen=True, slots=True)
class Counted:
    """A limit, and the instants of those that it counts, ascending. It takes more of them."""

    limit: Limit
    instants: list[datetime]

    @classmethod
    def of(cls, limit: Limit, standing: Iterable[Stand]) -> "Counted":
        return cls(limit, sorted(instant for platform, instant in standing if platform in limit.platforms))

    def add(self, platform: Platform, instant: datetime) -> None:
        if platform in self.limit.platforms:
            insort(self.instants, instant)

    def remove(self, instant: datetime) -> None:
        """Count one fewer at this instant, if one is counted."""
        nth = bisect_left(self.instants, instant)
        if nth < len(self.instants) and self.instants[nth] == instant:
            del self.instants[nth]

    @property
    def day_zone(self) -> str | None:
        """The zone whose calendar days are counted; None for a rolling window."""
        return None if isinstance(self.limit.window, Rolling) else self.limit.window.zone

    def is_full(self, at: datetime) -> bool:
        """Whether one more would be too many at this instant."""
        posts, window = self.limit.posts, self.limit.window
        if posts < 1:
            return True
        if isinstance(window, Rolling):
            starts = range(
                bisect_right(self.instants, at - window.length),
                bisect_left(self.instants, at + window.length) - posts + 1,
            )
            return any(self.instants[nth + posts - 1] - self.instants[nth] < window.length for nth in starts)
        day = local_day(at, window.zone)
        begin, over = days_in(day, day, window.zone)
        return bisect_left(self.instants, over) - bisect_left(self.instants, begin) >= posts
