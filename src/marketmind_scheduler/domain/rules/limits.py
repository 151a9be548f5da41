"""Rules that count: at most so many posts of some platforms within a window. A least distance is one of them, at most
one post within it."""

from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.caps import CalendarDay, PlatformCap, Rolling, Window
from marketmind_scheduler.domain.rules.policy import DailyCap, MinGap, RollingCap, Rule, RuleKind
from marketmind_scheduler.domain.rules.violations import BrandRules
from marketmind_scheduler.domain.wall_clock import local_day

_LONGEST_DAY = timedelta(days=2)  # where a day is repeated


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most ``posts`` of ``platforms`` together within any such window."""

    rule: RuleKind
    platforms: frozenset[Platform]
    posts: int
    window: Window
    cap: PlatformCap | None = None

    @property
    def length(self) -> timedelta:
        """How far apart two posts may be, at most, to count together."""
        return self.window.length if isinstance(self.window, Rolling) else _LONGEST_DAY


def limits(rules: BrandRules, platforms: Collection[Platform]) -> Sequence[Limit]:
    """All that counts posts of one of these platforms and binds: the policy's in its order, then the platforms' own."""
    found = [limit for rule in rules.policy.rules for limit in _limits_of(rule, rules.zone, platforms)]
    caps = [cap for platform in sorted(platforms) for cap in rules.caps.get(platform, ()) if cap.binds]
    return [*found, *map(_of_platform, caps)]


def longest_window(found: Sequence[Limit]) -> timedelta:
    """How far before and after a time others may count with it."""
    return max((limit.length for limit in found), default=timedelta())


def least_distance(rules: BrandRules, platform: Platform) -> timedelta:
    """How far apart the posts of a lane stand at least."""
    distances = (limit.length for limit in limits(rules, {platform}) if limit.rule is RuleKind.MIN_GAP)
    return max(distances, default=timedelta())


def company(limit: Limit, instants: Sequence[datetime]) -> Sequence[Sequence[int]]:
    """For each of these ascending instants, the positions of those, it among them, that stand together with it in the
    fullest window that holds it."""
    if isinstance(limit.window, Rolling):
        return _fullest(instants, limit.window.length)
    return _by_day(instants, limit.window.zone)


def _fullest(instants: Sequence[datetime], length: timedelta) -> Sequence[range]:
    ends: list[int] = []
    best: deque[int] = deque()  # starts of stretches, the fullest first
    found: list[range] = []
    end = 0
    for nth, instant in enumerate(instants):
        while end < len(instants) and instants[end] - instant < length:
            end += 1
        ends.append(end)
        while best and ends[best[-1]] - best[-1] < end - nth:
            best.pop()
        best.append(nth)
        while instant - instants[best[0]] >= length:
            best.popleft()
        found.append(range(best[0], ends[best[0]]))
    return found


def _by_day(instants: Sequence[datetime], zone: str) -> Sequence[Sequence[int]]:
    days: defaultdict[date, list[int]] = defaultdict(list)
    for nth, instant in enumerate(instants):
        days[local_day(instant, zone)].append(nth)
    return [days[local_day(instant, zone)] for instant in instants]


def _limits_of(rule: Rule, zone: str, platforms: Collection[Platform]) -> Iterator[Limit]:
    match rule:
        case MinGap():
            posts, window = 1, Rolling(timedelta(minutes=rule.minutes))
        case DailyCap():
            posts, window = rule.posts, CalendarDay(zone)
        case RollingCap():
            posts, window = rule.posts, Rolling(timedelta(hours=rule.hours))
        case _:
            return
    concerned = sorted(rule.platforms & set(platforms))
    groups = [rule.platforms] if rule.across_platforms and concerned else [frozenset({each}) for each in concerned]
    for group in groups:
        yield Limit(rule=rule.kind, platforms=group, posts=posts, window=window)


def _of_platform(cap: PlatformCap) -> Limit:
    return Limit(
        rule=RuleKind.PLATFORM_CAP, platforms=frozenset({cap.platform}), posts=cap.limit, window=cap.window, cap=cap
    )
