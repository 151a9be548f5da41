"""Policies, and the caps of platforms, as they are sent and shown."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Self, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from marketmind_scheduler.adapters.http.shapes.fields import Body, BrandId, ZoneName
from marketmind_scheduler.adapters.http.shapes.rules import RuleIn, rule_out
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.caps import CalendarDay, CapScope, Grade, PlatformCap, Rolling, Window
from marketmind_scheduler.domain.rules.contradictions import contradictions
from marketmind_scheduler.domain.rules.policy import Policy, Rule


class PolicyIn(Body, frozen=True):
    rules: Annotated[list[RuleIn], Meta(max_length=100, description="All that is to hold; none: an empty list")]

    def said(self) -> Sequence[Rule]:
        """Raises UnreadableTime."""
        return [each.said() for each in self.rules]


class PolicyOut(Struct, frozen=True, kw_only=True):
    brand_id: BrandId
    version: Annotated[int, Meta(ge=0, description="Rises with each change; 0: there never was one", examples=[3])]
    rules: Annotated[list[RuleIn], Meta(description="All that holds")]
    updated_at: Annotated[datetime | None, Meta(description="When this version was put; null: version 0")]
    warnings: Annotated[
        list[str],
        Meta(
            description="What of it cannot be or has no effect: a week that is closed as a whole, a control_share",
            examples=[[]],
        ),
    ]

    @classmethod
    def of(cls, policy: Policy) -> Self:
        return cls(
            brand_id=policy.brand_id,
            version=policy.version,
            rules=[rule_out(rule) for rule in policy.rules],
            updated_at=policy.updated_at,
            warnings=list(contradictions(policy)),
        )


class ChangedPolicyOut(PolicyOut, frozen=True, kw_only=True):
    """A policy right after it was put."""

    schedules_breaking: Annotated[
        int, Meta(ge=0, description="PENDING schedules that break it; they stay as they are", examples=[0])
    ]
    schedules_link: Annotated[str, Meta(description="Lists them; left out where there are none")] | UnsetType = UNSET

    @classmethod
    def after(cls, policy: Policy, breaking: int) -> Self:
        link = f"/schedule?brand_id={policy.brand_id}&breaks_policy=true"
        return cls(
            **asdict(PolicyOut.of(policy)),
            schedules_breaking=breaking,
            schedules_link=link if breaking else UNSET,
        )


class RollingWindow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="rolling"):
    """Any stretch of time so long, its end not included."""

    seconds: Annotated[int, Meta(ge=1, le=366 * 86_400, description="How long it is", examples=[86_400])]


class CalendarWindow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="calendar"):
    """A calendar day of a zone."""

    timezone: ZoneName


WindowIn: TypeAlias = RollingWindow | CalendarWindow


class PlatformCapIn(Body, frozen=True):
    limit: Annotated[int, Meta(ge=0, le=10_000, description="How many posts at most", examples=[20])]
    window: Annotated[WindowIn, Meta(description="Within which time")]
    reason: Annotated[
        str, Meta(min_length=1, max_length=500, pattern=r"^[^\u0000]*$", examples=["agreed with support"])
    ]

    def within(self) -> Window:
        match self.window:
            case RollingWindow(seconds=seconds):
                return Rolling(timedelta(seconds=seconds))
            case CalendarWindow(timezone=zone):
                return CalendarDay(zone)


class PlatformCapOut(Struct, frozen=True, kw_only=True):
    platform: Platform
    limit: Annotated[int, Meta(ge=0, description="How many posts at most", examples=[50])]
    window: Annotated[WindowIn, Meta(description="Within which time")]
    scope: Annotated[CapScope, Meta(description="Of each brand, or of all brands of this service together")]
    grade: Annotated[
        Grade,
        Meta(description="How sure it is: the brand's own, documented, reported, kept to by a vendor, or assumed"),
    ]
    binds: Annotated[
        bool, Meta(description="Whether going beyond it is refused: the brand's own and what is documented, of a lane")
    ]
    source: Annotated[
        str, Meta(description="Where it was read; of the brand's own, why it was set", examples=["a young account"])
    ]
    observed_on: Annotated[date, Meta(description="When it was read or set", examples=["2026-08-28"])]
    revision: Annotated[int, Meta(ge=1, description="Rises with each change", examples=[1])]

    @classmethod
    def of(cls, cap: PlatformCap) -> Self:
        return cls(
            platform=cap.platform,
            limit=cap.limit,
            window=_window_out(cap.window),
            scope=cap.scope,
            grade=cap.grade,
            binds=cap.binds,
            source=cap.source,
            observed_on=cap.observed_on,
            revision=cap.revision,
        )


class PlatformCapsOut(Struct, frozen=True, kw_only=True):
    caps: Annotated[list[PlatformCapOut], Meta(description="By platform")]

    @classmethod
    def of(cls, caps: Sequence[PlatformCap]) -> Self:
        return cls(caps=[PlatformCapOut.of(cap) for cap in caps])


def _window_out(window: Window) -> WindowIn:
    if isinstance(window, Rolling):
        return RollingWindow(seconds=round(window.length.total_seconds()))
    return CalendarWindow(timezone=window.zone)
