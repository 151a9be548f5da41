"""Which texts are times, what each of them means, and what is refused rather than guessed."""

import re
from datetime import UTC, date

import pytest

from marketmind_scheduler.domain.errors import (
    BeyondHorizon,
    OffsetContradictsZone,
    TimeInPast,
    UnknownZone,
    UnreadableTime,
)
from marketmind_scheduler.domain.wall_clock import Disambiguation, Intent, IntentKind, Resolution
from marketmind_scheduler.domain.written_times import read_day, read_instant
from marketmind_scheduler.domain.zones import ZoneCatalog
from tests.domain.times import BRAND_ZONE, OffsetRow, instant, read, readings_of, rows_of, wall
from tests.loops import on_each

SAMPLE = rows_of(OffsetRow, "offset_sample.jsonl")
COMPATIBLE, EARLIER, LATER, REJECT = Disambiguation

on_each_sample_row = on_each("row", SAMPLE)


@on_each(
    ("text", "zone", "local_time", "meant_zone", "publish_time"),
    [
        ("2026-07-01T19:00", None, "2026-07-01T19:00", BRAND_ZONE, "2026-07-02T02:00Z"),
        ("2026-07-01T19:00", "Europe/Berlin", "2026-07-01T19:00", "Europe/Berlin", "2026-07-01T17:00Z"),
        ("2026-07-01T19:00[Europe/Berlin]", None, "2026-07-01T19:00", "Europe/Berlin", "2026-07-01T17:00Z"),
        ("2026-07-01T19:00[!Europe/Berlin]", None, "2026-07-01T19:00", "Europe/Berlin", "2026-07-01T17:00Z"),
        ("2026-07-01T19:00[Europe/Berlin]", "Europe/Berlin", "2026-07-01T19:00", "Europe/Berlin", "2026-07-01T17:00Z"),
        ("2026-07-01T19:00+02:00[Europe/Berlin]", None, "2026-07-01T19:00", "Europe/Berlin", "2026-07-01T17:00Z"),
        ("2026-07-01T19:00+02:00[!Europe/Berlin]", None, "2026-07-01T19:00", "Europe/Berlin", "2026-07-01T17:00Z"),
        ("2026-07-01T19:00+02:00", "Europe/Berlin", "2026-07-01T19:00", "Europe/Berlin", "2026-07-01T17:00Z"),
        ("2026-01-01T19:00+00:00[Europe/London]", None, "2026-01-01T19:00", "Europe/London", "2026-01-01T19:00Z"),
        ("2026-07-01T19:00:07", "UTC", "2026-07-01T19:00:07", "UTC", "2026-07-01T19:00:07Z"),
        ("2026-07-01T19:00:07.5", "UTC", "2026-07-01T19:00:07.5", "UTC", "2026-07-01T19:00:07.5Z"),
        ("2026-07-01T19:00:07.123456", "UTC", "2026-07-01T19:00:07.123456", "UTC", "2026-07-01T19:00:07.123456Z"),
        ("2026-07-01T19:00:07.1234560", "UTC", "2026-07-01T19:00:07.123456", "UTC", "2026-07-01T19:00:07.123456Z"),
        (f"2026-07-01T19:00:07.{'0' * 400}", "UTC", "2026-07-01T19:00:07", "UTC", "2026-07-01T19:00:07Z"),
        ("2026-07-01t19:00", "UTC", "2026-07-01T19:00", "UTC", "2026-07-01T19:00Z"),
        ("2026-07-01T19:00[u-ca=iso8601]", "UTC", "2026-07-01T19:00", "UTC", "2026-07-01T19:00Z"),
        ("2026-07-01T19:00[UTC][u-ca=gregory][x-1=a-b]", None, "2026-07-01T19:00", "UTC", "2026-07-01T19:00Z"),
        ("2028-02-29T00:00", "UTC", "2028-02-29T00:00", "UTC", "2028-02-29T00:00Z"),
        ("2026-07-01T19:00", "Europe/Kiev", "2026-07-01T19:00", "Europe/Kiev", "2026-07-01T16:00Z"),
        ("2026-07-01T19:00", "US/Pacific", "2026-07-01T19:00", "US/Pacific", "2026-07-02T02:00Z"),
        ("2026-07-01T19:00", "Etc/GMT+3", "2026-07-01T19:00", "Etc/GMT+3", "2026-07-01T22:00Z"),
        ("1970-01-01T00:00", "Pacific/Kiritimati", "1970-01-01T00:00", "Pacific/Kiritimati", "1970-01-01T10:40Z"),
        ("2199-12-31T23:59:59", "Etc/GMT+12", "2199-12-31T23:59:59", "Etc/GMT+12", "2200-01-01T11:59:59Z"),
    ],
)
def test_a_wall_time_is_read_in_its_zone_or_else_in_the_brands(
    zones: ZoneCatalog, text: str, zone: str | None, local_time: str, meant_zone: str, publish_time: str
) -> None:
    slot = read(text, zones, zone=zone)

    assert slot.publish_time == instant(publish_time)
    assert slot.intent == Intent(
        zone=meant_zone,
        local_time=wall(local_time),
        disambiguation=COMPATIBLE,
        resolution=Resolution.EXACT,
        tz_release=zones.release,
    )


