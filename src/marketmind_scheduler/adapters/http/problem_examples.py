"""One occurrence of each domain error, for the documentation."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from marketmind_scheduler.domain import errors
from marketmind_scheduler.domain.errors import SchedulerError
from marketmind_scheduler.domain.readings import Reading

_BRAND = UUID("11111111-1111-1111-1111-111111111111")
_OTHER_BRAND = UUID("66666666-6666-6666-6666-666666666666")
_CAMPAIGN = UUID("22222222-2222-2222-2222-222222222222")
_POST = UUID("33333333-3333-3333-3333-333333333333")
_SCHEDULE = UUID("019d3a5e-7c00-7a1b-8c2d-3e4f5a6b7c8d")
_PLAN = UUID("019d3a5e-7c00-7a1b-8c2d-3e4f5a6b7c8e")
_OTHER_PLAN = UUID("019d3a5e-7c00-7a1b-8c2d-3e4f5a6b7c8f")
_LOS_ANGELES = "America/Los_Angeles"


def _reading(hour: int, local: str) -> Reading:
    return Reading(
        publish_time=datetime(2027, 3, 14, hour, 30, tzinfo=UTC), publish_time_local=f"{local}[{_LOS_ANGELES}]"
    )


_GAP = (_reading(9, "2027-03-14T01:30:00-08:00"), _reading(10, "2027-03-14T03:30:00-07:00"))
_OVERLAP = tuple(
    Reading(
        publish_time=datetime(2027, 11, 7, hour, 30, tzinfo=UTC),
        publish_time_local=f"2027-11-07T01:30:00-0{offset}:00[{_LOS_ANGELES}]",
    )
    for hour, offset in ((8, 7), (9, 8))
)

EXAMPLES: dict[type[SchedulerError], SchedulerError] = {
    type(example): example
    for example in (
        errors.CredentialsMissing(),
        errors.InvalidCredentials(),
        errors.RateLimited(requests=6000, per=timedelta(minutes=1), retry_after=timedelta(seconds=1)),
        errors.TooManyAtOnce("requests that wait", most=50),
        errors.MissingScope("schedules:write", held=["schedules:read"]),
        errors.BrandNotFound(_BRAND),
        errors.CampaignNotFound(_CAMPAIGN),
        errors.PostNotFound(_POST),
        errors.PolicyVersionNotFound(_BRAND, version=7, latest=3),
        errors.ScheduleNotFound(_POST),
        errors.Deleted.of("post", _POST),
        errors.UnknownSchedule(_SCHEDULE),
        errors.PlanNotFound(_PLAN),
        errors.RunNotFound(_PLAN),
        errors.RunForgotten(_PLAN),
        errors.NoPostsToSchedule(_CAMPAIGN, platforms=["TIKTOK"], out_already=0),
        errors.AlreadyScheduled(
            _POST, schedule_id=_SCHEDULE, publish_time=datetime(2027, 3, 18, 2, tzinfo=UTC), status="PENDING"
        ),
        errors.AlreadyPublished(_POST, schedule_id=_SCHEDULE),
        errors.CampaignAlreadyScheduled(_CAMPAIGN, scheduled=2, posts=3),
        errors.PlanOutdated(
            _PLAN,
            changed=["window"],
            since=["the campaign's days changed, to 2027-03-15 to 2027-03-21"],
            sentences=[f"post {_POST} is not to be placed: it has a schedule already, or is none of the campaign's"],
            first=[f"post {_POST} is not to be placed: it has a schedule already, or is none of the campaign's"],
            violations=[f"post {_POST} is not to be placed: it has a schedule already, or is none of the campaign's"],
            fresh_id=_OTHER_PLAN,
        ),
        errors.PlanHashDiffers(_PLAN, given="5f2b8d0c", current="7e1a4f6b"),
        errors.PlanEnded(_PLAN, status="discarded"),
        errors.PlanNotReady(_PLAN, status="preparing", deadline=datetime(2027, 3, 1, 12, 2, tzinfo=UTC)),
        errors.InstructionNotFollowed(_PLAN, instruction="not_understood", patch_hash=None),
        errors.StaleVersion(_SCHEDULE, given=1, current=2),
        errors.SendInFlight(_SCHEDULE, status="PUBLISHING", change="moved"),
        errors.NotUnconfirmed(_SCHEDULE, status="COMPLETED"),
        errors.NotRetryable(_SCHEDULE, status="COMPLETED"),
        errors.ContradictoryConfirmation(_SCHEDULE, field="send_again", published=True),
        errors.QuotaExceeded(_BRAND, ahead=99_999, adding=7, most=100_000),
        errors.RequestInProgress(),
        errors.RequestBrokenOff("`GET /events` tells what was sent, and what became of it"),
        errors.FixedField("post", _POST, field="platform", current="TWITTER", given="TIKTOK"),
        errors.PostInOtherCampaign(_POST, campaign_id=_CAMPAIGN),
        errors.ScheduledInCampaign(_POST, campaign_id=_CAMPAIGN, schedule_id=_SCHEDULE, status="PENDING"),
        errors.CannotFollow([{"schedule_id": _SCHEDULE, "post_id": _POST, "reason": "it is PUBLISHING"}]),
        errors.DeletionBlocked("campaign", _CAMPAIGN, blocking=[(_SCHEDULE, "UNCONFIRMED")]),
        errors.PreconditionFailed(current='"2f6b1c0d9e8a47335b1d0c6f7e2a9b84"'),
        errors.BrandMismatch(campaign_id=_CAMPAIGN, campaign_brand_id=_BRAND, brand_id=_OTHER_BRAND),
        errors.IdempotencyKeyReused(),
        errors.DuplicatePost(_POST),
        errors.ObservationsRefused([errors.Fault(0, "post_id", f"there is no post {_POST}; register it")]),
        errors.OrderIncomplete(_CAMPAIGN, missing=[_POST], foreign=[]),
        errors.DuplicateClaim(_SCHEDULE),
        errors.DatesReversed(start_date=date(2027, 3, 21), end_date=date(2027, 3, 15)),
        errors.CampaignTooLong(days=4000, most=1827),
        errors.ContradictoryPlanning(field="replace"),
        errors.NeedsPreview(_CAMPAIGN, scheduler="agentic"),
        errors.InstructionWithoutAgent(field="instruction", scheduler="naive"),
        errors.UnknownPatch(_CAMPAIGN, patch_hash="5f2b8d0c"),
        errors.ContradictoryTime.of_both(),
        errors.CampaignOver(_CAMPAIGN, last_day=date(2027, 3, 21), zone=_LOS_ANGELES),
        errors.PlanTooLarge(_CAMPAIGN, what="days", found=400, most=366),
        errors.TooManyPosts(_CAMPAIGN, platform="TWITTER", posts=9, days=7),
        errors.TooManyHeld(_BRAND, held=990, adding=20, most=1000),
        errors.PolicyViolated([f"post {_POST} has no placement"]),
        errors.InvalidRule(
            2, "min_gap", field="minutes", wrong="minutes is 0, and must be 1 to 525600", right="1 to 525600"
        ),
        errors.UnreadableTime("2027-03-17 19:00", "write T between the date and the time of day"),
        errors.UnknownZone("PST", hint="an abbreviation names several zones; say for example America/Los_Angeles"),
        errors.LocalTimeInGap(datetime(2027, 3, 14, 2, 30), _LOS_ANGELES, readings=_GAP),  # noqa: DTZ001
        errors.LocalTimeAmbiguous(datetime(2027, 11, 7, 1, 30), _LOS_ANGELES, readings=_OVERLAP),  # noqa: DTZ001
        errors.OffsetContradictsZone("2027-03-14T01:30:00-07:00", _LOS_ANGELES, readings=_GAP),
        errors.TimeInPast("2020-03-17T19:00:00", earliest=datetime(2027, 3, 1, 12, tzinfo=UTC)),
        errors.BeyondHorizon("2040-03-17T19:00:00", latest=datetime(2032, 3, 1, 12, tzinfo=UTC)),
        errors.HistoryChanged(2861, there=2514, mark=UUID("7c9d2f1e-3b4a-4c5d-8e6f-0a1b2c3d4e5f")),
        errors.UnusableMedia(_POST, "it carries a user or a password; leave them out"),
        errors.NeedsEveryBrand(),
        errors.StorageUnavailable(),
        errors.IdentityProviderUnavailable(),
        errors.ZoneRulesOutdated("2026a", newest="2026f"),
        errors.ClocksDisagree(timedelta(minutes=10)),
        errors.NothingSentFromHere("default.secret_files: /run/secrets/webhook is not there"),
        errors.SchedulerUnavailable("other plans are being made; send the same request again in a few seconds"),
    )
}
