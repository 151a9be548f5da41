"""What can be anticipated to go wrong, by kind, each with a stable code.

SchedulerError
├─ Unauthenticated  nobody known asks
├─ Forbidden        the caller may not do this
├─ Exhausted        the caller has asked too often
├─ Incomplete       something new lacks a field that it needs
├─ NotFound         what was named does not exist
├─ Conflict         it exists, but stands in a state that does not allow this
├─ Gone             what was named is not there any more
├─ Unmet            it does not stand as the caller says that it must
├─ Rejected         the request is well formed and breaks a rule
└─ Unavailable      nothing is wrong with the request; try again later

A class's docstring is what callers read about its code under ``/problems/{code}``.
"""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import ClassVar, NamedTuple, Self
from uuid import UUID

from marketmind_scheduler.domain.quoting import quoted, shortened
from marketmind_scheduler.domain.readings import Reading


class SchedulerError(Exception):
    """An anticipated failure: a message a person can act on, and the values behind it."""

    code: ClassVar[str]

    def __init_subclass__(cls) -> None:
        if "code" not in vars(cls):
            cls.code = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.details: Mapping[str, object] = details


class Incomplete(SchedulerError):
    """``nth`` says which it is, counted from 0, where a request holds several."""

    nth: int | None


class NotFound(SchedulerError): ...


class Conflict(SchedulerError): ...


class Gone(SchedulerError): ...


class Unmet(SchedulerError): ...


class Rejected(SchedulerError): ...


class Unauthenticated(SchedulerError): ...


class Forbidden(SchedulerError): ...


class Exhausted(SchedulerError):
    """``retry_after`` says in how much time it is worth trying again."""

    retry_after: timedelta


class Unavailable(SchedulerError): ...


class CredentialsMissing(Unauthenticated):
    """This needs an API key or a token: send it as `Authorization: Bearer …`."""

    def __init__(self) -> None:
        super().__init__("this needs an API key or a token; send it as `Authorization: Bearer …`")


class InvalidCredentials(Unauthenticated):
    """The key or token is unknown, wrong, expired or revoked; the answer does not say which."""

    def __init__(self) -> None:
        super().__init__("the key or token is unknown, wrong, expired or revoked; ask the operator for a new one")


class RateLimited(Exhausted):
    """The caller has made as many requests as it may. Ask again after `Retry-After`."""

    def __init__(self, *, requests: int, per: timedelta, retry_after: timedelta) -> None:
        seconds = per.total_seconds()
        super().__init__(
            f"{requests} requests in {seconds:g} s are as many as this caller may make; ask again after Retry-After",
            requests=requests,
            seconds=seconds,
            retry_after_seconds=math.ceil(retry_after.total_seconds()),
        )
        self.requests, self.per, self.retry_after = requests, per, retry_after


class TooManyAtOnce(Exhausted):
    """So many requests of the caller are being answered, or wait, as may at once. Ask again when one has ended."""

    def __init__(self, what: str, *, most: int) -> None:
        super().__init__(
            f"{most} {what} are as many as this caller may have at once; ask again when one of them has ended",
            most=most,
        )
        self.retry_after = timedelta(seconds=1)


class MissingScope(Forbidden):
    """The caller is known and its key or token does not have the scope that this needs."""

    def __init__(self, scope: str, *, held: Collection[str]) -> None:
        super().__init__(
            f"this needs the scope {scope}; yours are {', '.join(sorted(held)) or 'none'}",
            scope=scope,
            held=sorted(held),
        )
        self.scope = scope


class BrandNotFound(NotFound):
    """No brand has this id. Register it first with `PUT /brands/{brand_id}`."""

    def __init__(self, brand_id: UUID) -> None:
        super().__init__(f"there is no brand {brand_id}; register it with PUT /brands/{brand_id}", brand_id=brand_id)


class CampaignNotFound(NotFound):
    """No campaign has this id: register it first with `PUT /campaigns/{campaign_id}`. Or none can be registered under
    it; the detail says so."""

    def __init__(self, campaign_id: UUID, *, instead: str | None = None) -> None:
        super().__init__(
            instead or f"there is no campaign {campaign_id}; register it with PUT /campaigns/{campaign_id}",
            campaign_id=campaign_id,
        )

    @classmethod
    def taken(cls, campaign_id: UUID) -> Self:
        return cls(campaign_id, instead=f"no campaign can be registered as {campaign_id}; take another id")


class PostNotFound(NotFound):
    """No post has this id: register it first with `PUT /posts/{post_id}`. Or none can be registered under it, or a plan
    is asked about a post that it does not speak of; the detail says which, and where that belongs."""

    def __init__(self, post_id: UUID, *, instead: str | None = None) -> None:
        super().__init__(
            instead or f"there is no post {post_id}; register it with PUT /posts/{post_id}", post_id=post_id
        )

    @classmethod
    def taken(cls, post_id: UUID) -> Self:
        return cls(post_id, instead=f"no post can be registered as {post_id}; take another id")

    @classmethod
    def in_plan(cls, post_id: UUID, plan_id: UUID, *, because: str) -> Self:
        return cls(post_id, instead=f"plan {plan_id} does not speak of post {post_id}: {because}")