@on_each(
    ("text", "zone", "shown_in", "publish_time"),
    [
        ("2026-07-01T17:00Z", None, BRAND_ZONE, "2026-07-01T17:00Z"),
        ("2026-07-01T19:00+02:00", None, BRAND_ZONE, "2026-07-01T17:00Z"),
        ("2026-07-01T19:00:00.25-05:30", None, BRAND_ZONE, "2026-07-02T00:30:00.25Z"),
        ("2026-07-01T19:00+23:59", None, BRAND_ZONE, "2026-06-30T19:01Z"),
        ("2026-07-01T19:00-23:59", None, BRAND_ZONE, "2026-07-02T18:59Z"),
        ("2026-07-01T17:00-00:00", None, BRAND_ZONE, "2026-07-01T17:00Z"),
        ("2026-07-01T17:00Z[Europe/Berlin]", None, "Europe/Berlin", "2026-07-01T17:00Z"),
        ("2026-07-01T17:00Z[!Europe/Berlin]", None, "Europe/Berlin", "2026-07-01T17:00Z"),
        ("2026-07-01T17:00Z", "Europe/Berlin", "Europe/Berlin", "2026-07-01T17:00Z"),
        ("2026-07-01T17:00-00:00[Europe/Berlin]", None, "Europe/Berlin", "2026-07-01T17:00Z"),
        ("2027-03-28T01:30Z[Europe/Berlin]", None, "Europe/Berlin", "2027-03-28T01:30Z"),
        ("2026-07-01T17:00:00.0000000Z", None, BRAND_ZONE, "2026-07-01T17:00Z"),
        ("2026-07-01T17:00:00.250000000Z", None, BRAND_ZONE, "2026-07-01T17:00:00.25Z"),
        ("2026-07-01t17:00:00z", None, BRAND_ZONE, "2026-07-01T17:00Z"),
        ("2026-07-01T17:00Z[u-ca=iso8601]", None, BRAND_ZONE, "2026-07-01T17:00Z"),
        ("2026-07-01T17:00Z[u-ca=hebrew][u-ca=chinese]", None, BRAND_ZONE, "2026-07-01T17:00Z"),
        ("2026-07-01T17:00Z[!u-ca=iso8601]", None, BRAND_ZONE, "2026-07-01T17:00Z"),
        ("2026-07-01T17:00Z[!u-ca=gregory]", None, BRAND_ZONE, "2026-07-01T17:00Z"),
        ("2026-07-01T17:00Z[Europe/Berlin][u-ca=gregory][knort=blargel]", None, "Europe/Berlin", "2026-07-01T17:00Z"),
        ("2026-07-01T19:00+02:00[+02:00]", None, BRAND_ZONE, "2026-07-01T17:00Z"),
        ("2026-07-01T19:00+02:00[!+02:00][u-ca=gregory]", None, BRAND_ZONE, "2026-07-01T17:00Z"),
        ("2026-07-01T17:00Z[+02:00]", None, BRAND_ZONE, "2026-07-01T17:00Z"),
    ],
)
def test_with_z_or_an_offset_alone_the_text_is_an_instant_and_the_zone_is_for_display(
    zones: ZoneCatalog, text: str, zone: str | None, shown_in: str, publish_time: str
) -> None:
    slot = read(text, zones, zone=zone, disambiguation=REJECT)

    assert slot.publish_time == instant(publish_time)
    assert slot.intent.kind is IntentKind.INSTANT
    assert slot.intent == Intent(
        zone=shown_in,
        local_time=None,
        disambiguation=None,
        resolution=Resolution.EXACT,
        tz_release=zones.release,
    )


