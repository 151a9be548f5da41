"""What platforms allow: how many posts in which window, from which source, and how sure that is."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeAlias

from marketmind_scheduler.domain.post import Platform


class Grade(StrEnum):
    """How sure a cap is."""

    BRAND = "brand"  # this brand's own, set by a person
    DOCUMENTED = "documented"  # the platform says so
    REPORTED = "reported"  # users of the platform say so
    VENDOR = "vendor"  # another product keeps to it
    ASSUMED = "assumed"


BINDING = frozenset({Grade.BRAND, Grade.DOCUMENTED})
"""A cap of these grades is a rule; one of the others is shown and warned of."""


class CapScope(StrEnum):
    LANE = "lane"
    APP = "app"  # all brands of this service together


@dataclass(frozen=True, slots=True)
class Rolling:
    """Any stretch of time so long, its end not included."""

    length: timedelta


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A calendar day of a zone."""

    zone: str


Window: TypeAlias = Rolling | CalendarDay


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformCap:
    """At most ``limit`` posts of a lane, or of all lanes of the platform, within any such window. ``source`` and
    ``observed_on`` say where it was read and when; of a brand's own cap, why it was set."""

    platform: Platform
    limit: int
    window: Window
    scope: CapScope
    grade: Grade
    source: str
    observed_on: date
    revision: int = 1

    @property
    def binds(self) -> bool:
        """Whether going beyond it is refused. What all brands share never is: one brand cannot use up another's."""
        return self.grade in BINDING and self.scope is CapScope.LANE

    @property
    def limit_of_plans(self) -> int:
        """What planners keep to: a tenth, rounded down, is left free for what has to be sent again."""
        return self.limit - self.limit // 10
