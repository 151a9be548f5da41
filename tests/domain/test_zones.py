"""Which zone ids are accepted, what is said about the others, and that those never reach the file system."""

import subprocess
import sys

import pytest

from marketmind_scheduler.domain.errors import UnknownZone, ZoneRulesOutdated
from marketmind_scheduler.domain.windows_zones import windows_names
from marketmind_scheduler.domain.zones import ZoneCatalog, fixed_offset_warning
from tests.loops import on_each

ABBREVIATION = "an abbreviation names several zones or has no daylight saving time; say for example America/Los_Angeles"
OFFSET = "use a city's zone such as Europe/Berlin, or send an offset in the time itself"
GENERAL = "send an id of the IANA time zone database, for example America/Los_Angeles"

REFUSED = [
    *((zone, ABBREVIATION) for zone in ("EST", "MST", "HST", "PST", "PDT", "BST", "IST", "CST", "CEST", "AEST")),
    *((zone, OFFSET) for zone in ("UTC+3", "GMT+3", "UTC-03:00", "utc+3", "+02:00", "-0800", "+3")),
    ("europe/berlin", "did you mean Europe/Berlin?"),
    ("EUROPE/BERLIN", "did you mean Europe/Berlin?"),
    ("america/los angeles", "did you mean America/Los_Angeles?"),
    ("America/los_angeles", "did you mean America/Los_Angeles?"),
    ("Los_Angeles", "did you mean America/Los_Angeles?"),
    ("etc/gmt+3", "did you mean Etc/GMT+3?"),
    ("etc/gmt-3", "did you mean Etc/GMT-3?"),
    ("Europe/Berlin/", "did you mean Europe/Berlin?"),
    ("/Europe/Berlin", "did you mean Europe/Berlin?"),
    ("Europe//Berlin", "did you mean Europe/Berlin?"),
    ("Europe\\Berlin", "did you mean Europe/Berlin?"),
    ("Europe/Berlin\n", "did you mean Europe/Berlin?"),
    ("Europe/Berlin\x00", "did you mean Europe/Berlin?"),
    *(
        (zone, GENERAL)
        for zone in (
            "",
            "Factory",
            "localtime",
            "local",
            "posixrules",
            "posix/Europe/Berlin",
            "right/Europe/Berlin",
            "Europe",
            "America/Argentina",
            "Europe/Berlim",
            "Mars/Olympus_Mons",
            "tzdata.zi",
            "zone.tab",
            "zone1970.tab",
            "leapseconds",
            "__init__.py",
            "../../etc/passwd",
            "/etc/passwd",
            "/etc/localtime",
            "..",
            "Europe/../Europe/Paris",
            "Foo/Bar+3",
            "EST5EDT4",
            "CET-1CEST,M3.5.0,M10.5.0/3",
            "\x00",
            "\ud800",
            "🕐",
            "Europe/Berlín",
            "A" * 5000,
            "A/" * 2500,
        )
    ),
]


REFUSED_AS_WINDOWS_NAMES = [
    ("Pacific Standard Time", "America/Los_Angeles"),
    ("pacific daylight time", "America/Los_Angeles"),
    ("Pacific Time (US & Canada)", "America/Los_Angeles"),
    ("(UTC-08:00) Pacific Time (US & Canada)", "America/Los_Angeles"),
    ("W. Europe Standard Time", "Europe/Berlin"),
    ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "Europe/Berlin"),
    ("India Standard Time", "Asia/Kolkata"),
    ("Eastern Standard Time (Mexico)", "America/Cancun"),
]


@on_each(("name", "zone"), [*REFUSED_AS_WINDOWS_NAMES, *windows_names()])
def test_a_name_of_windows_is_refused_with_the_zone_it_means(zones: ZoneCatalog, name: str, zone: str) -> None:
    assert zone in zones.names
    with pytest.raises(UnknownZone) as refused:
        zones.check(name)

    assert zones.are_one(str(refused.value.details["hint"]).removeprefix("did you mean ").rstrip("?"), zone)


@on_each(("zone", "hint"), REFUSED)
def test_an_id_outside_the_catalogue_is_refused_with_what_to_send_in_its_place(
    zones: ZoneCatalog, zone: str, hint: str
) -> None:
    with pytest.raises(UnknownZone) as refused:
        zones.check(zone)

    assert refused.value.details["hint"] == hint
    str(refused.value).encode()  # a lone surrogate is shown, not repeated
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    "zone",
    [
        "Europe/Berlin",
        "America/Los_Angeles",
        "America/Argentina/Buenos_Aires",
        "America/Port-au-Prince",
        "UTC",
        "GMT",
        "Etc/UTC",
        "Etc/GMT+3",
        "Etc/GMT-14",
        "EST5EDT",
        "CET",
        "US/Pacific",
        "Europe/Kiev",
        "Asia/Calcutta",
        "America/Coyhaique",
    ],
)
def test_ids_of_the_catalogue_old_names_too_are_accepted(zones: ZoneCatalog, zone: str) -> None:
    zones.check(zone)


