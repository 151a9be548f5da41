r"""How other systems write times, and what to write in their place.

For each place of a text: what may be found there, tried from the first to the last, and the cure; ``\1`` is what the
first group found.
"""

import re
from collections.abc import Sequence
from typing import TypeAlias

Habit: TypeAlias = tuple[re.Pattern[str], str]

SAMPLE = "2027-03-17T19:00:00"


def _habits(*listed: tuple[str, str]) -> Sequence[Habit]:
    return [(re.compile(pattern), cure) for pattern, cure in listed]


_SPACE_BEFORE = (r" +$", "a time has no space behind it; take it away")
_AND_OFFSET = r"(Z?)(?![0-9+-])"

DATES = _habits(
    (r" +", "a time has no space before it; take it away"),
    (rf"(\d{{4}})(\d\d)(\d\d)[Tt](\d\d)(\d\d)(\d\d){_AND_OFFSET}.*", r"write \1-\2-\3T\4:\5:\6\7"),
    (rf"(\d{{4}})(\d\d)(\d\d)[Tt](\d\d)(\d\d){_AND_OFFSET}.*", r"write \1-\2-\3T\4:\5\6"),
    (r"(\d{4})(\d\d)(\d\d)(?!\d)", r"write \1-\2-\3"),
    (r"-?\d{9,}(?:\.\d+)?$", f"a count of seconds since 1970 is not read; write the time such as {SAMPLE}Z"),
    (r"\d{4}-?W\d\d.*", "a week date is not read; write year, month and day such as 2027-03-17"),
    (r"\d{4}-?\d{3}(?!\d)", "a day of the year is not read; write year, month and day such as 2027-03-17"),
    (r"(\d{4})[/.](\d\d)[/.](\d\d)(?!\d)", r"write \1-\2-\3"),
    (r"\d{1,4}[/.]\d{1,2}[/.]\d{1,4}", "write the year first and hyphens between, such as 2027-03-17"),
    (r"[+-]\d+", "write a year of four digits, without a sign"),
    (r"\d{2}-\d{1,2}-\d{4}", "write the year first, such as 2027-03-17"),
    (r"\d{2}-\d{1,2}-\d{1,2}(?!\d)", "write all four digits of the year"),
    (r"\d{4}-\d{1,2}-\d{1,2}(?!\d)", "write two digits for the month and for the day"),
    (r"\d{5,}-", "write a year of four digits"),
    (r"\d{4}-\d\d$", "the day is missing; write year, month and day such as 2027-03-17"),
    (r"\d\d:\d\d", f"the date is missing; write {SAMPLE}"),
    (r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|[A-Z][a-z]{2} \d)", f"names of days and months are not read; write {SAMPLE}"),
)
SEPARATORS = _habits(
    (r" +\d\d:\d\d", "write T between the date and the time of day"),
    _SPACE_BEFORE,
    (r"[ _-]", "write T between the date and the time of day"),
)
CLOCKS = _habits(
    (r"(\d\d)(\d\d)(\d\d)(?!\d)", r"write \1:\2:\3"),
    (r"(\d\d)(\d\d)(?!\d)", r"write \1:\2"),
    (r"(\d):(\d\d)", r"write two digits for the hour, 0\1:\2"),
    (r"(\d\d)(?!\d|:)", r"the minutes are missing; write \1:00"),
    (r"\d\d:\d(?!\d)", "write two digits for the minute"),
)
_OFFSETS = (
    (r"([+-]\d\d)(\d\d)(?![\d:])", r"write \1:\2"),
    (r"([+-]\d\d)(?![\d:])", r"write \1:00"),
    (r"([+-])(\d):(\d\d)(?!\d)", r"write \g<1>0\2:\3"),
    (r"([+-]\d\d:\d\d):\d\d", r"an offset has no seconds; write \1"),
    (r" (\d\d:\d\d)(?!\d)", r"write +\1; in a URL, write + as %2B"),
    (r" ([Zz]|[+-]\d\d:\d\d)", r"write \1 without a space before it"),
    (r" *(?:UTC|GMT)([+-]\d\d:\d\d)$", r"write \1"),
    (r" *(?:UTC|GMT)(?![A-Za-z+-])", "write Z"),
)
_ZONES = (
    (r" (\[.*)", r"write \1 without a space before it"),
    (r" *([A-Z][A-Za-z_]+(?:/[A-Za-z0-9_+-]+){1,2})$", r"write a zone in brackets, [\1]"),
    (r" *[A-Z]{2,5}$", "an abbreviation names no one zone; write an offset, or a zone such as [America/Los_Angeles]"),
    _SPACE_BEFORE,
)
AFTER_CLOCK = _habits(
    (r",(\d+)", r"write a full stop before a fraction, .\1"),
    (r"\.\d+", "a fraction stands behind seconds; write them too, such as :30"),
    (r"\.", "a fraction needs digits; write them, or leave the full stop out"),
    (r":\d?(?!\d)", "write two digits for the second"),
    (r" *[AaPp]\.?[Mm]\.?", "hours are 00 to 23; write 19:00 for 7 PM"),
    *_OFFSETS,
    *_ZONES,
)
AFTER_OFFSET = _habits(
    (r"[Zz+-].*", "one offset is enough; write Z or an offset, not both"),
    *_ZONES,
)
