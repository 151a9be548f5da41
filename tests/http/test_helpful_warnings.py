"""Every kind of warning names what it speaks of, the value and what would be right, and says what to do."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from marketmind_scheduler.adapters.http.shapes.catalog import CampaignOut
from marketmind_scheduler.adapters.webhooks.targets import MOST_BODY_BYTES
from marketmind_scheduler.application.reachability import Reachability
from marketmind_scheduler.domain.brand import Lateness, OnLate
from marketmind_scheduler.domain.derivation import warnings
from marketmind_scheduler.domain.pacing import CLAIMED_WITHIN
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Schedule, ScheduleStatus
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.sources import Difference, Sources
from marketmind_scheduler.domain.wall_clock import Disambiguation, Resolution, Slot
from tests.builders import BRAND_ID, CAMPAIGN_ID, NOW, a_campaign, a_post, a_schedule, a_slot, new_id
from tests.fakes.publisher import ScriptedPublisher
from tests.loops import telling_all_misses
from tests.publishers.given import a_target

BERLIN = "Europe/Berlin"
SOURCES = Sources(zone="America/Los_Angeles", lateness=Lateness(), days=None)
SLOTS = {
    Resolution.GAP_SHIFTED: (a_slot("2027-03-28T02:30", zone=BERLIN), "2027-03-28T03:30:00+02:00", "reject"),
    Resolution.OVERLAP_EARLIER: (a_slot("2027-10-31T02:30", zone=BERLIN), "2027-10-31T02:30:00+02:00", "later"),
    Resolution.OVERLAP_LATER: (
        a_slot("2027-10-31T02:30", zone=BERLIN, disambiguation=Disambiguation.LATER),
        "2027-10-31T02:30:00+01:00",
        "earlier",
    ),
}
OTHERWISE = {
    Difference.ZONE: (Sources(zone=BERLIN, lateness=Lateness(), days=None), BERLIN, f"/brands/{BRAND_ID}/follow"),
    Difference.LATENESS: (
        replace(SOURCES, lateness=Lateness(on_late=OnLate.SKIP, max_lateness=timedelta(minutes=15))),
        "on_late is skip by now, its max_lateness_seconds 900",
        f"/brands/{BRAND_ID}/follow",
    ),
    Difference.DATES: (
        replace(SOURCES, days=(date(2027, 4, 1), date(2027, 4, 5))),
        "2027-04-01 to 2027-04-05",
        f"/campaigns/{CAMPAIGN_ID}/shift",
    ),
}
Warned = tuple[str, str, str]
"""What is said, the value in it, and the cure in it."""


def of_times() -> Iterator[Warned]:
    for slot, value, cure in SLOTS.values():
        [said] = slot.warnings()
        yield said, value, cure
    [said] = Slot.at(NOW, zone="Etc/GMT+3", tz_release="2026f").warnings()
    yield said, "UTC-3", "name the zone of a city"


def of_schedules() -> Iterator[Warned]:
    schedule, other = a_schedule(a_post(campaign_id=CAMPAIGN_ID)), new_id()
    taking_its_zone = replace(schedule, slot=schedule.slot.in_zone_by_default())
    for sources, value, cure in OTHERWISE.values():
        [said] = warnings(replace(taking_its_zone, sources=sources))
        yield said, value, cure
    [said] = replace(schedule, beside=(other,)).warnings()
    yield said, str(other), f"PUT /schedule/post/{schedule.post_id}"
    [said] = replace(schedule, status=ScheduleStatus.COMPLETED, is_outdated=True).warnings()
    yield said, str(schedule.schedule_id), "look at the platform"
    half_a_minute_later = a_schedule(slot=a_slot("2027-03-17T19:00:30"), scheduler=SchedulerKind.NAIVE)
    [said] = half_a_minute_later.warnings()
    yield said, "19:00:30", f"PUT /schedule/post/{half_a_minute_later.post_id}"
    [said] = schedule.why_it_waits(now=schedule.publish_time + CLAIMED_WITHIN)
    yield said, "due since 2027-03-18T02:00:00Z", "marketmind-scheduler status"


def of_what_is_in_vain() -> Iterator[Warned]:
    def said(schedule: Schedule, *platforms: Platform) -> str:
        served = ScriptedPublisher(platforms=[Platform.TWITTER])
        return Reachability(publisher=served, platforms=platforms).why_in_vain(schedule) or ""

    on_reddit = a_schedule(a_post(platform=Platform.REDDIT))
    yield said(on_reddit, Platform.REDDIT), "REDDIT", "SCHEDULER_WEBHOOKS"
    yield said(on_reddit, Platform.TWITTER), "REDDIT", "SCHEDULER_PLATFORMS"
    target = a_target("https://publisher.example.com/")
    large = target.refusal(body_bytes=MOST_BODY_BYTES + 1, s3_url="") or ""
    yield large, "20001 bytes, 20000 at most", "shorten its title or its URL"
    elsewhere = replace(target, media=("https://",)).refusal(body_bytes=1, s3_url="s3://tea/a?secret") or ""
    yield elsewhere, "s3://tea, and are taken from https://", "put them there"


def of_campaigns() -> Iterator[Warned]:
    [said] = CampaignOut.of(a_campaign(), 3).warnings
    yield said, "3 of its PENDING schedules", f"/campaigns/{CAMPAIGN_ID}/shift"


def test_every_warning_says_the_value_and_what_to_do() -> None:
    with telling_all_misses() as trying:
        for said, value, cure in (*of_times(), *of_schedules(), *of_what_is_in_vain(), *of_campaigns()):
            with trying(said=said):
                assert value in said
                assert cure in said


def test_no_kind_of_warning_is_left_out() -> None:
    assert SLOTS.keys() == set(Resolution) - {Resolution.EXACT}
    assert OTHERWISE.keys() == set(Difference)
    assert [slot.intent.resolution for slot, *_ in SLOTS.values()] == list(SLOTS)