@pytest.mark.parametrize("text", ["2026-07-01T17:00Z", "2026-07-01T17:00+00:00", "2026-07-01T19:00[Europe/Berlin]"])
def test_what_is_read_is_aware_and_utc(zones: ZoneCatalog, text: str) -> None:
    assert read(text, zones).publish_time.tzinfo is UTC


@on_each_sample_row
def test_an_offset_beside_a_zone_is_accepted_exactly_where_the_zone_uses_it(zones: ZoneCatalog, row: OffsetRow) -> None:
    try:
        outcome = ("accepted", [read(row.text, zones).publish_time])
    except OffsetContradictsZone as refused:
        outcome = ("refused", [reading["publish_time"] for reading in readings_of(refused)])

    by_both = [row.utc_by_offset, row.utc_by_zone]
    assert outcome == (("accepted", [row.utc_by_offset]) if row.consistent else ("refused", by_both))


@on_each_sample_row
def test_the_same_text_with_z_in_place_of_the_offset_is_an_instant(zones: ZoneCatalog, row: OffsetRow) -> None:
    slot = read(row.text.replace(f"{row.offset}[", "Z["), zones)

    assert slot.publish_time == row.local.replace(tzinfo=UTC)
    assert slot.intent.kind is IntentKind.INSTANT
    assert slot.intent.zone == row.zone


@pytest.mark.parametrize("asked", Disambiguation)
@pytest.mark.parametrize(
    ("offset", "picked", "resolution"),
    [("+02:00", EARLIER, Resolution.OVERLAP_EARLIER), ("+01:00", LATER, Resolution.OVERLAP_LATER)],
)
def test_in_an_overlap_the_offset_picks_the_occurrence_whatever_the_disambiguation_says(
    zones: ZoneCatalog, asked: Disambiguation, offset: str, picked: Disambiguation, resolution: Resolution
) -> None:
    text = f"2027-10-31T02:30:00{offset}"

    slot = read(text, zones, zone="Europe/Berlin", disambiguation=asked)

    assert slot.publish_time == instant(text)
    assert (slot.intent.disambiguation, slot.intent.resolution) == (picked, resolution)


@pytest.mark.parametrize("offset", ["+01:00", "+02:00", "+00:00", "+05:30"])
def test_in_a_gap_no_offset_agrees_with_the_zone(zones: ZoneCatalog, offset: str) -> None:
    with pytest.raises(OffsetContradictsZone) as refused:
        read(f"2027-03-28T02:30{offset}[Europe/Berlin]", zones)

    assert refused.value.details["case"] == "offset"


def test_the_readings_of_a_contradiction_are_what_the_offset_and_what_the_zone_would_mean(
    zones: ZoneCatalog,
) -> None:
    with pytest.raises(OffsetContradictsZone, match=r"\+01:00.* not in use in Europe/Berlin") as refused:
        read("2026-07-01T19:00+01:00", zones, zone="Europe/Berlin")

    assert readings_of(refused.value) == [
        {
            "publish_time": instant("2026-07-01T18:00Z"),
            "publish_time_local": "2026-07-01T20:00:00+02:00[Europe/Berlin]",
        },
        {
            "publish_time": instant("2026-07-01T17:00Z"),
            "publish_time_local": "2026-07-01T19:00:00+02:00[Europe/Berlin]",
        },
    ]


