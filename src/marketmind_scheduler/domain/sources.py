"""What schedules are derived from: their brand's zone and lateness, their campaign's days."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from marketmind_scheduler.domain.brand import BrandContent, Lateness


class Difference(StrEnum):
    """In what a PENDING schedule stands otherwise than its brand or campaign says by now."""

    ZONE = "zone"  # nobody named its zone, and its brand has another one
    LATENESS = "lateness"
    DATES = "dates"  # it lies outside its campaign's days


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """As they are now. ``days`` are the campaign's, both included; None: its post is in no campaign."""

    zone: str
    lateness: Lateness
    days: tuple[date, date] | None


def changed(before: BrandContent, after: BrandContent) -> frozenset[Difference]:
    """What schedules have from a brand, and is another one now."""
    judged = {
        Difference.ZONE: before.default_zone != after.default_zone,
        Difference.LATENESS: before.lateness != after.lateness,
    }
    return frozenset(difference for difference, is_changed in judged.items() if is_changed)