class PolicyVersionNotFound(NotFound):
    """The brand's policy has never had this version. `GET /brands/{brand_id}/policy` says which one it has now."""

    def __init__(self, brand_id: UUID, *, version: int, latest: int) -> None:
        super().__init__(
            f"the policy of brand {brand_id} has the versions 0 to {latest}, and not {version}",
            brand_id=brand_id,
            version=version,
            latest=latest,
        )


class ScheduleNotFound(NotFound):
    """The post has no active schedule that could be moved or cancelled; when it is read, it has never had one."""

    def __init__(self, post_id: UUID) -> None:
        super().__init__(
            f"post {post_id} has no active schedule; make one with POST /schedule/post/{post_id}",
            post_id=post_id,
        )


class UnknownSchedule(NotFound):
    """No schedule has this id. `GET /schedule` lists them."""

    def __init__(self, schedule_id: UUID) -> None:
        super().__init__(f"there is no schedule {schedule_id}; GET /schedule lists them", schedule_id=schedule_id)


class PlanNotFound(NotFound):
    """No plan has this id. Make one with `POST /campaigns/{campaign_id}/plans`."""

    def __init__(self, plan_id: UUID) -> None:
        super().__init__(
            f"there is no plan {plan_id}; make one with POST /campaigns/{{campaign_id}}/plans", plan_id=plan_id
        )


class RunNotFound(NotFound):
    """No run with this id has come to an end, or it is one of a brand outside the caller's reach."""

    def __init__(self, run_id: UUID) -> None:
        super().__init__(
            f"there is no run {run_id} that has ended; GET /plans/.../runs lists those of a plan", run_id=run_id
        )


class RunForgotten(Gone):
    """The texts of the run are forgotten for their age, or with its campaign, or it asked nobody; it cannot be made
    again."""

    def __init__(self, run_id: UUID) -> None:
        super().__init__(f"run {run_id} has no texts any more, so it cannot be made again", run_id=run_id)


class NoPostsToSchedule(NotFound):
    """The campaign has no post that could be scheduled: none is registered on the chosen platforms, or every one
    is published or being sent, or keeps the schedule that it has."""

    def __init__(self, campaign_id: UUID, *, platforms: Sequence[str], out_already: int, scheduled: int = 0) -> None:
        where = f" on {', '.join(platforms)}" if platforms else ""
        why = f"; {out_already} are published or being sent" if out_already else ""
        why += f"; {scheduled} keep the schedules that they have" if scheduled else ""
        shown = f"GET /schedule/campaign/{campaign_id} shows them, and " if scheduled else ""
        super().__init__(
            f"campaign {campaign_id} has no posts to schedule{where}{why}; "
            f"{shown}POST /campaigns/{campaign_id}/posts registers others",
            campaign_id=campaign_id,
            platforms=list(platforms),
            out_already=out_already,
            scheduled=scheduled,
        )


class AlreadyScheduled(Conflict):
    """The post has an active schedule at another time. Move that one with PUT or cancel it with DELETE."""

    def __init__(self, post_id: UUID, *, schedule_id: UUID, publish_time: datetime, status: str) -> None:
        super().__init__(
            f"post {post_id} is already scheduled for {publish_time:%Y-%m-%dT%H:%M:%SZ} "
            f"(schedule {schedule_id}, {status}); move it with PUT /schedule/post/{post_id} or cancel it with DELETE",
            post_id=post_id,
            schedule_id=schedule_id,
            publish_time=publish_time,
            schedule_status=status,
        )


class AlreadyPublished(Conflict):
    """The post is out already. Send `"allow_repost": true` to publish it once more."""

    def __init__(self, post_id: UUID, *, schedule_id: UUID) -> None:
        super().__init__(
            f'post {post_id} was published by schedule {schedule_id}; send "allow_repost": true to publish it again',
            post_id=post_id,
            schedule_id=schedule_id,
        )


class CampaignAlreadyScheduled(Conflict):
    """Some of the campaign's posts are scheduled or published already, and not as this request would schedule
    them. Send `"fill": true` to place only the posts that have no schedule, or `"replace": true` to plan those anew
    that a scheduler has placed; times that a person chose stay, unless you send `"replace_chosen": true`."""

    def __init__(self, campaign_id: UUID, *, scheduled: int, posts: int) -> None:
        super().__init__(
            f"{scheduled} of the {posts} posts of campaign {campaign_id} are scheduled or published already; "
            'send "fill": true to place only the others, or "replace": true to plan the campaign anew round the times '
            "that a person chose",
            campaign_id=campaign_id,
            scheduled=scheduled,
            posts=posts,
        )