@on_each(
    "text",
    [
        "",
        "now",
        "tomorrow 19:00",
        "19:00",
        "1782932400",
        "2026-07-01",
        "2026-07",
        "2026-W27-3T19:00",
        "2026-182T19:00",
        "20260701T1900",
        "2026-07-01T1900",
        "2026-07-01T19",
        "2026-07-01T24:00",
        "2026-07-01T25:00",
        "2026-07-01T19:60",
        "2026-07-01T19:00:60",
        "2026-07-01T19:00:00.",
        "2026-07-01T19:00:00.1234567",
        "2026-07-01T19:00:00,5",
        "2026-07-01T19:00.5",
        "2026-07-01 19:00",
        " 2026-07-01T19:00",
        "2026-07-01T19:00 ",
        "2026-07-01T19:00\n",
        "2026-07-01T19:00\x00",
        "2026-07-01T19:00 +02:00",
        "2026-07-01T19:00+02",
        "2026-07-01T19:00+0200",
        "2026-07-01T19:00+2:00",
        "2026-07-01T19:00+02:00:30",
        "2026-07-01T19:00+24:00",
        "2026-07-01T19:00+02:60",
        "2026-07-01T19:00+-2:00",
        "2026-07-01T19:00−02:00",  # noqa: RUF001  # a minus sign is not a hyphen
        "2026-07-01T19:00ZZ",
        "2026-07-01T19:00Z+02:00",
        "2026-07-01T19:00 [Europe/Berlin]",
        "2026-07-01T19:00[]",
        "2026-07-01T19:00[!]",
        "2026-07-01T19:00[!!Europe/Berlin]",
        "2026-07-01T19:00[Europe/Berlin",
        "2026-07-01T19:00Europe/Berlin",
        "2026-07-01T19:00[+02:00]",
        "2026-07-01T19:00[Europe/Berlin][Europe/Berlin]",
        "2026-07-01T19:00[../../etc/passwd]",
        "2026-07-01T19:00[Europe/Berlin\x00]",
        "[Europe/Berlin]2026-07-01T19:00",
        "2026-02-30T19:00",
        "2026-02-29T19:00",
        "2026-00-01T19:00",
        "2026-13-01T19:00",
        "2026-07-00T19:00",
        "2026-7-1T19:00",
        "26-07-01T19:00",
        "+2026-07-01T19:00",
        "-2026-07-01T19:00",
        "12026-07-01T19:00",
        "٢٠٢٦-٠٧-٠١T١٩:٠٠",  # noqa: RUF001  # Arabic digits are digits to \d
        "２０２６-07-01T19:00",  # noqa: RUF001  # so are full-width ones
        "2026-07-01T19:00+٠٢:00",
        "2026-07-01T19:00\ud800",
        "2" * 5000,
    ],
)
def test_what_is_not_exactly_of_an_accepted_form_is_refused_with_a_short_message(zones: ZoneCatalog, text: str) -> None:
    with pytest.raises(UnreadableTime) as refused:
        read(text, zones)

    str(refused.value).encode()  # a lone surrogate is shown, not repeated
    assert len(str(refused.value)) < 300


SAMPLE_TIME = "2027-03-17T19:00:00"


