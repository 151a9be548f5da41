"""How much of what platforms allow would be used, window by window, once a plan is committed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from marketmind_scheduler.domain.planning.plan import Brief, Placement
from marketmind_scheduler.domain.planning.room import stands
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.caps import CalendarDay, CapScope, Grade, PlatformCap, Rolling
from marketmind_scheduler.domain.rules.limits import Limit, company
from marketmind_scheduler.domain.rules.policy import RuleKind

REACH = timedelta(days=2)
"""How far beside the campaign's days others may stand in one window with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The fullest window of a lane's cap: so many posts are ``used`` of its ``limit``, what stands and what is planned
    together, from ``begins_at`` on. The window is rolling, of so many seconds, or a calendar day of a zone."""

    platform: Platform
    limit: int
    window_seconds: int | None
    window_zone: str | None
    grade: Grade
    source: str
    binds: bool
    used: int
    begins_at: datetime

    def warning(self) -> str | None:
        """What to say where it is more than is known to be allowed, and nothing refuses it."""
        if self.binds or self.used <= self.limit:
            return None
        length = "one day" if self.window_seconds is None else f"{self.window_seconds / 3600:g} hours"
        return (
            f"{self.used} posts on {self.platform} within {length} from {self.begins_at:%Y-%m-%dT%H:%MZ} on; its cap "
            f"is {self.limit} ({self.grade}: {self.source}); spread them, or set a cap of the brand's own"
        )


def forecasts(placements: Sequence[Placement], brief: Brief) -> Sequence[Forecast]:
    """The fullest window of each cap of a lane that gets a post. What an app's brands share is not counted here."""
    standing = stands(brief)
    planned = [(each.post.platform, each.slot.publish_time) for each in placements]
    found: list[Forecast] = []
    for platform in sorted({platform for platform, _ in planned}):
        instants = sorted(instant for lane, instant in {*standing, *planned} if lane is platform)
        caps = [cap for cap in brief.binding.caps.get(platform, ()) if cap.scope is CapScope.LANE]
        found += [_fullest(cap, instants) for cap in caps]
    return found


def _fullest(cap: PlatformCap, instants: Sequence[datetime]) -> Forecast:
    together = max(company(_limit(cap, cap.platform), instants), key=len)
    return Forecast(
        platform=cap.platform,
        limit=cap.limit,
        window_seconds=cap.window.length // timedelta(seconds=1) if isinstance(cap.window, Rolling) else None,
        window_zone=cap.window.zone if isinstance(cap.window, CalendarDay) else None,
        grade=cap.grade,
        source=cap.source,
        binds=cap.binds,
        used=len(together),
        begins_at=instants[together[0]],
    )


def _limit(cap: PlatformCap, platform: Platform) -> Limit:
    return Limit(
        rule=RuleKind.PLATFORM_CAP, platforms=frozenset({platform}), posts=cap.limit, window=cap.window, cap=cap
    )
