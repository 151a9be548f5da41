"""Reads the text of a time, piece by piece: date, T, time of day, offset, suffixes in brackets.

Read are the forms of RFC 3339 and RFC 9557 that leave no doubt, and the same without an offset. Whatever else is
refused with the piece at which it went wrong, and with what to write there.
"""

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from unicodedata import category, decimal

from marketmind_scheduler.domain.errors import BeyondHorizon, TimeInPast, UnreadableTime
from marketmind_scheduler.domain.quoting import quoted
from marketmind_scheduler.domain.time_habits import (
    AFTER_CLOCK,
    AFTER_OFFSET,
    CLOCKS,
    DATES,
    SAMPLE,
    SEPARATORS,
    Habit,
)

_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?![0-9])")
_T = re.compile("[Tt]")
_CLOCK = re.compile(r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?(?![0-9])")
_OFFSET = re.compile(r"[Zz]|[+-][0-9]{2}:[0-9]{2}(?![0-9:])")
_SUFFIX = re.compile(r"\[(!?)([^\[\]]*)\]")
_TAG = re.compile(r"([a-z_][a-z0-9_-]*)=([A-Za-z0-9]+(?:-[A-Za-z0-9]+)*)")
_ZONE = re.compile(r"[A-Za-z_][A-Za-z0-9_+/ .,&()'-]*")  # Windows' names too, for the hint that they get
_UNDERSTOOD = frozenset({("u-ca", "iso8601"), ("u-ca", "gregory")})
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_LONGEST_PIECE = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What the text says. ``is_utc`` says that its offset tells nothing of a place: ``Z``, or ``-00:00``."""

    local_time: datetime
    offset: timedelta | None
    is_utc: bool
    zone: str | None


def read_written(text: str, *, sample: str = SAMPLE) -> Written:
    """Raises UnreadableTime, with ``sample`` as what to write; TimeInPast and BeyondHorizon for years outside 1970 to
    2199."""
    reader = _Reader(text, sample)
    year, month, day = reader.year_month_day(f"a date is needed here; write {SAMPLE}")
    _check_year(text, year)
    on = reader.calendar_date(year, month, day)
    reader.separator()
    local_time = datetime.combine(on, reader.clock())
    named = reader.offset()
    zone = reader.suffixes(named)
    offset = None if named is None else _distance(named)
    return Written(local_time=local_time, offset=offset, is_utc=named in ("Z", "z", "-00:00"), zone=zone)


def read_date(text: str) -> date:
    """Read a calendar date, ``YYYY-MM-DD`` and nothing more; raises UnreadableTime."""
    reader = _Reader(text)
    year, month, day = reader.year_month_day("a calendar date is needed here; write YYYY-MM-DD")
    reader.end("a calendar date alone is needed here; write YYYY-MM-DD and nothing behind it")
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise UnreadableTime(text, f"the year must be {_FIRST_YEAR} to {_LAST_YEAR}")
    return reader.calendar_date(year, month, day)


class _Reader:
    """A text and how far it has been read. Each method reads one piece, or raises UnreadableTime."""

    def __init__(self, text: str, sample: str = SAMPLE) -> None:
        self._text = text
        self._sample = sample
        self._at = 0
        self._check_characters()

    def year_month_day(self, otherwise: str) -> tuple[int, int, int]:
        """Year, month and day, as the digits have it."""
        found = self._read(_DATE, DATES, otherwise)
        return int(found[1]), int(found[2]), int(found[3])

    def calendar_date(self, year: int, month: int, day: int) -> date:
        if not 1 <= month <= 12:
            raise self._refused(f"{year:04}-{month:02}", f"there is no month {month:02}; months are 01 to 12")
        last = monthrange(year, month)[1]
        if not 1 <= day <= last:
            raise self._refused(f"{year:04}-{month:02}-{day:02}", f"that month has the days 01 to {last}")
        return date(year, month, day)

    def separator(self) -> None:
        self._read(_T, SEPARATORS, f"the time of day is missing; write {SAMPLE}")

    def clock(self) -> time:
        found = self._read(_CLOCK, CLOCKS, "the time of day is needed here; write hours and minutes such as 19:00")
        hour, minute, second = (int(digits or 0) for digits in found.group(1, 2, 3))
        if hour == 24:
            raise self._refused(found[0], "a day ends at 23:59:59; write 00:00 of the next day")
        if hour > 23 or minute > 59:
            raise self._refused(found[0], "hours are 00 to 23, minutes 00 to 59")
        if second == 60:
            raise self._refused(found[0], "leap seconds are not kept; write :59, or :00 of the next minute")
        if second > 60:
            raise self._refused(found[0], "seconds are 00 to 59")
        return time(hour, minute, second, self._microsecond(found[4] or ""))

    def offset(self) -> str | None:
        """``Z`` or ``±HH:MM``, where there is one."""
        found = _OFFSET.match(self._text, self._at)
        if found is None:
            if self._rest and not self._rest.startswith("["):
                raise self._unread(AFTER_CLOCK, "the time ends here; write nothing behind it, or Z, an offset, [Zone]")
            return None
        if found[0] not in ("Z", "z") and (int(found[0][1:3]) > 23 or int(found[0][4:]) > 59):
            raise self._refused(found[0], "an offset is between -23:59 and +23:59")
        self._at = found.end()
        if self._rest and not self._rest.startswith("["):
            raise self._unread(AFTER_OFFSET, "the time ends here; write nothing behind the offset, or [Zone]")
        return found[0]

    def suffixes(self, offset: str | None) -> str | None:
        """The zone, where one is named. Tags say nothing that is needed here (RFC 9557, section 3.3)."""
        zone: str | None = None
        criticals: dict[str, bool] = {}
        for nth, (piece, mark, content) in enumerate(self._bracketed()):
            if tag := _TAG.fullmatch(content):
                self._check_tag(piece, tag, is_critical=bool(mark), criticals=criticals)
            elif _TAG.fullmatch(content.lower()):
                raise self._refused(piece, f"keys of tags are written small; write {piece.lower()}")
            elif nth > 0:
                raise self._refused(piece, "one zone may be named, before whatever else stands in brackets")
            elif _OFFSET.fullmatch(content):
                self._check_same_offset(piece, content, offset)
            elif _ZONE.fullmatch(content):
                zone = content
            else:
                raise self._refused(piece, "write the id of a zone in the brackets, such as [America/Los_Angeles]")
        return zone

    def end(self, cure: str) -> None:
        if self._rest:
            raise self._refused(self._rest, cure)

    @property
    def _rest(self) -> str:
        return self._text[self._at :]

    def _read(self, pattern: re.Pattern[str], habits: Sequence[Habit], otherwise: str) -> re.Match[str]:
        if not (found := pattern.match(self._text, self._at)):
            raise self._unread(habits, otherwise)
        self._at = found.end()
        return found

    def _unread(self, habits: Sequence[Habit], otherwise: str) -> UnreadableTime:
        for pattern, cure in habits:
            if found := pattern.match(self._text, self._at):
                return self._refused(found[0], found.expand(cure))
        return self._refused(self._rest, otherwise)

    def _refused(self, piece: str, cure: str) -> UnreadableTime:
        cure = re.sub(f"{SAMPLE}(?!Z)", self._sample, cure)
        if not piece:
            return UnreadableTime(self._text, f"at its end, {cure}" if self._text else cure)
        shown = piece if len(piece) <= _LONGEST_PIECE else f"{piece[:_LONGEST_PIECE]}…"
        return UnreadableTime(self._text, f"at {quoted(shown)}, {cure}")

    def _bracketed(self) -> Sequence[tuple[str, str, str]]:
        """Each suffix as a whole, its ``!``, and what it holds."""
        found: list[tuple[str, str, str]] = []
        while self._rest:
            if not (suffix := _SUFFIX.match(self._text, self._at)):
                is_open = self._rest.startswith("[")
                raise self._refused(self._rest, "close the bracket with ]" if is_open else "write nothing behind the ]")
            found.append((suffix[0], suffix[1], suffix[2]))
            self._at = suffix.end()
        return found

    def _check_tag(self, piece: str, tag: re.Match[str], *, is_critical: bool, criticals: dict[str, bool]) -> None:
        key, value = tag.groups()
        if key.startswith("_"):
            raise self._refused(piece, "keys that begin with _ are for experiments; leave it out")
        if is_critical and (key, value.lower()) not in _UNDERSTOOD:
            raise self._refused(piece, f"the ! asks that {key}={value} is understood, and it is not; leave it out")
        if key in criticals and (is_critical or criticals[key]):
            raise self._refused(piece, f"{key} is said twice, and its ! asks for certainty; say it once")
        criticals.setdefault(key, is_critical)

    def _check_same_offset(self, piece: str, content: str, offset: str | None) -> None:
        if content in ("Z", "z"):
            raise self._refused(piece, "write Z without brackets, or [Etc/UTC]")
        if offset is None:
            raise self._refused(piece, f"write the offset without brackets, {content}")
        if offset not in ("Z", "z", "-00:00") and _distance(content) != _distance(offset):
            raise self._refused(piece, f"the offset before it says {offset}; say one of them")

    def _microsecond(self, digits: str) -> int:
        if digits[6:].strip("0"):
            raise self._refused(f".{digits}", "six digits of a second at most, and zeros behind them")
        return int(digits[:6].ljust(6, "0"))

    def _check_characters(self) -> None:
        for nth, character in enumerate(self._text):
            if not " " <= character <= "~":
                raise self._refused(character, f"which is character {nth + 1}, {_cure_of(character)}")


def _cure_of(character: str) -> str:
    digit = decimal(character, None)
    if digit is not None:
        return f"write the digit {digit} of ASCII"
    if category(character) == "Pd" or character == "\u2212":
        return "write a hyphen of ASCII, -"
    if character.isspace():
        return "a time has no space in it; take it out"
    return "write only letters, digits and signs of ASCII"


def _check_year(text: str, year: int) -> None:
    if year < _FIRST_YEAR:
        raise TimeInPast(text, earliest=datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC))
    if year > _LAST_YEAR:
        raise BeyondHorizon(text, latest=datetime(_LAST_YEAR, 12, 31, tzinfo=UTC))


def _distance(offset: str) -> timedelta:
    """The distance from UTC that ``Z`` or ``±HH:MM`` names."""
    if offset in ("Z", "z"):
        return timedelta()
    distance = timedelta(hours=int(offset[1:3]), minutes=int(offset[4:]))
    return -distance if offset[0] == "-" else distance