@on_each(
    ("text", "place", "cure"),
    [
        ("", "", f"write {SAMPLE_TIME}"),
        ("2027-03-17T19:00:00+0000", "+0000", "write +00:00"),
        ("2027-03-17T19:00:00-0730", "-0730", "write -07:30"),
        ("2027-03-17T19:00:00+00", "+00", "write +00:00"),
        ("2027-03-17T19:00:00+2:00", "+2:00", "write +02:00"),
        ("2027-03-17T19:00:00+02:00:30", "+02:00:30", "write +02:00"),
        ("2027-03-17T19:00:00 02:00", " 02:00", "write +02:00; in a URL, write + as %2B"),
        ("2027-03-17T19:00:00 +02:00", " +02:00", "write +02:00 without a space before it"),
        ("2027-03-17 19:00:00+00", " 19:00", "write T between the date and the time of day"),
        ("2027-03-17_19:00", "_", "write T between the date and the time of day"),
        ("20270317T190000Z", "20270317T190000Z", "write 2027-03-17T19:00:00Z"),
        ("20270317T1900", "20270317T1900", "write 2027-03-17T19:00"),
        ("20270317", "20270317", "write 2027-03-17"),
        ("2027-03-17T190000Z", "190000", "write 19:00:00"),
        ("2027-03-17T19:00:60Z", "19:00:60", "write :59, or :00 of the next minute"),
        ("2027-03-17T24:00", "24:00", "write 00:00 of the next day"),
        ("2027-03-17T19:60", "19:60", "minutes 00 to 59"),
        ("2027-03-17T7:00", "7:00", "write two digits for the hour, 07:00"),
        ("2027-03-17T19", "19", "write 19:00"),
        ("2027-03-17T07:00 PM", " PM", "write 19:00 for 7 PM"),
        ("2027-W11-3T19:00", "2027-W11-3T19:00", "write year, month and day"),
        ("2027-076T19:00", "2027-076", "write year, month and day"),
        ("2027/03/17T19:00", "2027/03/17", "write 2027-03-17"),
        ("17.03.2027 19:00", "17.03.2027", "write the year first"),
        ("27-03-17T19:00", "27-03-17", "write all four digits of the year"),
        ("2027-3-7T19:00", "2027-3-7", "write two digits for the month and for the day"),
        ("2027-02-29T19:00", "2027-02-29", "01 to 28"),
        ("2027-13-01T19:00", "2027-13", "months are 01 to 12"),
        ("2027-03-17", "", f"write {SAMPLE_TIME}"),
        ("19:00", "19:00", f"the date is missing; write {SAMPLE_TIME}"),
        ("2027-03-17T19:00:00,5", ",5", "write a full stop before a fraction, .5"),
        ("2027-03-17T19:00:00.1234567Z", ".1234567", "six digits of a second at most"),
        ("2027-03-17T19:00.5", ".5", "a fraction stands behind seconds"),
        ("1805310000", "1805310000", f"write the time such as {SAMPLE_TIME}Z"),
        ("1805310000000", "1805310000000", f"write the time such as {SAMPLE_TIME}Z"),
        ("２027-03-17T19:00", "２", "write the digit 2 of ASCII"),  # noqa: RUF001
        ("2027-03-17T19:00−07:00", "−", "write a hyphen of ASCII, -"),  # noqa: RUF001
        ("2027-03-17T19:00Z ", " ", "take it away"),
        ("2027-03-17T19:00Z please", " please", "nothing behind the offset"),
        ("2027-03-17T19:00 UTC", " UTC", "write Z"),
        ("2027-03-17T19:00 PST", " PST", "write an offset, or a zone such as [America/Los_Angeles]"),
        ("2027-03-17T19:00 Europe/Berlin", " Europe/Berlin", "write a zone in brackets, [Europe/Berlin]"),
        ("2027-03-17T19:00[-07:00]", "[-07:00]", "write the offset without brackets, -07:00"),
        ("2027-03-17T19:00-07:00[-08:00]", "[-08:00]", "the offset before it says -07:00"),
        ("2027-03-17T19:00Z[!u-ca=hebrew]", "[!u-ca=hebrew]", "leave it out"),
        ("2027-03-17T19:00Z[!knort=blargel]", "[!knort=blargel]", "leave it out"),
        ("2027-03-17T19:00Z[_x=1]", "[_x=1]", "leave it out"),
        ("2027-03-17T19:00Z[u-ca=hebrew][!u-ca=gregory]", "[!u-ca=gregory]", "say it once"),
        ("2027-03-17T19:00Z[u-ca=gregory][Europe/Berlin]", "[Europe/Berlin]", "before whatever else"),
        ("2027-03-17T19:00Z[U-CA=gregory]", "[U-CA=gregory]", "write [u-ca=gregory]"),
        ("2027-03-17T19:00Z[Europe/Berlin", "[Europe/Berlin", "close the bracket"),
    ],
)
def test_what_is_refused_is_refused_with_the_place_and_the_cure(
    zones: ZoneCatalog, text: str, place: str, cure: str
) -> None:
    with pytest.raises(UnreadableTime) as refused:
        read(text, zones)

    said = str(refused.value).partition("cannot be read as a time: ")[2]
    assert cure in said
    if place:
        assert said.startswith(f"at {place!r}, ")