class PlanOutdated(Conflict):
    """What the plan was made of has changed, and its times cannot stand any more, so nothing was written.
    `details.changed` names the parts. `details.violations` has up to a hundred things that stand in the way: a broken
    rule as in `policy_violated`, anything else in a sentence; `details.in_the_way` has a sentence for each.
    `details.plan_id` is a fresh preview; null where none can be made now."""

    def __init__(
        self,
        plan_id: UUID,
        *,
        changed: Sequence[str],
        since: Sequence[str],
        sentences: Sequence[str],
        first: Sequence[str],
        violations: Sequence[object],
        fresh_id: UUID | None,
    ) -> None:
        then = f"look at the fresh preview {fresh_id}" if fresh_id else "preview the campaign anew"
        against = "1 thing stands in the way" if len(sentences) == 1 else f"{len(sentences)} things stand in the way"
        super().__init__(
            f"plan {plan_id} is outdated, and nothing was written: {', and '.join(since)}, and {against}, "
            f"first: {'; and: '.join(first)}; {then}",
            changed=list(changed),
            violations=list(violations[:100]),
            in_the_way=list(sentences[:100]),
            plan_id=fresh_id,
        )


class PlanHashDiffers(Conflict):
    """The plan is another than the one that the request agrees to. Read it again, then commit it by its `plan_hash`."""

    def __init__(self, plan_id: UUID, *, given: str, current: str) -> None:
        super().__init__(
            f"the hash of plan {plan_id} is {current}, not {shortened(given)}; read GET /plans/{plan_id} and commit "
            "what it shows",
            plan_id=plan_id,
            given=shortened(given),
            current=current,
        )


class PlanEnded(Conflict):
    """A plan that was discarded cannot be committed, and one that was committed cannot be discarded: cancel its
    schedules instead."""

    def __init__(self, plan_id: UUID, *, status: str) -> None:
        then = "cancel its schedules instead" if status == "committed" else "preview the campaign anew"
        super().__init__(f"plan {plan_id} is {status}; {then}", plan_id=plan_id, plan_status=status)


class PlanNotReady(Conflict):
    """The plan is still being made, or was not made in time. Read it with `wait_seconds` until its status is `open`; a
    failed one is asked for again."""

    def __init__(self, plan_id: UUID, *, status: str, deadline: datetime) -> None:
        then = "preview the campaign again" if status == "failed" else "read it with wait_seconds until it is open"
        super().__init__(f"plan {plan_id} is {status}; {then}", plan_id=plan_id, plan_status=status, deadline=deadline)


class InstructionNotFollowed(Conflict):
    """The plan was made without the instruction that was given for it, because it was not understood, or because its
    giver has to agree first. Ask again with other words or with `accept_patch`, or commit it without the instruction,
    with `ignore_instruction`."""

    def __init__(self, plan_id: UUID, *, instruction: str, patch_hash: str | None) -> None:
        agree = f'; preview again with "accept_patch": "{patch_hash}" to have it followed' if patch_hash else ""
        super().__init__(
            f'plan {plan_id} does not follow its instruction ({instruction}); commit it with "ignore_instruction": '
            f"true to do without{agree}",
            plan_id=plan_id,
            instruction=instruction,
            patch_hash=patch_hash,
        )


class StaleVersion(Conflict):
    """The schedule has changed since the version that the request names. Read it again, then decide."""

    def __init__(self, schedule_id: UUID, *, given: int, current: int) -> None:
        super().__init__(
            f"schedule {schedule_id} is at version {current}, not {given}; read it again before changing it",
            schedule_id=schedule_id,
            given=given,
            current=current,
        )


class SendInFlight(Conflict):
    """The post is being sent, or may be out already, so it can be neither moved nor cancelled. Read the schedule again
    in a moment; one that is UNCONFIRMED waits for `POST /schedules/{schedule_id}/confirm`."""

    def __init__(self, schedule_id: UUID, *, status: str, change: str) -> None:
        super().__init__(
            f"schedule {schedule_id} is {status}: its post is being sent or may be out, so it cannot be {change}; "
            f"read GET /schedules/{schedule_id} in a moment, and confirm it if it stays UNCONFIRMED",
            schedule_id=schedule_id,
            schedule_status=status,
        )


class NotUnconfirmed(Conflict):
    """Only an UNCONFIRMED schedule can be confirmed, and a COMPLETED or FAILED one corrected. One that has ended is not
    sent again: try it with `POST /schedules/{schedule_id}/retry`, a COMPLETED one after it was corrected."""

    def __init__(self, schedule_id: UUID, *, status: str) -> None:
        super().__init__(
            f"schedule {schedule_id} is {status}; only an UNCONFIRMED schedule can be confirmed, a COMPLETED or FAILED "
            f"one corrected, and what has ended is sent again with POST /schedules/{schedule_id}/retry",
            schedule_id=schedule_id,
            schedule_status=status,
        )


