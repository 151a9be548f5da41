"""Why a plan is as it is, as callers read it: reasons, certificates, forecasts, what breaks rules."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self
from uuid import UUID

from msgspec import Meta, Struct

from marketmind_scheduler.adapters.http.shapes.fields import Moment, PostId
from marketmind_scheduler.domain.audience.profile import Signal
from marketmind_scheduler.domain.planning.forecast import Forecast
from marketmind_scheduler.domain.planning.plan import Plan
from marketmind_scheduler.domain.planning.preview import Asked
from marketmind_scheduler.domain.planning.problem import Certificate, Method, Objective
from marketmind_scheduler.domain.planning.reasons import Binding, Reason, RunnerUp
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.caps import CapScope, Grade
from marketmind_scheduler.domain.rules.policy import RuleKind
from marketmind_scheduler.domain.rules.violations import Violation

_MILLION, _THOUSAND = 1_000_000, 1_000
_DIGITS = 3

WallTime = Annotated[str, Meta(description="A wall time in the brand's zone", examples=["2030-03-18T09:30:00"])]
Multiplier = Annotated[float, Meta(description="Of what a usual post of the lane gets", examples=[1.18])]


class BindingOut(Struct, frozen=True, kw_only=True, rename={"with_": "with"}):
    publish_time: Moment
    local_time: WallTime
    multiplier: Multiplier
    rule: Annotated[RuleKind, Meta(description="The first rule that the post would break there, all else as it is")]
    with_: Annotated[
        list[UUID], Meta(description="The schedules, or posts of the plan, that the rule counts", examples=[[]])
    ]

    @classmethod
    def of(cls, binding: Binding) -> Self:
        return cls(
            publish_time=binding.publish_time,
            local_time=binding.local_time.isoformat(),
            multiplier=rounded(binding.multiplier),
            rule=binding.rule,
            with_=list(binding.with_),
        )


class RunnerUpOut(Struct, frozen=True, kw_only=True):
    publish_time: Moment
    local_time: WallTime
    change: Annotated[
        float, Meta(description="What the plan would gain by its objective, in usual posts", examples=[-0.03])
    ]

    @classmethod
    def of(cls, runner_up: RunnerUp) -> Self:
        return cls(
            publish_time=runner_up.publish_time,
            local_time=runner_up.local_time.isoformat(),
            change=rounded(runner_up.change),
        )


class ReasonOut(Struct, frozen=True, kw_only=True):
    expected_multiplier: Multiplier
    interval_80: Annotated[
        list[float],
        Meta(description="Between which the hour's own lies four times of five; one post varies by far more"),
    ]
    relative_to: Annotated[Literal["usual_post_of_this_lane"], Meta(description="What a multiplier of 1 is")]
    n_effective: Annotated[
        float, Meta(description="How many posts in this very hour would tell as much as all posts do", examples=[14.2])
    ]
    own_share: Annotated[
        float,
        Meta(description="Which part of it the lane's own posts have told, 0 to 1", examples=[0.47]),
    ]
    prior_sources: Annotated[list[str], Meta(description="The studies behind the prior", examples=[["sprout-2023"]])]
    signal: Annotated[Signal, Meta(description="How much is known of this hour from the lane's own posts")]
    exploratory: Annotated[bool, Meta(description="It is there to learn: another slot is expected to be better")]
    control: Annotated[bool, Meta(description="The lot has left it at the naive rule's time, to compare with")]
    timing_matters_little: Annotated[
        bool, Meta(description="The best open slot is less than 5 % better than they are on average")
    ]
    binding: Annotated[
        list[BindingOut],
        Meta(description="Up to three times within a week that are expected to do better, and why they are closed"),
    ]
    runner_ups: Annotated[
        list[RunnerUpOut], Meta(description="The best two other times that it could have, with all else where it is")
    ]

    @classmethod
    def of(cls, reason: Reason) -> Self:
        return cls(
            expected_multiplier=rounded(reason.expected_multiplier),
            interval_80=[rounded(each) for each in reason.interval_80],
            relative_to="usual_post_of_this_lane",
            n_effective=reason.effective_posts / _THOUSAND,
            own_share=reason.own_share / _THOUSAND,
            prior_sources=list(reason.prior_sources),
            signal=reason.signal,
            exploratory=reason.is_exploratory,
            control=reason.is_control,
            timing_matters_little=reason.matters_little,
            binding=[BindingOut.of(each) for each in reason.binding],
            runner_ups=[RunnerUpOut.of(each) for each in reason.runner_ups],
        )


class CertificateOut(Struct, frozen=True, kw_only=True):
    method: Annotated[Method, Meta(description="How the slots were chosen")]
    objective: Annotated[Objective, Meta(description="What was made as large as possible")]
    grid_minutes: Annotated[int, Meta(description="Which minutes of the hour could be chosen", examples=[30])]
    value: Annotated[int, Meta(description="What the choice is worth, in millionths of a usual post")]
    bound: Annotated[int, Meta(description="No choice is worth more")]
    gap: Annotated[float, Meta(description="By what part of the best it may be worse, at most", examples=[0.0])]
    proven: Annotated[bool, Meta(description="Whether no choice is better, for these rules and what is believed")]

    @classmethod
    def of(cls, certificate: Certificate, asked: Asked) -> Self:
        return cls(
            method=certificate.method,
            objective=asked.objective,
            grid_minutes=asked.grid_minutes,
            value=certificate.value,
            bound=certificate.bound,
            gap=certificate.gap,
            proven=certificate.proven,
        )


class PlanCertificateOut(CertificateOut, frozen=True, kw_only=True):
    lanes: Annotated[dict[str, CertificateOut], Meta(description="The same of each platform", examples=[{}])]

    @classmethod
    def of_plan(cls, plan: Plan, asked: Asked) -> Self | None:
        """None for a plan that follows a fixed rule."""
        whole = plan.certificate
        if whole is None:
            return None
        lanes = {str(lane): CertificateOut.of(each, asked) for lane, each in (plan.certificates or {}).items()}
        of_all = CertificateOut.of(whole, asked)
        return cls(**{name: getattr(of_all, name) for name in of_all.__struct_fields__}, lanes=lanes)


class ForecastOut(Struct, frozen=True, kw_only=True):
    platform: Platform
    limit: Annotated[int, Meta(description="How many posts the platform's cap allows in one window")]
    window_seconds: Annotated[int | None, Meta(description="How long a rolling window is; null: a calendar day")]
    window_zone: Annotated[str | None, Meta(description="The zone of that calendar day", examples=["UTC"])]
    grade: Annotated[Grade, Meta(description="How sure the cap is")]
    source: Annotated[str, Meta(description="Where it was read", examples=["docs.x.com"])]
    binds: Annotated[bool, Meta(description="Whether going beyond it is refused; else it is warned of")]
    used: Annotated[int, Meta(description="How many posts its fullest window would hold, what stands included")]
    begins_at: Annotated[Moment, Meta(description="The first post of that window")]
    scope: Annotated[
        CapScope,
        Meta(description="`lane`: of this brand on the platform; `app`: of all brands together"),
    ]

    @classmethod
    def of(cls, forecast: Forecast) -> Self:
        return cls(**{name: getattr(forecast, name) for name in cls.__struct_fields__})


class NearestOut(Struct, frozen=True, kw_only=True):
    before: Annotated[str | None, Meta(description="The closest open wall time before")]
    after: Annotated[str | None, Meta(description="The closest open wall time behind")]


class ViolationOut(Struct, frozen=True, kw_only=True, rename={"with_": "with"}):
    rule: Annotated[RuleKind, Meta(description="The rule that is broken")]
    policy_version: Annotated[int, Meta(description="The version of the policy that has it")]
    post_id: PostId
    platform: Platform
    publish_time: Moment
    local_time: WallTime
    limit: Annotated[str, Meta(description="What the rule allows", examples=["1 post in 2 hours"])]
    observed: Annotated[str, Meta(description="What there would be", examples=["2 posts in 1 hour"])]
    with_: Annotated[list[UUID], Meta(description="The schedules that it counts", examples=[[]])]
    nearest: Annotated[NearestOut, Meta(description="The closest open times")]
    sentence: Annotated[str, Meta(description="The same in words", examples=["19:00 lies in the quiet hours"])]

    @classmethod
    def of(cls, violation: Violation) -> Self:
        before, after = (each and each.isoformat() for each in violation.nearest)
        return cls(
            rule=violation.rule,
            policy_version=violation.policy_version,
            post_id=violation.post_id,
            platform=violation.platform,
            publish_time=violation.publish_time,
            local_time=violation.local_time.isoformat(),
            limit=violation.limit,
            observed=violation.observed,
            with_=list(violation.with_),
            nearest=NearestOut(before=before, after=after),
            sentence=violation.sentence,
        )


def told(violations: Sequence[Violation]) -> list[ViolationOut]:
    return [ViolationOut.of(each) for each in violations]


def rounded(millionths: int) -> float:
    return round(millionths / _MILLION, _DIGITS)