@on_each("behind", ["", "Z", "+01:00", "[Europe/Berlin]", "+01:00[Europe/Berlin][u-ca=gregory]"])
@on_each("digits", range(1, 12))
def test_any_number_of_digits_of_a_second_is_read_as_long_as_those_beyond_six_are_zero(
    zones: ZoneCatalog, behind: str, digits: int
) -> None:
    fraction = "123456"[:digits].ljust(digits, "0")

    assert read(f"2027-01-01T19:00:00.{fraction}{behind}", zones) == read(
        f"2027-01-01T19:00:00.{fraction[:6]}{behind}", zones
    )
    if digits > 6:
        with pytest.raises(UnreadableTime, match="six digits of a second at most"):
            read(f"2027-01-01T19:00:00.{fraction[:-1]}1{behind}", zones)


def test_a_name_of_windows_in_the_text_is_answered_with_the_zone_it_means(zones: ZoneCatalog) -> None:
    with pytest.raises(UnknownZone, match=r"did you mean America/Los_Angeles\?"):
        read("2027-03-17T19:00[Pacific Standard Time]", zones)


def test_a_zone_in_the_text_and_another_name_of_it_beside_agree_and_the_text_is_shown(zones: ZoneCatalog) -> None:
    slot = read("2027-03-17T19:00[Asia/Kolkata]", zones, zone="Asia/Calcutta")

    assert slot.intent.zone == "Asia/Kolkata"


def test_one_zone_in_the_text_and_another_beside_it_is_refused_naming_both(zones: ZoneCatalog) -> None:
    with pytest.raises(UnreadableTime, match=r"Europe/Berlin.*Europe/Paris"):
        read("2026-07-01T19:00[Europe/Berlin]", zones, zone="Europe/Paris")


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("2026-07-01T19:00", "PST"),
        ("2026-07-01T19:00[PST]", None),
        ("2026-07-01T17:00Z", "europe/berlin"),
        ("2026-07-01T17:00Z[Europe/Berlim]", None),
        ("2026-07-01T19:00+02:00", "../../etc/passwd"),
        ("2026-07-01T19:00+02:00[localtime]", None),
        ("2026-07-01T19:00", ""),
    ],
)
def test_a_zone_is_checked_in_every_form_also_where_it_is_only_for_display(
    zones: ZoneCatalog, text: str, zone: str | None
) -> None:
    with pytest.raises(UnknownZone):
        read(text, zones, zone=zone)


@pytest.mark.parametrize(
    ("local", "refusal"),
    [
        ("0001-01-01T00:00", TimeInPast),
        ("1969-12-31T23:59", TimeInPast),
        ("2200-01-01T00:00", BeyondHorizon),
        ("9999-12-31T23:59", BeyondHorizon),
    ],
)
def test_years_outside_1970_to_2199_are_refused_before_any_arithmetic(
    zones: ZoneCatalog, local: str, refusal: type[Exception]
) -> None:
    for behind in ("", "Z", "+14:00", "-12:00", "Z[Europe/Berlin]", "+01:00[Europe/Berlin]"):
        with pytest.raises(refusal, match=local):
            read(local + behind, zones)


