"""The best plan of a small campaign as one finds it by trying every one, and what a plan breaks and is worth read word
by word.

It shares nothing with the solver, nor with how a campaign becomes problems of lanes: no slots, no seconds, no columns.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from uuid import UUID
from zoneinfo import ZoneInfo

from marketmind_scheduler.domain.planning.plan import Brief, Plan, PostToPlace
from marketmind_scheduler.domain.planning.problem import Objective
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.violations import Wanted
from tests.domain.rule_checker import broken, is_first

Times = Mapping[UUID, datetime]

_HALF_LIVES = {Platform.INSTAGRAM: 19, Platform.LINKEDIN: 24, Platform.YOUTUBE: 24}


def times_of(plan: Plan) -> Times:
    return {each.post.post_id: each.slot.publish_time for each in plan.placements}


def wrongs(brief: Brief, times: Times) -> Sequence[str]:
    """Everything that these times break."""
    posts = {post.post_id: post for post in brief.posts}
    wanted = [Wanted(post_id=each, platform=posts[each].platform, publish_time=at) for each, at in times.items()]
    rules = {
        f"{post_id} breaks {kind}" for post_id, kind in broken(wanted, brief.occupied, brief.binding, now=brief.now)
    }
    taken = [(posts[each].platform, at) for each, at in times.items()]
    taken += [(each.platform, each.publish_time) for each in brief.occupied]
    return sorted(
        [
            *rules,
            *(f"{each} is no time of the campaign" for each, at in times.items() if at not in all_times(brief)),
            *(f"{each} is outside its window" for each, at in times.items() if not _suits(posts[each], at)),
            *(f"{place} is taken twice" for place in set(taken) if taken.count(place) > 1),
        ]
    )


def worth(brief: Brief, platform: Platform, times: Times) -> int:
    """In weight times millionths, of the posts of one platform."""
    own = {post.post_id: post.weight for post in brief.posts if post.platform is platform and post.post_id in times}
    standing = [each.publish_time for each in brief.occupied if each.platform is platform]
    total = 0
    for post_id, weight in own.items():
        at, local = times[post_id], times[post_id].astimezone(ZoneInfo(brief.zone))
        value = brief.profile_of(platform).value(24 * local.weekday() + local.hour)
        before = [times[other] for other in own if times[other] < at] + [each for each in standing if each <= at]
        if brief.objective is Objective.OWN_POST_DECAY and before:
            value -= value * _lost(platform, at - max(before)) // 1_000_000
        total += weight * value
    return total


def value(brief: Brief, times: Times) -> int:
    """Of all platforms, in millionths of a usual post."""
    return sum(worth(brief, platform, times) // 1_000 for platform in {post.platform for post in brief.posts})


def best(brief: Brief) -> tuple[int, int]:
    """How many posts fit at most, and what so many are worth at most."""
    every = list(_all(brief, brief.posts, {}))
    most = max(map(len, every))
    return most, max(value(brief, times) for times in every if len(times) == most)


def all_times(brief: Brief) -> Sequence[datetime]:
    """Of the grid, on the campaign's days and ahead; of a wall time that happens twice the first."""
    return _all_times(brief.zone, brief.first_day, brief.last_day, brief.grid_minutes, brief.now)


@cache
def _all_times(zone: str, first_day: date, last_day: date, grid_minutes: int, now: datetime) -> Sequence[datetime]:
    begin = datetime.combine(first_day, time(), tzinfo=UTC) - timedelta(days=1)
    quarters = range(((last_day - first_day).days + 3) * 96)
    found: list[datetime] = []
    for at in (begin + timedelta(minutes=15 * nth) for nth in quarters):
        local = at.astimezone(ZoneInfo(zone))
        is_on_grid = local.minute % grid_minutes == 0 and first_day <= local.date() <= last_day
        if is_on_grid and at > now and is_first(at, zone):
            found.append(at)
    return found


def _all(brief: Brief, posts: Sequence[PostToPlace], begun: dict[UUID, datetime]) -> Iterator[Times]:
    """Every choice of times that breaks nothing. What breaks something with fewer posts does with more."""
    if not posts:
        yield dict(begun)
        return
    yield from _all(brief, posts[1:], begun)
    for at in all_times(brief):
        with_it = {**begun, posts[0].post_id: at}
        if not wrongs(brief, {posts[0].post_id: at}) and not wrongs(brief, with_it):
            yield from _all(brief, posts[1:], with_it)


def _suits(post: PostToPlace, at: datetime) -> bool:
    return (post.not_before is None or at >= post.not_before) and (post.not_after is None or at <= post.not_after)


def _lost(platform: Platform, since: timedelta) -> int:
    hours = Decimal(since // timedelta(seconds=1)) / 3_600
    fallen = 500_000 * (-hours / _HALF_LIVES.get(platform, 1)).exp()
    return int(fallen.quantize(Decimal(1), ROUND_HALF_UP))