class NotRetryable(Conflict):
    """Only a FAILED or MISSED schedule can be tried again, because of it nothing is out."""

    def __init__(self, schedule_id: UUID, *, status: str) -> None:
        super().__init__(
            f"schedule {schedule_id} is {status}; only a FAILED or MISSED schedule can be tried again",
            schedule_id=schedule_id,
            schedule_status=status,
        )


class QuotaExceeded(Conflict):
    """The brand would have more schedules ahead than it may. Cancel some, or ask the operator for more."""

    def __init__(self, brand_id: UUID, *, ahead: int, adding: int, most: int) -> None:
        super().__init__(
            f"brand {brand_id} has {ahead} schedules ahead and may have {most}, so {adding} more are too many; cancel "
            "some, or ask the operator for more",
            brand_id=brand_id,
            ahead=ahead,
            adding=adding,
            most=most,
        )


class RequestInProgress(Conflict):
    """A request with this `Idempotency-Key` is being worked on. Ask again in a moment."""

    def __init__(self) -> None:
        super().__init__("a request with this Idempotency-Key is being worked on; ask again in a moment")


class RequestBrokenOff(Conflict):
    """A request with this `Idempotency-Key` was broken off, such as by the end of its process, and nobody knows how far
    it came. It is never done again under this key: look at what was done, as the detail says, and ask for what is
    missing under a new one."""

    def __init__(self, look_at: str) -> None:
        super().__init__(
            "the request with this Idempotency-Key was broken off, and may have done its work or a part of it; it is "
            f"not done again. {look_at}; ask for what is missing under a new key"
        )


class FixedField(Conflict):
    """A field that is fixed at registration was given another value. Register a new object instead."""

    def __init__(self, noun: str, object_id: UUID, *, field: str, current: object, given: object) -> None:
        super().__init__(
            f"{field} of {noun} {object_id} is {current} for good and cannot become {given}; "
            f"register a new {noun} instead",
            id=object_id,
            field=field,
            current=current,
            given=given,
        )


class PostInOtherCampaign(Conflict):
    """A post in the body belongs to another campaign. Move it there one by one with `PUT /posts/{post_id}`."""

    def __init__(self, post_id: UUID, *, campaign_id: UUID) -> None:
        super().__init__(
            f"post {post_id} belongs to campaign {campaign_id}; move it on purpose with PUT /posts/{post_id}",
            post_id=post_id,
            campaign_id=campaign_id,
        )


class ScheduledInCampaign(Conflict):
    """The post has an active schedule, so it cannot leave its campaign by itself: it would escape what holds or cancels
    the campaign. Cancel the schedule first, or send `"take_schedule": true` to take it along."""

    def __init__(self, post_id: UUID, *, campaign_id: UUID, schedule_id: UUID, status: str) -> None:
        super().__init__(
            f"post {post_id} is scheduled in campaign {campaign_id} (schedule {schedule_id}, {status}) and would leave "
            f"it; cancel that first with DELETE /schedule/post/{post_id}, or send "
            '"take_schedule": true to take it along',
            post_id=post_id,
            campaign_id=campaign_id,
            schedule_id=schedule_id,
            schedule_status=status,
        )


class CannotFollow(Conflict):
    """Some schedules cannot be moved along, so nothing was. `details.schedules` names up to a hundred, each with the
    reason: it is being sent or may be out, or its new time would lie in the past, beyond the horizon, or where the
    clock leaves no such time. Move, confirm or cancel those, then ask again."""

    def __init__(self, refused: Sequence[Mapping[str, object]]) -> None:
        first = refused[0]
        super().__init__(
            f"{len(refused)} schedules cannot follow, so nothing was moved, first {first['schedule_id']}: "
            f"{first['reason']}; move, confirm or cancel those, then ask again",
            schedules=list(refused[:100]),
        )


class HistoryChanged(Conflict):
    """The database has gone back, by a failover or a restore: events behind `details.after` that this reader was told
    of are not there any more, and their positions may be those of others. Undo what came of them, and go on with
    `details.after` and `details.history`."""

    def __init__(self, after: int, *, there: int, mark: UUID | None) -> None:
        super().__init__(
            f"events up to {after} were read, and of these only those up to {there} are there: the database has gone "
            f"back, by a failover or a restore, or the position was never given; go on with after={there}",
            after=there,
            read_up_to=after,
            history=mark,
        )