def test_the_year_zero_is_in_the_past(zones: ZoneCatalog) -> None:
    with pytest.raises(TimeInPast):
        read("0000-01-01T00:00", zones)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-07-01T17:00Z", "2026-07-01T17:00Z"),
        ("2026-07-01T19:00:00.5+02:00", "2026-07-01T17:00:00.5Z"),
        ("2026-07-01T17:00-00:00", "2026-07-01T17:00Z"),
        ("2026-07-01T19:00+02:00[Europe/Berlin]", "2026-07-01T17:00Z"),
        ("2026-07-01t17:00:00.0000000z", "2026-07-01T17:00Z"),
        ("2026-07-01T17:00Z[u-ca=iso8601]", "2026-07-01T17:00Z"),
    ],
)
def test_an_instant_is_read_from_a_text_with_z_or_an_offset(text: str, expected: str) -> None:
    read = read_instant(text)

    assert read == instant(expected)
    assert read.tzinfo is UTC


@pytest.mark.parametrize(
    "text", ["2026-07-01T19:00", "2026-07-01T19:00[Europe/Berlin]", "2026-07-01", "", "2026-07-01T19:00 02:00"]
)
def test_an_instant_is_not_read_from_a_text_without_an_offset(text: str) -> None:
    with pytest.raises(UnreadableTime):
        read_instant(text)


@on_each(
    "text",
    ["", "soon", "2026-07-01", "19:00", "Wed, 01 Jul 2026 19:00:00 GMT", "Jul 1 2026", "1782932400", "1782932400000"],
)
def test_what_is_to_be_written_for_an_instant_is_one(text: str) -> None:
    with pytest.raises(UnreadableTime) as refused:
        read_instant(text)

    [sample] = re.findall(r"\d{4}-\d\d-\d\dT\S+", str(refused.value).rpartition(" cannot be read ")[2])
    assert read_instant(sample) == instant("2027-03-17T19:00:00Z")


@pytest.mark.parametrize(("text", "refusal"), [("0001-01-01T00:00Z", TimeInPast), ("9999-12-31T23:59Z", BeyondHorizon)])
def test_an_instant_outside_1970_to_2199_is_refused(text: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        read_instant(text)


@pytest.mark.parametrize("text", ["1970-01-01", "2026-07-01", "2028-02-29", "2199-12-31"])
def test_a_day_is_read_as_it_is_written(text: str) -> None:
    assert read_day(text) == date.fromisoformat(text)


@on_each(
    "text",
    [
        "",
        "2026-07-01T00:00",
        "2026-07-01T00:00Z",
        "20260701",
        "2026-W27-3",
        "2026-182",
        "2026-7-1",
        "2026-07",
        "01.07.2026",
        "2026/07/01",
        "2026-07-01 ",
        "2026-07-01\n",
        "2026-02-30",
        "2026-13-01",
        "٢٠٢٦-٠٧-٠١",  # noqa: RUF001
        "0000-01-01",
        "0001-01-01",
        "1969-12-31",
        "2200-01-01",
        "9999-12-31",
    ],
)
def test_a_day_of_another_form_or_another_age_is_refused_not_cut(text: str) -> None:
    with pytest.raises(UnreadableTime):
        read_day(text)


@on_each(
    ("text", "cure"),
    [
        ("20270317", "write 2027-03-17"),
        ("2027/03/17", "write 2027-03-17"),
        ("17.03.2027", "write the year first"),
        ("2027-3-7", "write two digits for the month and for the day"),
        ("27-03-07", "write all four digits of the year"),
        ("2027-03-17T00:00", "at 'T00:00', a calendar date alone is needed here"),
        ("soon", "write YYYY-MM-DD"),
        ("2027-02-30", "that month has the days 01 to 28"),
        ("2027-03-17 ", "nothing behind it"),
    ],
)
def test_a_day_is_refused_with_what_to_write(text: str, cure: str) -> None:
    with pytest.raises(UnreadableTime) as refused:
        read_day(text)

    assert cure in str(refused.value)
