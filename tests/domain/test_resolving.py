"""A wall time becomes one instant by RFC 5545's rule, and the answer names a time that was moved or chosen."""

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketmind_scheduler.domain.errors import LocalTimeAmbiguous, LocalTimeInGap
from marketmind_scheduler.domain.wall_clock import Disambiguation, Intent, IntentKind, Resolution, Slot, resolve
from marketmind_scheduler.domain.zones import ZoneCatalog
from tests.builders import TZ_RELEASE
from tests.domain.times import DstRow, instant, readings_of, rows_of, wall
from tests.loops import on_each

pytestmark = pytest.mark.usefixtures("zones")

SAMPLE = rows_of(DstRow, "dst_sample.jsonl")
COMPATIBLE, EARLIER, LATER, REJECT = Disambiguation
CHOICES = (COMPATIBLE, EARLIER, LATER)
RESOLUTIONS = {
    "normal": (Resolution.EXACT, Resolution.EXACT, Resolution.EXACT),
    "gap": (Resolution.GAP_SHIFTED, Resolution.GAP_SHIFTED, Resolution.GAP_SHIFTED),
    "overlap": (Resolution.OVERLAP_EARLIER, Resolution.OVERLAP_EARLIER, Resolution.OVERLAP_LATER),
}

on_each_sample_row = on_each("row", SAMPLE)


def resolved(local_time: datetime, zone: str, disambiguation: Disambiguation = COMPATIBLE) -> Slot:
    return resolve(local_time, zone=zone, disambiguation=disambiguation, tz_release=TZ_RELEASE)


def in_its_zone(slot: Slot) -> datetime:
    return slot.publish_time.astimezone(ZoneInfo(slot.intent.zone)).replace(tzinfo=None)


def test_the_sample_holds_every_kind_of_wall_time() -> None:
    assert len(SAMPLE) == 800
    assert {row.kind for row in SAMPLE} == set(RESOLUTIONS)


@on_each_sample_row
def test_every_disambiguation_finds_the_instant_that_java_time_finds(row: DstRow) -> None:
    expected = (row.utc, row.earlier or row.utc, row.later or row.utc)

    assert tuple(resolved(row.local, row.zone, choice).publish_time for choice in CHOICES) == expected


@on_each_sample_row
def test_the_answer_names_what_was_done_and_shows_the_time_with_its_offset(row: DstRow) -> None:
    jump = timedelta(seconds=row.size_s) if row.kind == "gap" else timedelta()
    shown_times = (row.local + jump, row.local - jump, row.local + jump)
    utc_times = (row.utc, row.earlier or row.utc, row.later or row.utc)

    for choice, resolution, shown, utc in zip(CHOICES, RESOLUTIONS[row.kind], shown_times, utc_times, strict=True):
        slot = resolved(row.local, row.zone, choice)

        offset = timezone(shown - utc.replace(tzinfo=None))
        assert slot.intent.resolution is resolution
        assert slot.local_text() == f"{shown.replace(tzinfo=offset).isoformat()}[{row.zone}]"


@on_each_sample_row
def test_reject_fails_exactly_where_the_wall_time_is_not_there_once(row: DstRow) -> None:
    try:
        outcome = ("normal", [resolved(row.local, row.zone, REJECT).publish_time])
    except LocalTimeInGap as in_gap:
        outcome = ("gap", [reading["publish_time"] for reading in readings_of(in_gap)])
    except LocalTimeAmbiguous as ambiguous:
        outcome = ("overlap", [reading["publish_time"] for reading in readings_of(ambiguous)])

    assert outcome == (row.kind, [row.utc] if row.kind == "normal" else [row.earlier, row.later])


@pytest.mark.parametrize(
    ("zone", "local", "compatible", "earlier"),
    [
        ("Pacific/Apia", "2011-12-30T19:00", "2011-12-31T19:00:00+14:00", "2011-12-29T19:00:00-10:00"),
        ("Pacific/Apia", "2011-12-30T00:00", "2011-12-31T00:00:00+14:00", "2011-12-29T00:00:00-10:00"),
        ("Australia/Lord_Howe", "2027-10-03T02:15", "2027-10-03T02:45:00+11:00", "2027-10-03T01:45:00+10:30"),
        ("Antarctica/Troll", "2027-03-28T01:30", "2027-03-28T03:30:00+02:00", "2027-03-27T23:30:00+00:00"),
        ("America/Nuuk", "2027-03-27T23:30", "2027-03-28T00:30:00-01:00", "2027-03-27T22:30:00-02:00"),
        ("Africa/Cairo", "2027-04-30T00:00", "2027-04-30T01:00:00+03:00", "2027-04-29T23:00:00+02:00"),
        ("Asia/Pyongyang", "2018-05-04T23:45", "2018-05-05T00:15:00+09:00", "2018-05-04T23:15:00+08:30"),
    ],
)
def test_a_time_in_a_gap_moves_by_the_length_of_the_gap_however_long(
    zone: str, local: str, compatible: str, earlier: str
) -> None:
    slots = [resolved(wall(local), zone, choice) for choice in CHOICES]

    assert [slot.local_text() for slot in slots] == [f"{text}[{zone}]" for text in (compatible, earlier, compatible)]
    assert {slot.intent.resolution for slot in slots} == {Resolution.GAP_SHIFTED}


