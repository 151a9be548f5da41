"""Publish times as callers write them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from marketmind_scheduler.domain.errors import BeyondHorizon, TimeInPast
from marketmind_scheduler.domain.saying import UNSAID, Unsaid, kept
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
