"""How much of what platforms allow would be used, window by window, once a plan is committed."""

from collections.abc import Collection, Mapping, Sequence
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
    """The fullest window of a cap of a lane, or of all brands together: so many posts are ``used`` of its ``limit``,
    what stands and what is planned together, from ``begins_at`` on. The window is rolling, of so many seconds, or a
    calendar day of a zone."""

    platform: Platform
    limit: int
    window_seconds: int | None
    window_zone: str | None
    grade: Grade
    source: str
    binds: bool
    used: int
    begins_at: datetime
    scope: CapScope = CapScope.LANE

    def warning(self) -> str | None:
        """What to say where it is more than is known to be allowed, and nothing refuses it."""
        if self.binds or self.used <= self.limit:
            return None
        length = "one day" if self.window_seconds is None else f"{self.window_seconds / 3600:g} hours"
        whose, cure = " of all brands", "spread them"
        if self.scope is CapScope.LANE:
            whose, cure = "", "spread them, or set a cap of the brand's own"
        return (
            f"{self.used} posts{whose} on {self.platform} within {length} from {self.begins_at:%Y-%m-%dT%H:%MZ} on; "
            f"its cap is {self.limit} ({self.grade}: {self.source}); {cure}"
        )


def forecasts(
    placements: Sequence[Placement], brief: Brief, elsewhere: Mapping[Platform, Sequence[datetime]]
) -> Sequence[Forecast]:
    """The fullest window of each cap of a lane that gets a post; of caps that all brands share, the fullest that holds
    one of these placements, beside the posts of other brands ``elsewhere``, where those are known."""
    standing = stands(brief)
    planned = [(each.post.platform, each.slot.publish_time) for each in placements]
    found: list[Forecast] = []
    for platform in sorted({platform for platform, _ in planned}):
        instants = sorted(instant for lane, instant in {*standing, *planned} if lane is platform)
        own = {instant for lane, instant in planned if lane is platform}
        for cap in brief.binding.caps.get(platform, ()):
            if cap.scope is CapScope.LANE:
                found.append(_fullest(cap, instants, instants))
            elif platform in elsewhere:
                found.append(_fullest(cap, sorted([*instants, *elsewhere[platform]]), own))
    return found


def _fullest(cap: PlatformCap, instants: Sequence[datetime], holding: Collection[datetime]) -> Forecast:
    """The fullest window that holds one of the instants in ``holding``."""
    held = set(holding)
    windows = company(_limit(cap, cap.platform), instants)
    together = max((window for at, window in zip(instants, windows, strict=True) if at in held), key=len)
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
        scope=cap.scope,
    )


def _limit(cap: PlatformCap, platform: Platform) -> Limit:
    return Limit(
        rule=RuleKind.PLATFORM_CAP, platforms=frozenset({platform}), posts=cap.limit, window=cap.window, cap=cap
    )
