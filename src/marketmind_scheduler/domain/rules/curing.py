"""What to do where a time is not open."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules import saying
from marketmind_scheduler.domain.rules.caps import Grade
from marketmind_scheduler.domain.rules.limits import Limit
from marketmind_scheduler.domain.rules.nearest import WITHIN, nearest_open
from marketmind_scheduler.domain.rules.openness import lead, too_soon
from marketmind_scheduler.domain.rules.policy import RuleKind
from marketmind_scheduler.domain.rules.violations import BrandRules
from marketmind_scheduler.domain.wall_clock import wall_time

Counting = Sequence[tuple[Limit, Sequence[datetime]]]
Nearest = tuple[datetime | None, datetime | None]


def cure(
    at: datetime, platform: Platform, rules: BrandRules, counted: Counting, nearest: Nearest, *, now: datetime
) -> str:
    """The closest open times. Where there are none, whatever leaves none by itself, and how that is changed."""
    open_times = [saying.wall(each) for each in nearest if each]
    if open_times:
        return f"the closest open {'time is' if len(open_times) == 1 else 'times are'} {' and '.join(open_times)}"
    return f"no time within two weeks is open: {'; '.join(_closing(at, platform, rules, counted, now)) or _all(rules)}"


def loosening(limit: Limit, brand_id: UUID) -> str:
    """Which limit it is that is in the way, and how it is changed."""
    cap, leaves = limit.cap, "leaves no room" if limit.posts else "allows none"
    if cap is None:
        return f"the {limit.rule} of {saying.at_most(limit)} {leaves}; change it with PUT /brands/{brand_id}/policy"
    allowed = f"{saying.at_most(replace(limit, posts=cap.limit))} on {cap.platform}"
    own = f"/brands/{brand_id}/platform-caps/{cap.platform}"
    if cap.grade is Grade.BRAND:
        return f"the brand's own cap of {allowed} {leaves}; change it with PUT {own}, or take it back with DELETE"
    return f"the platform's cap of {allowed} {leaves}; set one of the brand's own with PUT {own}"


def _closing(at: datetime, platform: Platform, rules: BrandRules, counted: Counting, now: datetime) -> Iterator[str]:
    brand_id = rules.policy.brand_id
    if rule := too_soon(at + WITHIN, platform, rules.policy, now=now):
        earliest = saying.wall(wall_time(now + lead(rule), rules.zone))
        yield f"the lead_time of {saying.minutes(rule.minutes)} asks for {earliest} or later"
    hours = replace(rules, policy=rules.policy.without({RuleKind.LEAD_TIME}))
    if nearest_open(at, platform, hours, (), now=now) == (None, None):
        yield f"the hours and days of the policy leave none; change it with PUT /brands/{brand_id}/policy"
    bare = replace(rules, policy=replace(rules.policy, rules=()))
    for limit, others in counted:
        if nearest_open(at, platform, bare, [(limit, others)], now=now) == (None, None):
            yield loosening(limit, brand_id)


def _all(rules: BrandRules) -> str:
    return (
        f"all rules together leave none; change one of them with PUT /brands/{rules.policy.brand_id}/policy, or move "
        "what stands in the way"
    )