def test_the_catalogue_lists_the_wheels_release_without_the_ids_that_mislead(zones: ZoneCatalog) -> None:
    assert zones.release == "2026f"
    assert len(zones.names) == 594
    assert zones.names.isdisjoint({"Factory", "EST", "MST", "HST", "localtime", "posixrules"})


def test_names_whose_meaning_depends_on_the_host_never_get_into_a_catalogue() -> None:
    offered = ["localtime", "posixrules", "posix/Europe/Berlin", "right/Europe/Berlin", "Europe/Berlin"]

    assert ZoneCatalog.of("2026f", offered).names == {"Europe/Berlin"}


@pytest.mark.parametrize(
    ("zone", "other", "are_one"),
    [
        ("Asia/Kolkata", "Asia/Calcutta", True),
        ("Europe/Kyiv", "Europe/Kiev", True),
        ("US/Pacific", "America/Los_Angeles", True),
        ("UTC", "Etc/Zulu", True),
        ("Europe/Berlin", "Europe/Berlin", True),
        ("Europe/Berlin", "Europe/Paris", False),
        ("Etc/GMT+3", "Etc/GMT-3", False),
    ],
)
def test_two_ids_are_one_zone_where_one_is_a_link_to_the_other(
    zones: ZoneCatalog, zone: str, other: str, *, are_one: bool
) -> None:
    assert zones.are_one(zone, other) is zones.are_one(other, zone) is are_one


def test_every_other_name_of_a_zone_is_known(zones: ZoneCatalog) -> None:
    assert zones.other_names_of("Asia/Kolkata") == {"Asia/Calcutta"}
    assert zones.other_names_of("US/Pacific") == {"America/Los_Angeles"}
    assert {"Etc/UTC", "Zulu"} < zones.other_names_of("UTC")
    assert zones.other_names_of("Etc/GMT+3") == frozenset()


def test_no_name_of_the_catalogue_is_refused(zones: ZoneCatalog) -> None:
    for name in zones.names:
        zones.check(name)


@pytest.mark.parametrize(
    ("zone", "real"),
    [("Etc/GMT+3", "UTC-3"), ("Etc/GMT-14", "UTC+14"), ("Etc/GMT+12", "UTC-12"), ("Etc/GMT-1", "UTC+1")],
)
def test_a_zone_whose_sign_is_turned_round_is_explained(zone: str, real: str) -> None:
    warning = fixed_offset_warning(zone)

    assert warning is not None
    assert warning.startswith(f"{zone} is {real} all year")


@pytest.mark.parametrize("zone", ["Etc/UTC", "Etc/GMT", "UTC", "Europe/Berlin", "America/Port-au-Prince"])
def test_other_zones_need_no_explanation(zone: str) -> None:
    assert fixed_offset_warning(zone) is None


@pytest.mark.parametrize("newest", [None, "2025b", "2026e", "2026f"])
def test_rules_as_new_as_any_that_were_used_may_resolve(newest: str | None) -> None:
    ZoneCatalog.of("2026f", []).check_release(newest)


@pytest.mark.parametrize("newest", ["2026g", "2027a", "2026fa"])
def test_rules_older_than_others_that_were_used_are_refused_naming_both(newest: str) -> None:
    with pytest.raises(ZoneRulesOutdated, match=f"has time zone rules 2026f, and schedules were made with {newest}"):
        ZoneCatalog.of("2026f", []).check_release(newest)


OPENED_FILES = """
import sys
from ast import literal_eval
from zoneinfo import ZoneInfo
from marketmind_scheduler.domain.errors import SchedulerError
from marketmind_scheduler.domain.wall_clock import Disambiguation
from marketmind_scheduler.domain.written_times import read_slot
from marketmind_scheduler.entrypoints.wiring.zone_rules import pin_zone_rules

zones = pin_zone_rules()
bad_zones = literal_eval(sys.stdin.read())
opened = []
sys.addaudithook(lambda event, args: opened.append(args[0]) if event in ("open", "os.listdir", "os.scandir") else None)


def read(text, zone):
    try:
        read_slot(
            text, zone=zone, default_zone="UTC", disambiguation=Disambiguation.COMPATIBLE, zones=zones
        )
    except SchedulerError:
        return "refused"
    return "accepted"


outcomes = {read("2027-07-01T19:00", zone) for zone in bad_zones}
outcomes |= {read(f"2027-07-01T19:00[{zone}]", None) for zone in bad_zones}
opened_for_bad_zones = len(opened)
ZoneInfo("Europe/Berlin")
print(*outcomes, opened_for_bad_zones, any(str(path).endswith("Berlin") for path in opened))
"""


def test_no_file_is_opened_for_a_zone_that_is_refused() -> None:
    bad_zones = ascii([zone for zone, _ in REFUSED])

    ended = subprocess.run(
        [sys.executable, "-c", OPENED_FILES], input=bad_zones, capture_output=True, text=True, check=True
    )

    assert ended.stdout.split() == ["refused", "0", "True"]  # the hook did see the file of a good zone