class Deleted(Gone):
    """What was named is not there any more. A post, campaign or brand was deleted: its schedules and events stay,
    without their texts, and its id cannot be used again, so register something new under another. Or a schedule ended
    longer ago than schedules are kept, or a plan than plans are. Or events behind `after` are not kept any more: begin
    anew with `details.after`, and look at what you follow in between."""

    code = "gone"

    @classmethod
    def of(cls, noun: str, object_id: UUID) -> Self:
        return cls(
            f"{noun} {object_id} was deleted, and its id cannot be used again; register a new {noun} under another id",
            id=object_id,
        )

    @classmethod
    def answer(cls) -> Self:
        return cls(
            "the answer to the request with this Idempotency-Key named something that was deleted since, and was "
            "erased with it; what was asked for was done, and is not done again"
        )

    @classmethod
    def schedule(cls, schedule_id: UUID) -> Self:
        return cls(
            f"schedule {schedule_id} ended longer ago than schedules are kept here; GET /schedule lists those that are",
            schedule_id=schedule_id,
        )

    @classmethod
    def plan(cls, plan_id: UUID) -> Self:
        return cls(
            f"plan {plan_id} ended, or was made, longer ago than plans are kept; preview the campaign anew with POST "
            "/campaigns/{campaign_id}/plans",
            plan_id=plan_id,
        )

    @classmethod
    def events(cls, after: int, *, up_to: int, oldest: int | None) -> Self:
        """``up_to`` is the last that was removed, ``oldest`` the first that is there."""
        there = "none is there now" if oldest is None else f"the oldest that is there is {oldest}"
        return cls(
            f"events behind {after} were removed for their age, and {there}; begin anew with after={up_to}, and read "
            "from GET /schedule what became of the schedules that you follow",
            after=up_to,
            oldest=oldest,
        )


class DeletionBlocked(Conflict):
    """Some of its schedules are being sent, or nobody knows whether they are out, so nothing was deleted.
    `details.schedules` names up to a hundred. Wait for what is PUBLISHING; confirm what is UNCONFIRMED or was sent once
    already, or give up on knowing with `?unconfirmed=forget`."""

    def __init__(self, noun: str, object_id: UUID, *, blocking: Sequence[tuple[UUID, str]]) -> None:
        schedule_id, status = blocking[0]
        super().__init__(
            f"{len(blocking)} schedules of {noun} {object_id} are being sent or may be out, so nothing was deleted, "
            f"first {schedule_id}, which is {status}; wait for what is PUBLISHING, and confirm the rest with POST "
            f"/schedules/{{schedule_id}}/confirm, or send ?unconfirmed=forget",
            schedules=[{"schedule_id": each, "status": status} for each, status in blocking[:100]],
        )


class PreconditionFailed(Unmet):
    """The object is not as `If-Match` or `If-None-Match` says, so nothing was changed. `details.current` is its tag as
    it is now, null where nothing exists. Read it again, then decide."""

    def __init__(self, *, current: str | None) -> None:
        found = "nothing exists here yet" if current is None else f"it exists, and its tag is now {current}"
        super().__init__(f"this is not what the request expects: {found}; read it again, then decide", current=current)


class BrandMismatch(Rejected):
    """The post and its campaign belong to different brands."""

    def __init__(self, *, campaign_id: UUID, campaign_brand_id: UUID, brand_id: UUID) -> None:
        super().__init__(
            f"campaign {campaign_id} belongs to brand {campaign_brand_id}, the post to brand {brand_id}; "
            "a post and its campaign have one brand",
            campaign_id=campaign_id,
            campaign_brand_id=campaign_brand_id,
            brand_id=brand_id,
        )


class ContradictoryConfirmation(Rejected):
    """A confirmation says that the post is out and asks to send it again, or says that it is not out and names its id
    on the platform."""

    def __init__(self, schedule_id: UUID, *, field: str, published: bool) -> None:
        super().__init__(
            f'"{field}" contradicts "published": {str(published).lower()} for schedule {schedule_id}; leave one out',
            schedule_id=schedule_id,
            field=field,
        )


class ContradictoryPlanning(Rejected):
    """A request asks to move nothing that stands (`fill`) and to plan it anew (`replace`, `replace_chosen`)."""

    def __init__(self, *, field: str) -> None:
        super().__init__(
            f'"fill" moves nothing that stands, "{field}" plans it anew; leave one of them out', field=field
        )


class NeedsPreview(Rejected):
    """Nothing that a language model takes part in is scheduled unseen: preview the plan, look at it, and commit it."""

    def __init__(self, campaign_id: UUID, *, scheduler: str) -> None:
        route = f"/campaigns/{campaign_id}/plans"
        super().__init__(
            f"what {scheduler} plans is looked at first: POST {route}, then commit the plan",
            scheduler=scheduler,
            preview=route,
        )


