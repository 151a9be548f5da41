"""What an answer is worth beside the right one: exact, safe because it is stricter or asks back, or wrong."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from marketmind_scheduler.domain.agent.intent import Covers, Intent

_DAY = 24


class Worth(StrEnum):
    EXACT = "exact"
    SAFE = "safe"
    WRONG = "wrong"


def worth_of_fields(right: Intent, found: Intent) -> Mapping[str, Worth]:
    """Of each field by itself."""
    return {field: _worth(get(right), get(found), is_safe(right, found)) for field, (get, is_safe) in _FIELDS.items()}


def worth_of(right: Intent, found: Intent | None) -> Worth:
    """Of the whole. What was not understood, and what says that it is not all, is asked back: nothing is committed
    before its giver has agreed."""
    if found is None:
        return Worth.SAFE
    each = set(worth_of_fields(right, found).values())
    if each == {Worth.EXACT}:
        return Worth.EXACT
    is_asked_back = found.says_nothing or found.covers is Covers.PART
    return Worth.WRONG if Worth.WRONG in each and not is_asked_back else Worth.SAFE


def _worth(right: object, found: object, is_safe: bool) -> Worth:  # noqa: FBT001
    if right == found:
        return Worth.EXACT
    return Worth.SAFE if is_safe else Worth.WRONG


def _closed(quiet: tuple[int, int] | None) -> frozenset[int]:
    if quiet is None:
        return frozenset()
    begin, end = quiet
    return frozenset((begin + nth) % _DAY for nth in range((end - begin) % _DAY or _DAY))


def _at_most(right: int | None, found: int | None) -> bool:
    return found is not None and (right is None or found <= right)


def _ordinal(intent: Intent) -> tuple[int | None, int | None]:
    first, last = intent.first_day, intent.last_day
    return first and -first.toordinal(), last and last.toordinal()


_FIELDS: Mapping[str, tuple[Callable[[Intent], object], Callable[[Intent, Intent], bool]]] = {
    "emphasis": (lambda intent: intent.aim, lambda _right, _found: False),
    "quiet hours": (lambda intent: intent.quiet, lambda right, found: _closed(found.quiet) > _closed(right.quiet)),
    "most per day": (
        lambda intent: intent.most_per_day,
        lambda right, found: _at_most(right.most_per_day, found.most_per_day),
    ),
    "least gap": (
        lambda intent: intent.least_gap_hours,
        lambda right, found: (found.least_gap_hours or 0) >= (right.least_gap_hours or 0),
    ),
    "weekdays avoided": (lambda intent: intent.avoided, lambda right, found: found.avoided > right.avoided),
    "weekdays kept": (lambda intent: intent.kept, lambda _right, _found: False),
    "first day": (
        lambda intent: intent.first_day,
        lambda right, found: _at_most(_ordinal(right)[0], _ordinal(found)[0]),
    ),
    "last day": (
        lambda intent: intent.last_day,
        lambda right, found: _at_most(_ordinal(right)[1], _ordinal(found)[1]),
    ),
    "covers": (lambda intent: intent.covers, lambda _right, found: found.covers is not Covers.ALL),
}
