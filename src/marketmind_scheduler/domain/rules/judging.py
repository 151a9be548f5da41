"""Whether posts may stand at the instants that are wanted for them, beside what stands there already."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules import saying
from marketmind_scheduler.domain.rules.curing import Nearest, cure
from marketmind_scheduler.domain.rules.limits import Limit, company, limits
from marketmind_scheduler.domain.rules.nearest import nearest_open
from marketmind_scheduler.domain.rules.openness import closed_by, closings, too_soon
from marketmind_scheduler.domain.rules.policy import RuleKind
from marketmind_scheduler.domain.rules.violations import BrandRules, Occupied, Violation, Wanted
from marketmind_scheduler.domain.wall_clock import wall_time

MOST_WITH_NEAREST = 48
"""For so many posts the closest open times are looked for; of the others they are left out."""

_MOST_NAMED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class _Break:
    """One rule, and how one post breaks it."""

    rule: RuleKind
    limit: str
    observed: str
    words: str
    with_: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class _Crowd:
    """All that a limit counts, ascending."""

    limit: Limit
    entries: Sequence[Occupied | Wanted]

    def instants(self, *, without: Wanted | None = None) -> Sequence[datetime]:
        return [each.publish_time for each in self.entries if each is not without]


def violations(
    wanted: Sequence[Wanted],
    occupied: Sequence[Occupied],
    rules: BrandRules,
    *,
    now: datetime,
    override: Collection[RuleKind] = (),
) -> Sequence[Violation]:
    """Every rule that a wanted post would break, by publish time and post; empty where all of them may stand.

    ``occupied`` is what stands on the brand's lanes, as far as the longest window reaches on either side, without what
    stands there for the wanted posts themselves. What is broken without them is not told of. Rules of the kinds in
    ``override`` are passed over. The closest open times, under all other rules and beside all others, are those of the
    first MOST_WITH_NEAREST posts.
    """
    binding = rules.without(override)
    crowds = _crowds(wanted, occupied, binding)
    broken = _broken(wanted, crowds, binding, now)
    told: list[Violation] = []
    bad = sorted(
        (each for each in wanted if each.post_id in broken), key=lambda each: (each.publish_time, each.post_id)
    )
    for nth, each in enumerate(bad):
        nearest, instead = _instead(each, binding, crowds, now) if nth < MOST_WITH_NEAREST else ((None, None), None)
        told += [_violation(each, found, binding, nearest, instead) for found in broken[each.post_id]]
    return told


def is_open_alone(
    at: datetime, platform: Platform, rules: BrandRules, *, now: datetime, override: Collection[RuleKind] = ()
) -> bool:
    """Whether a post may stand there whatever else does: nothing counts it together with others, and nothing closes the
    time. Rules of the kinds in ``override`` are passed over."""
    binding = rules.without(override)
    return not limits(binding, {platform}) and closed_by(at, platform, binding, now=now) is None


def breaking(
    wanted: Sequence[Wanted], occupied: Sequence[Occupied], rules: BrandRules, *, now: datetime
) -> Mapping[UUID, Collection[RuleKind]]:
    """By post, the kinds of rules of which ``violations`` would tell, for those posts of which it would."""
    broken = _broken(wanted, _crowds(wanted, occupied, rules), rules, now)
    return {post_id: frozenset(each.rule for each in found) for post_id, found in broken.items()}


def _broken(
    wanted: Sequence[Wanted], crowds: Sequence[_Crowd], rules: BrandRules, now: datetime
) -> Mapping[UUID, Sequence[_Break]]:
    broken: defaultdict[UUID, list[_Break]] = defaultdict(list)
    for each in wanted:
        for found in _closed(each, rules, now):
            broken[each.post_id].append(found)
    for crowd in crowds:
        for each, found in _beyond(crowd):
            broken[each.post_id].append(found)
    return broken


def _crowds(wanted: Sequence[Wanted], occupied: Sequence[Occupied], rules: BrandRules) -> Sequence[_Crowd]:
    return [_crowd(limit, wanted, occupied) for limit in limits(rules, {each.platform for each in wanted})]


def _crowd(limit: Limit, wanted: Sequence[Wanted], occupied: Sequence[Occupied]) -> _Crowd:
    entries = [each for each in (*occupied, *wanted) if each.platform in limit.platforms]
    return _Crowd(limit, sorted(entries, key=lambda each: each.publish_time))


def _closed(each: Wanted, rules: BrandRules, now: datetime) -> Iterator[_Break]:
    for closed in closings(wall_time(each.publish_time, rules.zone), each.platform, rules.policy):
        limit = saying.hours_or_days(closed.rule, rules.policy.of(each.platform))
        observed = saying.wall(wall_time(each.publish_time, rules.zone))
        words = f"{saying.CLOSED_AS[closed.rule.kind]} {limit}"
        yield _Break(rule=closed.rule.kind, limit=limit, observed=observed, words=words)
    if rule := too_soon(each.publish_time, each.platform, rules.policy, now=now):
        limit, observed = saying.minutes(rule.minutes), saying.observed(max(timedelta(), each.publish_time - now))
        words = f"is {observed} ahead, and at least {limit} are needed"
        yield _Break(rule=rule.kind, limit=limit, observed=observed, words=words)


def _beyond(crowd: _Crowd) -> Iterator[tuple[Wanted, _Break]]:
    """The wanted posts that stand together with more than the limit allows."""
    together = company(crowd.limit, crowd.instants())
    for nth, each in enumerate(crowd.entries):
        if isinstance(each, Wanted) and len(together[nth]) > crowd.limit.posts:
            yield each, _too_many(crowd, nth, together[nth])


def _too_many(crowd: _Crowd, nth: int, together: Sequence[int]) -> _Break:
    limit, entries = crowd.limit, crowd.entries
    if limit.rule is RuleKind.MIN_GAP:
        together = _neighbours(entries, nth, limit.length)
        closest = min(abs(entries[other].publish_time - entries[nth].publish_time) for other in together)
        observed, than = saying.observed(closest), saying.at_most(limit)
        words = f"is {observed} from another post of {saying.those(limit.platforms)}, and at least {than} are needed"
    else:
        observed, than = saying.posts(len(together)), saying.at_most(limit)
        words = f"would be one of {observed} of {saying.those(limit.platforms)}, and at most {than} are allowed"
    beside = map(entries.__getitem__, together)
    holders = islice((other.holder_id for other in beside if isinstance(other, Occupied)), _MOST_NAMED)
    return _Break(rule=limit.rule, limit=than, observed=observed, words=words, with_=tuple(holders))


def _neighbours(entries: Sequence[Occupied | Wanted], nth: int, length: timedelta) -> Sequence[int]:
    """Those closer than ``length``, on both sides, up to a few."""
    at = entries[nth].publish_time
    before = range(nth - 1, max(-1, nth - _MOST_NAMED), -1)
    behind = range(nth + 1, min(len(entries), nth + _MOST_NAMED))
    near = [other for side in (before, behind) for other in side if abs(entries[other].publish_time - at) < length]
    return sorted(near)


def _instead(each: Wanted, rules: BrandRules, crowds: Sequence[_Crowd], now: datetime) -> tuple[Nearest, str]:
    """The closest open times, and what to do."""
    counted = [
        (crowd.limit, crowd.instants(without=each)) for crowd in crowds if each.platform in crowd.limit.platforms
    ]
    at, platform = each.publish_time, each.platform
    nearest = nearest_open(at, platform, rules, counted, now=now)
    return nearest, cure(at, platform, rules, counted, nearest, now=now)


def _violation(each: Wanted, found: _Break, rules: BrandRules, nearest: Nearest, instead: str | None) -> Violation:
    local_time = wall_time(each.publish_time, rules.zone)
    subject = f"post {each.post_id} at {saying.wall(local_time)} ({rules.zone}) {found.words}"
    return Violation(
        rule=found.rule,
        policy_version=rules.policy.version,
        post_id=each.post_id,
        platform=each.platform,
        publish_time=each.publish_time,
        local_time=local_time,
        limit=found.limit,
        observed=found.observed,
        sentence=f"{subject}; {instead}" if instead else subject,
        with_=found.with_,
        nearest=nearest,
    )
