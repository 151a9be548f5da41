"""An instruction in words as closed fields, each of which can only tighten a rule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeVar

from marketmind_scheduler.domain.agent.decoding import Choices, Undecodable
from marketmind_scheduler.domain.rules.policy import Weekday
from marketmind_scheduler.domain.rules.tightening import Patch

LONGEST_INSTRUCTION = 2_000
UNCHANGED = "unchanged"
_ONE_DAY = timedelta(days=1)

T = TypeVar("T")


class Aim(StrEnum):
    LAUNCH = "launch"  # early and close together
    STEADY = "steady"  # evenly, all the time
    EVERGREEN = "evergreen"  # whenever it is worth most


class Covers(StrEnum):
    """How much of the words the other fields say."""

    ALL = "all"
    PART = "part"
    NOTHING = "nothing"


class Wish(StrEnum):
    KEEP = "keep"
    AVOID = "avoid"


_WEEKDAYS: Mapping[str, Weekday] = {
    "monday": Weekday.MO,
    "tuesday": Weekday.TU,
    "wednesday": Weekday.WE,
    "thursday": Weekday.TH,
    "friday": Weekday.FR,
    "saturday": Weekday.SA,
    "sunday": Weekday.SU,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What was understood; None and nothing: the words do not speak of it. Hours are those of the brand's wall clock,
    0 to 23; days are calendar days of the campaign."""

    aim: Aim | None = None
    quiet: tuple[int, int] | None = None
    most_per_day: int | None = None
    least_gap_hours: int | None = None
    avoided: frozenset[Weekday] = frozenset()
    kept: frozenset[Weekday] = frozenset()
    first_day: date | None = None
    last_day: date | None = None
    covers: Covers = Covers.ALL

    @property
    def says_nothing(self) -> bool:
        """Whether it leaves the whole wish unsaid: the words are no instruction about times, or no field speaks of
        them, whatever ``covers`` says."""
        return self.covers is Covers.NOTHING or self == Intent()

    @property
    def patch(self) -> Patch:
        return Patch(
            quiet=self.quiet,
            most_per_day=self.most_per_day,
            least_gap_hours=self.least_gap_hours,
            avoided=self.avoided,
            first_day=self.first_day,
            last_day=self.last_day,
        )


def intent_choices(days: int) -> Choices:
    """What may be answered for a campaign of so many days, the last field last: it is about the others."""
    offsets = _numbers(0, days - 1)
    return {
        "emphasis": (UNCHANGED, *Aim),
        "quiet_from": _numbers(0, 23),
        "quiet_to": _numbers(0, 23),
        "most_per_day": _numbers(1, 10),
        "least_gap_hours": _numbers(0, 48),
        **dict.fromkeys(_WEEKDAYS, (UNCHANGED, *Wish)),
        "first_day": offsets,
        "last_day": offsets,
        "covers": tuple(Covers),
    }


def intent_of(said: Mapping[str, str], first_day: date) -> Intent:
    """The intent of a decoded reply about a campaign that begins on this day. Raises Undecodable where two fields
    contradict each other."""
    begin, end = _number(said["quiet_from"]), _number(said["quiet_to"])
    first, last = _number(said["first_day"]), _number(said["last_day"])
    wrong = [
        *(["quiet_hours_need_both_ends"] if (begin is None) != (end is None) else []),
        *(["quiet_hours_are_empty"] if begin is not None and begin == end else []),
        *(["last_day_before_first_day"] if first is not None and last is not None and last < first else []),
    ]
    if wrong:
        raise Undecodable(*wrong)
    return Intent(
        aim=None if said["emphasis"] == UNCHANGED else Aim(said["emphasis"]),
        quiet=None if begin is None or end is None else (begin, end),
        most_per_day=_number(said["most_per_day"]),
        least_gap_hours=_number(said["least_gap_hours"]),
        avoided=_weekdays(said, Wish.AVOID),
        kept=_weekdays(said, Wish.KEEP),
        first_day=None if first is None else first_day + first * _ONE_DAY,
        last_day=None if last is None else first_day + last * _ONE_DAY,
        covers=Covers(said["covers"]),
    )


def _numbers(least: int, most: int) -> Sequence[str]:
    return (UNCHANGED, *map(str, range(least, most + 1)))


def _number(said: str) -> int | None:
    return None if said == UNCHANGED else int(said)


def _weekdays(said: Mapping[str, str], wish: Wish) -> frozenset[Weekday]:
    return frozenset(weekday for name, weekday in _WEEKDAYS.items() if said[name] == wish)
