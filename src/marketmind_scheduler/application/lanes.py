"""The one question that everybody asks who makes or moves schedules: may they stand there?

A door locks the lanes that it leads into, says when its posts are to stand, and asks before it stores.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from marketmind_scheduler.domain.errors import PolicyViolated
from marketmind_scheduler.domain.lanes import Lane
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.judging import breaking, violations
from marketmind_scheduler.domain.rules.limits import limits, longest_window
from marketmind_scheduler.domain.rules.nearest import WITHIN
from marketmind_scheduler.domain.rules.violations import BrandRules, Occupied, Violation, Wanted
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.ports.storage import UnitOfWork
from marketmind_scheduler.unhurried import aside, unhurried


async def lock_lanes(work: UnitOfWork, lanes: Iterable[Lane]) -> Mapping[UUID, BrandRules]:
    """Let nobody else into these lanes until the unit of work ends; return the rules of their brands. Lock posts
    before, brands and schedules afterwards."""
    platforms: defaultdict[UUID, set[Platform]] = defaultdict(set)
    for brand_id, platform in lanes:
        platforms[brand_id].add(platform)
    return await work.lanes.lock(platforms)


async def check_lanes(
    work: UnitOfWork, rules: Mapping[UUID, BrandRules], schedules: Sequence[Schedule], *, now: datetime
) -> None:
    """Whether these schedules may stand at their times, on lanes that are locked, instead of where they stand so far.
    Raises PolicyViolated; LostRace where the rules have changed since they were read."""
    if told := await broken_on(work, rules, schedules, now=now):
        raise PolicyViolated([each.sentence for each in told], [each.told() for each in told])


async def broken_on(
    work: UnitOfWork, rules: Mapping[UUID, BrandRules], schedules: Sequence[Schedule], *, now: datetime
) -> Sequence[Violation]:
    """What ``check_lanes`` would raise PolicyViolated for."""
    told: list[Violation] = []
    for brand_id, of_brand in rules.items():
        own = [each for each in schedules if each.brand_id == brand_id]
        told += await _violations(work, of_brand, own, now) if own else ()
    return told


async def _violations(
    work: UnitOfWork, rules: BrandRules, schedules: Sequence[Schedule], now: datetime
) -> Sequence[Violation]:
    wanted = [
        Wanted(post_id=each.post_id, platform=each.platform, publish_time=each.publish_time)
        async for each in unhurried(schedules)
    ]
    ids = [each.schedule_id for each in schedules]
    overridden = {each.post_id: each.overridden for each in schedules}
    occupied = await occupied_beside(work, rules, wanted, besides=ids)
    broken = await aside(partial(breaking, wanted, occupied, rules, now=now), len(wanted))
    if all(overridden[post_id].issuperset(kinds) for post_id, kinds in broken.items()):
        return ()
    around = await occupied_beside(work, rules, wanted, besides=ids, beyond=WITHIN)
    told = await aside(partial(violations, wanted, around, rules, now=now), len(wanted))
    return [each for each in told if each.rule not in overridden[each.post_id]]


async def occupied_beside(
    work: UnitOfWork,
    rules: BrandRules,
    wanted: Sequence[Wanted],
    *,
    besides: Collection[UUID],
    beyond: timedelta = timedelta(),
) -> Sequence[Occupied]:
    """What stands beside these as far as a window of theirs reaches, and ``beyond``."""
    counting = limits(rules, {each.platform for each in wanted})
    reach = longest_window(counting) + beyond
    times = [each.publish_time for each in wanted]
    return await work.lanes.occupied(
        rules,
        platforms=frozenset(platform for limit in counting for platform in limit.platforms),
        begin=min(times) - reach,
        end=max(times) + reach,
        besides=besides,
    )
