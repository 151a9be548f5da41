"""Publish times as callers write them, or leave them to a scheduler."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from marketmind_scheduler.domain.errors import BeyondHorizon, ContradictoryTime, TimeInPast
from marketmind_scheduler.domain.planning.windows import Window, window_of
from marketmind_scheduler.domain.saying import UNSAID, Unsaid, kept
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.wall_clock import Disambiguation, Slot
from marketmind_scheduler.domain.written_times import read_slot
from marketmind_scheduler.domain.zones import ZoneCatalog

_GRACE = timedelta(seconds=60)  # for the way here, and for clocks that differ a little


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedTime:
    """A publish time as a caller writes it. ``zone`` is None where the brand's is wanted, ``usual_zone`` stands in for
    the brand's where nothing else names one."""

    text: str
    zone: str | Unsaid | None = UNSAID
    disambiguation: Disambiguation | Unsaid = UNSAID
    usual_zone: str | None = None

    def over(self, stored: Slot) -> "AskedTime":
        """With the zone and the disambiguation that are stored, where the caller leaves them unsaid."""
        intent = stored.intent
        keeps_its_zone = self.zone is UNSAID and not intent.zone_is_default
        return AskedTime(
            text=self.text,
            zone=self.zone,
            disambiguation=kept(self.disambiguation, intent.disambiguation or Disambiguation.COMPATIBLE),
            usual_zone=intent.zone if keeps_its_zone else None,
        )

    def slot(self, default_zone: str, zones: ZoneCatalog) -> Slot:
        """What it means for a brand with this zone; raises what ``read_slot`` raises."""
        slot = read_slot(
            self.text,
            zone=kept(self.zone, None),
            default_zone=self.usual_zone or default_zone,
            disambiguation=kept(self.disambiguation, Disambiguation.COMPATIBLE),
            zones=zones,
        )
        is_named = self.usual_zone is not None and slot.intent.zone_is_default
        return slot.in_zone_by_default(is_default=False) if is_named else slot

    def check_bounds(self, slot: Slot, *, now: datetime, horizon: timedelta) -> None:
        """Raises TimeInPast, BeyondHorizon."""
        if slot.publish_time < now - _GRACE:
            raise TimeInPast(self.text, earliest=now - _GRACE)
        if slot.publish_time > now + horizon:
            raise BeyondHorizon(self.text, latest=now + horizon)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPlace:
    """A time that a scheduler is to choose, between two times as a caller writes them, both included. ``zone`` is the
    one in which they are read; None: the brand's. It and the ``disambiguation`` are of these times alone."""

    scheduler: SchedulerKind
    not_before: AskedTime | None = None
    not_after: AskedTime | None = None
    zone: str | None = None
    disambiguation: Disambiguation | Unsaid = UNSAID

    def window(self, default_zone: str, zones: ZoneCatalog, *, now: datetime) -> Window:
        """What it means for a brand with this zone. Raises ContradictoryTime where it ends before it begins or says how
        times are read and has none, and what ``read_slot`` raises."""
        zones.check(self.zone or default_zone)
        self._check_that_times_are_read()
        first = self.not_before and self.not_before.slot(default_zone, zones)
        last = self.not_after and self.not_after.slot(default_zone, zones)
        if first and last and last.publish_time < first.publish_time:
            raise ContradictoryTime.of_bounds(first.local_text(), last.local_text())
        return window_of(first and first.publish_time, last and last.publish_time, now=now)

    def _check_that_times_are_read(self) -> None:
        if self.not_before is None and self.not_after is None:
            for field, given in (("timezone", self.zone), ("disambiguation", self.disambiguation)):
                if given not in (None, UNSAID):
                    raise ContradictoryTime.without_bounds(field)

    def check_bounds(self, window: Window, *, now: datetime, horizon: timedelta) -> None:
        """Raises TimeInPast where the window is over, BeyondHorizon."""
        for asked, at in ((self.not_before, window.first), (self.not_after, window.last)):
            if asked and at and at > now + horizon:
                raise BeyondHorizon(asked.text, latest=now + horizon)
        if self.not_after and window.last <= now:
            raise TimeInPast(self.not_after.text, earliest=now)
