"""A slot is an instant with the intent behind it, and says what its caller should know."""

from dataclasses import replace
from datetime import datetime

import pytest

from marketmind_scheduler.domain.wall_clock import Disambiguation, Slot
from marketmind_scheduler.domain.zones import ZoneCatalog
from tests.domain.times import read
from tests.loops import telling_all_misses

NUUK_GAP = (
    "2027-03-27T23:30:00 in America/Nuuk does not exist, because the clock jumps over it; "
    "moved to 2027-03-28T00:30:00-01:00[America/Nuuk]; send another time where that is not meant, or "
    '"disambiguation": "reject" to be asked'
)
FIRST_OF_TWO = (
    "2027-10-31T02:30:00 in Europe/Berlin happens twice, because the clock goes back; "
    'the first was taken, 2027-10-31T02:30:00+02:00[Europe/Berlin]; "disambiguation": "later" takes the other'
)
SECOND_OF_TWO = FIRST_OF_TWO.replace("first", "second").replace("+02:00", "+01:00").replace("later", "earlier")
SIGN_TURNED = (
    "Etc/GMT+3 is UTC-3 all year: it has no daylight saving time, and its sign is turned round; name the zone of a "
    "city, such as America/Los_Angeles, where that is not meant"
)


@pytest.mark.parametrize(
    ("text", "disambiguation", "warnings"),
    [
        ("2027-07-01T19:00[Europe/Berlin]", "compatible", []),
        ("2027-07-01T19:00Z[Europe/Berlin]", "compatible", []),
        ("2027-07-01T19:00[Etc/UTC]", "compatible", []),
        ("2027-03-27T23:30[America/Nuuk]", "compatible", [NUUK_GAP]),
        ("2027-10-31T02:30[Europe/Berlin]", "compatible", [FIRST_OF_TWO]),
        ("2027-10-31T02:30[Europe/Berlin]", "later", [SECOND_OF_TWO]),
        ("2027-10-31T02:30+01:00[Europe/Berlin]", "compatible", [SECOND_OF_TWO]),
        ("2027-10-31T00:30Z[Europe/Berlin]", "compatible", []),
        ("2027-07-01T19:00[Etc/GMT+3]", "compatible", [SIGN_TURNED]),
        ("2027-07-01T19:00Z[Etc/GMT+3]", "compatible", [SIGN_TURNED]),
    ],
)
def test_a_slot_warns_of_a_time_that_was_moved_or_chosen_and_of_an_odd_zone(
    zones: ZoneCatalog, text: str, disambiguation: str, warnings: list[str]
) -> None:
    slot = read(text, zones, disambiguation=Disambiguation(disambiguation))

    assert list(slot.warnings()) == warnings


def test_a_slot_shows_its_time_in_its_zone_with_the_offset_in_use(zones: ZoneCatalog) -> None:
    assert read("2027-01-01T12:00:00.5Z[Asia/Kathmandu]", zones).local_text() == (
        "2027-01-01T17:45:00.500000+05:45[Asia/Kathmandu]"
    )


@pytest.mark.parametrize("publish_time", ["2027-07-01T17:00", "2027-07-01T19:00+02:00"])
def test_a_slot_takes_only_an_instant_in_utc(zones: ZoneCatalog, publish_time: str) -> None:
    slot = read("2027-07-01T17:00Z", zones)

    with pytest.raises(ValueError, match="publish_time must be aware and UTC"):
        replace(slot, publish_time=datetime.fromisoformat(publish_time))


@pytest.mark.parametrize(
    ("text", "disambiguation", "asks_the_same"),
    [
        ("2027-07-01T19:00[Europe/Berlin]", "compatible", True),
        ("2027-07-01T19:00:00.000[Europe/Berlin]", "compatible", True),
        ("2027-07-01T19:00+02:00[Europe/Berlin]", "compatible", True),
        ("2027-07-01T19:01[Europe/Berlin]", "compatible", False),
        ("2027-07-01T19:00[Europe/Paris]", "compatible", False),
        ("2027-07-01T19:00[Europe/Berlin]", "later", False),
        ("2027-07-01T17:00Z[Europe/Berlin]", "compatible", False),
    ],
)
def test_two_slots_ask_the_same_when_time_zone_and_reading_are_the_same(
    zones: ZoneCatalog, text: str, disambiguation: str, *, asks_the_same: bool
) -> None:
    slot = read("2027-07-01T19:00[Europe/Berlin]", zones)

    assert (
        slot.asks_the_same_as(read(text, zones, disambiguation=Disambiguation(disambiguation)), zones) is asks_the_same
    )


def test_a_time_that_was_moved_is_not_the_same_question_as_the_time_it_was_moved_to(zones: ZoneCatalog) -> None:
    moved = read("2027-03-28T02:30[Europe/Berlin]", zones)
    asked_so = read("2027-03-28T03:30[Europe/Berlin]", zones)

    assert moved.publish_time == asked_so.publish_time
    assert not moved.asks_the_same_as(asked_so, zones)


def test_every_other_name_of_a_zone_makes_the_same_question(zones: ZoneCatalog) -> None:
    links = zones.links
    assert len(links) > 200

    with telling_all_misses() as trying:
        for link, zone in links.items():
            if {link, zone} <= zones.names:
                with trying(link=link, zone=zone):
                    called_so = read(f"2027-07-01T19:00[{link}]", zones)
                    assert called_so.asks_the_same_as(read(f"2027-07-01T19:00[{zone}]", zones), zones)
                    assert called_so.intent.zone == link


def test_a_newer_release_of_the_zone_rules_does_not_make_it_another_question(zones: ZoneCatalog) -> None:
    slot = read("2027-07-01T19:00[Europe/Berlin]", zones)
    read_later = Slot(publish_time=slot.publish_time, intent=replace(slot.intent, tz_release="2030a"))

    assert slot.asks_the_same_as(read_later, zones)