class InstructionWithoutAgent(Rejected):
    """Only the scheduler `agentic` understands an instruction in words. `accept_patch` comes with the instruction that
    it belongs to."""

    def __init__(self, *, field: str, scheduler: str) -> None:
        needs = '"instruction"' if scheduler == "agentic" else '"scheduler": "agentic"'
        super().__init__(f'"{field}" needs {needs} beside it, or leave it out', field=field, scheduler=scheduler)


class UnknownPatch(Rejected):
    """No plan of the campaign was shown to which `accept_patch` and this very instruction belong. Preview it without
    `accept_patch`, and name the `patch_hash` of that plan."""

    def __init__(self, campaign_id: UUID, *, patch_hash: str) -> None:
        super().__init__(
            f"no plan of campaign {campaign_id} has shown {quoted(patch_hash)} for this instruction; preview it "
            "without accept_patch first",
            campaign_id=campaign_id,
            accept_patch=patch_hash,
        )


class ContradictoryTime(Rejected):
    """A post gets a time by `timestamp`, or by a `scheduler` that chooses one between `not_before` and `not_after`:
    send one of the two, and bounds only with a scheduler, the earlier one first."""

    @classmethod
    def of_both(cls) -> Self:
        return cls(
            '"timestamp" is a time, "scheduler" chooses one; leave one of them out', fields=["timestamp", "scheduler"]
        )

    @classmethod
    def without_scheduler(cls, field: str) -> Self:
        return cls(
            f'"{field}" says between which times a scheduler chooses; send "scheduler" instead of "timestamp", or '
            f'leave "{field}" out',
            fields=[field],
        )

    @classmethod
    def without_bounds(cls, field: str) -> Self:
        return cls(
            f'"{field}" says how not_before and not_after are read; send one of them too, or leave "{field}" out',
            fields=[field],
        )

    @classmethod
    def of_bounds(cls, not_before: str, not_after: str) -> Self:
        return cls(
            f"not_after, {not_after}, is before not_before, {not_before}; send the earlier one as not_before",
            fields=["not_before", "not_after"],
        )


class IdempotencyKeyReused(Rejected):
    """This `Idempotency-Key` was given for another request to the same path. Give each request a key of its own."""

    def __init__(self) -> None:
        super().__init__(
            "this Idempotency-Key was given with another body, query or If-Match before; give this request a key of "
            "its own"
        )


class UnusableMedia(Rejected):
    """The media URL of a post carries a password, leads inside a network, or has a path that climbs. It is checked
    where it is new; what is stored stays as it is."""

    def __init__(self, post_id: UUID, flaw: str) -> None:
        super().__init__(f"the s3_url of post {post_id} cannot be taken: {flaw}", post_id=post_id, field="s3_url")


class NeedsEveryBrand(Forbidden):
    """This shows figures of every brand, and the caller's key or token is limited to some."""

    def __init__(self) -> None:
        super().__init__("this shows figures of every brand, and yours is limited to some; ask with one that is not")


class DuplicatePost(Rejected):
    """One body names the same post twice."""

    def __init__(self, post_id: UUID) -> None:
        super().__init__(f"post {post_id} stands in the body more than once; name each post once", post_id=post_id)


class Fault(NamedTuple):
    """What is wrong with one of several observations, counted from 0, and in which field."""

    nth: int
    field: str
    wrong: str

    @property
    def place(self) -> str:
        return f"observations[{self.nth}].{self.field}"


class ObservationsRefused(Rejected):
    """Some of the observations cannot be taken, so none was. `details.errors` names up to a hundred, each by its place
    and with what would be right."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        first = faults[0]
        super().__init__(
            f"{len(faults)} of the observations cannot be taken, so none was; first {first.place}: {first.wrong}",
            errors=[{"at": fault.place, "message": fault.wrong} for fault in faults[:100]],
        )


class OrderIncomplete(Rejected):
    """An order of a campaign's posts names each of them once, and no others. `details` names up to a hundred that are
    missing, and up to a hundred that are not the campaign's."""

    def __init__(self, campaign_id: UUID, *, missing: Sequence[UUID], foreign: Sequence[UUID]) -> None:
        wrong = [f"{len(missing)} of them are missing, first {missing[0]}"] if missing else []
        wrong += [f"{len(foreign)} are not posts of it, first {foreign[0]}"] if foreign else []
        super().__init__(
            f"an order names each post of campaign {campaign_id} once and no others: {'; '.join(wrong)}",
            campaign_id=campaign_id,
            missing=list(missing[:100]),
            foreign=list(foreign[:100]),
        )


class DuplicateClaim(Rejected):
    """One body names the same schedule twice."""

    def __init__(self, schedule_id: UUID) -> None:
        super().__init__(
            f"schedule {schedule_id} stands in the body more than once; name each schedule once",
            schedule_id=schedule_id,
        )