@pytest.mark.parametrize(
    ("local", "resolution"),
    [
        ("2027-03-28T01:59:59.999999", Resolution.EXACT),
        ("2027-03-28T02:00:00", Resolution.GAP_SHIFTED),
        ("2027-03-28T02:59:59.999999", Resolution.GAP_SHIFTED),
        ("2027-03-28T03:00:00", Resolution.EXACT),
        ("2027-10-31T01:59:59.999999", Resolution.EXACT),
        ("2027-10-31T02:00:00", Resolution.OVERLAP_EARLIER),
        ("2027-10-31T02:59:59.999999", Resolution.OVERLAP_EARLIER),
        ("2027-10-31T03:00:00", Resolution.EXACT),
    ],
)
def test_a_gap_and_an_overlap_begin_with_their_first_moment_and_end_before_the_next(
    local: str, resolution: Resolution
) -> None:
    assert resolved(wall(local), "Europe/Berlin").intent.resolution is resolution


def test_an_overlap_of_half_an_hour_has_two_instants_half_an_hour_apart() -> None:
    first, _, second = (resolved(wall("2027-04-04T01:45"), "Australia/Lord_Howe", choice) for choice in CHOICES)

    assert (first.publish_time, second.publish_time) == (
        instant("2027-04-04T01:45+11:00"),
        instant("2027-04-04T01:45+10:30"),
    )


def test_the_readings_of_a_rejected_time_can_be_sent_again_as_they_are() -> None:
    with pytest.raises(LocalTimeAmbiguous) as refused:
        resolved(wall("2027-10-31T02:30"), "Europe/Berlin", REJECT)

    assert refused.value.details["case"] == "overlap"
    assert readings_of(refused.value) == [
        {
            "publish_time": instant("2027-10-31T00:30Z"),
            "publish_time_local": "2027-10-31T02:30:00+02:00[Europe/Berlin]",
        },
        {
            "publish_time": instant("2027-10-31T01:30Z"),
            "publish_time_local": "2027-10-31T02:30:00+01:00[Europe/Berlin]",
        },
    ]


@pytest.mark.parametrize("local", ["2027-03-28T02:30", "2027-10-31T02:30", "2027-07-01T19:00"])
def test_the_fold_that_python_keeps_with_a_wall_time_says_nothing(local: str) -> None:
    assert resolved(wall(local).replace(fold=1), "Europe/Berlin") == resolved(wall(local), "Europe/Berlin")


def test_the_intent_keeps_what_was_asked_and_by_which_rules_it_was_understood() -> None:
    slot = resolved(wall("2027-03-28T02:30"), "Europe/Berlin", LATER)

    assert slot.intent.kind is IntentKind.WALL
    assert slot.intent == Intent(
        zone="Europe/Berlin",
        local_time=wall("2027-03-28T02:30"),
        disambiguation=LATER,
        resolution=Resolution.GAP_SHIFTED,
        tz_release=TZ_RELEASE,
    )


def test_every_zone_gives_every_wall_time_an_instant_that_leads_back_to_it_unless_it_was_moved(
    zones: ZoneCatalog,
) -> None:
    @settings(deadline=None, max_examples=40)
    @given(local_time=st.datetimes(wall("1970-01-01"), wall("2199-12-31T23:59:59.999999")))
    def leads_back(local_time: datetime) -> None:
        for zone in zones.names:
            for choice in CHOICES:
                slot = resolved(local_time, zone, choice)

                was_moved = slot.intent.resolution is Resolution.GAP_SHIFTED
                assert (in_its_zone(slot) != local_time) is was_moved, f"{local_time} in {zone}, {choice}"

    leads_back()


@settings(deadline=None)
@given(row=st.sampled_from(SAMPLE), minutes=st.integers(-180, 180))
def test_around_a_change_of_the_clock_reject_refuses_exactly_what_the_others_move_or_choose(
    row: DstRow, minutes: int
) -> None:
    local_time = row.local + timedelta(minutes=minutes)

    compatible, earlier, later = (resolved(local_time, row.zone, choice) for choice in CHOICES)
    try:
        resolved(local_time, row.zone, REJECT)
        is_rejected = False
    except (LocalTimeInGap, LocalTimeAmbiguous):
        is_rejected = True

    was_moved = compatible.intent.resolution is Resolution.GAP_SHIFTED
    assert is_rejected is (compatible.intent.resolution is not Resolution.EXACT)
    assert is_rejected is (earlier.publish_time < later.publish_time)
    assert compatible.publish_time == (later if was_moved else earlier).publish_time
    assert (in_its_zone(compatible) != local_time) is was_moved
