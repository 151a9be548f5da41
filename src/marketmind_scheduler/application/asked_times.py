"""Publish times as callers write them."""

from dataclasses import dataclass

from marketmind_scheduler.domain.saying import UNSAID, Unsaid, kept
from marketmind_scheduler.domain.wall_clock import Disambiguation, Slot


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