class DatesReversed(Rejected):
    """The campaign's last day comes before its first."""

    def __init__(self, *, start_date: date, end_date: date) -> None:
        super().__init__(
            f"end_date {end_date} comes before start_date {start_date}; both days belong to the campaign",
            start_date=start_date,
            end_date=end_date,
        )


class CampaignTooLong(Rejected):
    """The campaign spans more days than can be planned."""

    def __init__(self, *, days: int, most: int) -> None:
        super().__init__(f"the campaign spans {days} days; at most {most} can be planned", days=days, most=most)


class CampaignOver(Rejected):
    """None of the campaign's days has its 19:00 still ahead."""

    def __init__(self, campaign_id: UUID, *, last_day: date, zone: str) -> None:
        super().__init__(
            f"campaign {campaign_id} ended on {last_day} in {zone}: no day with 19:00 still ahead is left; "
            "give it a later end_date",
            campaign_id=campaign_id,
            end_date=last_day,
            timezone=zone,
        )


class TooManyPosts(Rejected):
    """A platform has more posts to place than the campaign has usable days, and the naive scheduler places one a day. A
    day is usable while its 19:00 is ahead and no post of the platform that keeps its time has taken it."""

    def __init__(
        self, campaign_id: UUID, *, platform: str, posts: int, days: int, taken: int = 0, is_today_over: bool = False
    ) -> None:
        why = [
            *(["today's 19:00 is over"] if is_today_over else []),
            *([f"{taken} more taken by {platform} posts that keep their times"] if taken else []),
        ]
        left_out = f" ({', '.join(why)})" if why else ""
        super().__init__(
            f"{posts} {platform} posts do not fit into the {days} usable {'day' if days == 1 else 'days'}{left_out} of "
            f"campaign {campaign_id}, one a day; lengthen the campaign, or take posts out: PUT /posts/{{post_id}} with "
            '"campaign_id": null',
            campaign_id=campaign_id,
            platform=platform,
            posts=posts,
            days=days,
        )


class PlanTooLarge(Rejected):
    """A scheduler that chooses among slots, `queue` or `engagement`, was asked for more posts or more days than it
    plans at once. `details` has the figures. Plan platform by platform with `platforms`, or cut the campaign in two."""

    def __init__(self, campaign_id: UUID, *, what: str, found: int, most: int) -> None:
        super().__init__(
            f"campaign {campaign_id} has {found:,} {what} to plan, and at most {most:,} are planned at once; plan "
            "platform by platform with platforms, or cut the campaign in two",
            campaign_id=campaign_id,
            **{what: found, "most": most},
        )


class TooManyHeld(Rejected):
    """The brand would have more slots held for plans than it may. Commit or discard some plans, or preview without
    `hold_seconds`."""

    def __init__(self, brand_id: UUID, *, held: int, adding: int, most: int) -> None:
        super().__init__(
            f"brand {brand_id} has {held} slots held and may have {most}, so {adding} more are too many; commit or "
            "discard some plans, or preview without hold_seconds",
            brand_id=brand_id,
            held=held,
            adding=adding,
            most=most,
        )


class PolicyViolated(Rejected):
    """A time would break a rule of the brand's policy or of a platform, or a scheduler's plan a rule of its own, so
    nothing was stored. `details.violations` names up to a hundred breaks: of a brand's rule with `rule`,
    `policy_version`, `limit`, `observed`, the schedules that it stands beside (`with`) and the closest open times
    (`nearest`). Choose one of those; or pass over the rule with `override`, which needs the scope `admin`. Where a
    scheduler finds no place for a post, `details.unplaced` says why, with the single changes that would make one."""

    def __init__(
        self,
        sentences: Sequence[str],
        violations: Sequence[Mapping[str, object]] = (),
        *,
        unplaced: Sequence[Mapping[str, object]] = (),
    ) -> None:
        is_left_out = unplaced and not violations
        found = _finding_no_place(len(unplaced)) if is_left_out else _breaking(len(sentences))
        super().__init__(
            f"{found}, first: {sentences[0]}",
            violations=list(violations[:100]) or list(sentences[:100]),
            **({"unplaced": list(unplaced[:100])} if unplaced else {}),
        )


def _finding_no_place(posts: int) -> str:
    return "1 post finds no place" if posts == 1 else f"{posts} posts find no place"


def _breaking(rules: int) -> str:
    return "1 rule would be broken" if rules == 1 else f"{rules} rules would be broken"


class InvalidRule(Rejected):
    """A rule of a policy, or a brand's cap of a platform, has a value that it cannot have. `details` names the rule, by
    number from 1 on and kind, the field, and what would be right."""

    def __init__(self, nth: int, kind: str, *, field: str, wrong: str, right: str) -> None:
        super().__init__(
            f"rule {nth}, {kind}: {wrong}",
            rule=nth,
            kind=kind,
            field=field,
            right=right,
        )


