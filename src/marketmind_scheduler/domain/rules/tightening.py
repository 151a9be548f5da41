"""What an instruction in words adds to a brand's rules. It is only ever added, so nothing that was closed opens."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, time

from marketmind_scheduler.domain.rules.policy import DailyCap, MinGap, QuietHours, Rule, Weekday
from marketmind_scheduler.domain.rules.violations import BrandRules

MIDNIGHT = time()


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """Rules for one plan beside the brand's own. ``quiet`` are the hours of the wall clock from which and until before
    which nothing goes out; ``most_per_day`` and ``least_gap_hours`` are of each platform by itself; nothing goes out on
    the weekdays in ``avoided``, before ``first_day`` or behind ``last_day``, in the brand's zone."""

    quiet: tuple[int, int] | None = None
    most_per_day: int | None = None
    least_gap_hours: int | None = None
    avoided: frozenset[Weekday] = frozenset()
    first_day: date | None = None
    last_day: date | None = None

    def rules(self) -> Sequence[Rule]:
        found: list[Rule] = []
        if self.quiet is not None:
            begin, end = self.quiet
            found.append(QuietHours(begin=time(begin), end=time(end)))
        if self.avoided:
            found.append(QuietHours(begin=MIDNIGHT, end=MIDNIGHT, weekdays=self.avoided))
        if self.most_per_day is not None:
            found.append(DailyCap(posts=self.most_per_day))
        if self.least_gap_hours:
            found.append(MinGap(minutes=60 * self.least_gap_hours))
        return found

    def added_to(self, rules: BrandRules) -> BrandRules:
        """The brand's rules and these: quiet hours add up, and of caps and gaps the strictest holds."""
        return replace(rules, policy=replace(rules.policy, rules=(*rules.policy.rules, *self.rules())))

    def within(self, first: date, last: date) -> tuple[date, date]:
        """Those of these days, both included, that are left; none where the first is behind the last."""
        return max(first, self.first_day or first), min(last, self.last_day or last)


UNCHANGED = Patch()