class UnreadableTime(Rejected):
    """The text is not a time in one of the accepted forms, for example `2027-03-17T19:00:00`,
    `2027-03-17T19:00:00-07:00[America/Los_Angeles]` or `2027-03-18T02:00:00Z`."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(f"{quoted(text)} cannot be read as a time: {reason}", value=shortened(text))


class UnknownZone(Rejected):
    """The zone is no IANA time zone id that this service accepts, such as `America/Los_Angeles`."""

    def __init__(self, zone: str, *, hint: str) -> None:
        super().__init__(f"{quoted(zone)} is not a time zone: {hint}", timezone=shortened(zone), hint=hint)


class LocalTimeInGap(Rejected):
    """The wall time does not exist in its zone, because the clock jumps over it, and `disambiguation` is `reject`."""

    def __init__(self, local_time: datetime, zone: str, *, readings: Sequence[Reading]) -> None:
        super().__init__(
            f"{local_time.isoformat()} does not exist in {zone}: the clock jumps over it; "
            "send another time, or another disambiguation than reject",
            case="gap",
            readings=list(readings),
        )


class LocalTimeAmbiguous(Rejected):
    """The wall time happens twice in its zone, because the clock goes back, and `disambiguation` is `reject`."""

    def __init__(self, local_time: datetime, zone: str, *, readings: Sequence[Reading]) -> None:
        super().__init__(
            f"{local_time.isoformat()} happens twice in {zone}: the clock goes back over it; "
            "send earlier or later as disambiguation, or the time with its offset",
            case="overlap",
            readings=list(readings),
        )


class OffsetContradictsZone(Rejected):
    """The offset in the time is not one that the zone uses at that wall time. `details.readings` holds what
    the offset would mean and what the zone would mean."""

    def __init__(self, text: str, zone: str, *, readings: Sequence[Reading]) -> None:
        super().__init__(
            f"the offset of {quoted(text)} is not in use in {zone} at that time; "
            "send one of the readings, or leave out the offset or the zone",
            case="offset",
            readings=list(readings),
        )


class TimeInPast(Rejected):
    """The time is more than a minute in the past. A past time is never turned into "publish now"."""

    def __init__(self, text: str, *, earliest: datetime) -> None:
        super().__init__(
            f"{quoted(text)} is in the past; the earliest time accepted is {earliest:%Y-%m-%dT%H:%M:%SZ}",
            value=shortened(text),
            earliest=earliest,
        )


class BeyondHorizon(Rejected):
    """The time lies further ahead than this service plans."""

    def __init__(self, text: str, *, latest: datetime) -> None:
        super().__init__(
            f"{quoted(text)} is too far ahead; the latest time accepted is {latest:%Y-%m-%dT%H:%M:%SZ}",
            value=shortened(text),
            latest=latest,
        )


class StorageUnavailable(Unavailable):
    """The database cannot be used right now. The request can be sent again as it is."""

    def __init__(self) -> None:
        super().__init__("the database cannot be used right now; send the same request again in a moment")


class ZoneRulesOutdated(Unavailable):
    """This process knows older time zone rules than those that schedules were made with, so it resolves no wall time.
    Times with `Z` are accepted, and so is whatever needs no rules; another replica, or this one after its upgrade,
    takes the rest."""

    def __init__(self, release: str, *, newest: str) -> None:
        super().__init__(
            f"this process has time zone rules {release}, and schedules were made with {newest}; "
            "send the request again when it is upgraded, or send the time with Z",
            tz_release=release,
            newest_tz_release=newest,
        )


class ClocksDisagree(Unavailable):
    """This process's clock is more than a minute from the database's, by which posts are due, so it sends nothing.
    Another process does, or this one when its clock is right."""

    def __init__(self, ahead: timedelta) -> None:
        direction = "ahead of" if ahead > timedelta() else "behind"
        super().__init__(
            f"this machine's clock is {abs(ahead).total_seconds():.0f} s {direction} the database's, so it sends "
            "nothing; let NTP set both",
            seconds_ahead=round(ahead.total_seconds()),
        )


class NothingSentFromHere(Unavailable):
    """This process has not what it takes to send: secrets that webhooks are signed with. Another process sends what is
    due."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"nothing is sent from here: {why}; let `marketmind-scheduler dispatch` send what is due, or give this "
            "process the file, too"
        )


class IdentityProviderUnavailable(Unavailable):
    """The identity provider's keys cannot be read, so tokens cannot be checked. API keys go on to work."""

    def __init__(self) -> None:
        super().__init__("the identity provider's keys cannot be read; try again in a moment")


class SchedulerUnavailable(Unavailable):
    """This scheduler cannot plan right now: others keep it busy, it failed, or this installation lacks what it needs.
    The message says which. Other schedulers are not concerned."""

    def __init__(self, why: str, *, broke: bool = False) -> None:
        super().__init__(why)
        self.broke = broke
