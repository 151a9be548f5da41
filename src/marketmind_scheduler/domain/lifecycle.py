"""The life of a schedule: where it stands after whatever may happen to it, and what is told of that.

All of its rules are here. What only the storage's clock can say comes in as a fact, or is left open as ``otherwise``;
the storage finds, locks, fences and records.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache

from marketmind_scheduler.domain.brand import OnLate
from marketmind_scheduler.domain.errors import SendInFlight
from marketmind_scheduler.domain.event import EventKind
from marketmind_scheduler.domain.pacing import RETRIES
from marketmind_scheduler.domain.schedule import ACTIVE, OF_ITS_TIME, Confirmation, Hold, Schedule, ScheduleStatus
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.standing import ClaimState, Standing, Step
from marketmind_scheduler.domain.verdict import Recorded, VerdictKind
from marketmind_scheduler.domain.wall_clock import Slot

PENDING, PUBLISHING, UNCONFIRMED = ScheduleStatus.PENDING, ScheduleStatus.PUBLISHING, ScheduleStatus.UNCONFIRMED
COMPLETED, FAILED = ScheduleStatus.COMPLETED, ScheduleStatus.FAILED


def may_be_claimed(before: Standing, *, is_due: bool, is_too_late: bool, drops_repeats: bool) -> bool:
    """Whether it may be handed out to be sent; what may be out already, only where a repeat is certainly dropped."""
    may_be_sent = before.status is PENDING and not before.holds and is_due and not is_too_late
    return may_be_sent and (drops_repeats or not before.is_doubtful)


def claimed(before: Standing) -> Standing:
    """It is handed out, which is to say that its send begins: from here on only whoever has it can say that it is not
    out."""
    return replace(before, status=PUBLISHING)


def drops_repeats_until(
    before: Standing, *, so_far: datetime | None, window: timedelta | None, now: datetime
) -> datetime | None:
    """Until when a repeat of the send that begins now is certainly dropped by its receiver, who promises that for
    ``window`` after each; None: no repeat ever is. A repeat does not prolong the window of the send that it repeats."""
    if window is None:
        return None
    return min(so_far, now + window) if before.is_doubtful and so_far is not None else now + window


@lru_cache(1024)  # asked for every send, and there are few standings: 0.5 us instead of 3.0
def after_verdict(before: Standing, verdict: VerdictKind, *, is_counted: bool = False) -> Step:
    """What follows from what is known of a send. ``is_counted``: its lease ran out before, and used the retry up.

    A send that certainly did not take place uses no retry, nor does one that its receiver would refuse whatever it
    were. One that was put off, or whose outcome nobody knows, is repeated while a retry is left; but what may be out,
    only as long as a repeat is certainly dropped. What may be out never ends as FAILED, for that means that nothing is.
    """
    if verdict is VerdictKind.ACCEPTED:
        return Step(to=ended(before, COMPLETED), event=EventKind.COMPLETED, closes=True)
    is_unsent, is_unknown = verdict is VerdictKind.UNSENT, verdict is VerdictKind.UNKNOWN
    is_free = is_unsent or verdict is VerdictKind.MISDIRECTED
    may_be_out = is_unknown or before.is_doubtful
    failed = _failed(replace(before, is_doubtful=may_be_out), closes=True)
    is_left = is_counted or before.retry_count < before.max_retries
    if not (is_free or (verdict in (VerdictKind.DEFERRED, VerdictKind.UNKNOWN) and is_left)):
        return failed
    retries = before.retry_count + (not is_free and not is_counted)
    return Step(
        to=replace(before, status=PENDING, retry_count=retries, is_doubtful=may_be_out),
        event=None if is_unsent and before.status is not UNCONFIRMED else EventKind.RETRYING,
        closes=True,
        otherwise=failed if may_be_out else None,
    )


def as_told(before: Standing) -> Step:
    """Its receiver put it off and said until when: it waits as told, and no retry is used."""
    return after_verdict(before, VerdictKind.DEFERRED, is_counted=True)


def put_off_too_far(before: Standing) -> Step:
    """Its receiver takes it again only when it may not go out any more: it ends at once, as its brand says of what is
    late; where its brand publishes however late, as FAILED."""
    pending = replace(before, status=PENDING)
    if before.on_late is OnLate.PUBLISH:
        return _failed(pending, closes=True)
    return replace(when_late(pending), closes=True)


def after_late_verdict(
    before: Standing, verdict: VerdictKind, *, claim: ClaimState, remembered: VerdictKind | None, is_told: bool = False
) -> Step | Recorded:
    """What follows from a verdict whose lease is over; ``remembered`` is what the attempt of its claim is remembered
    with, None where whoever says it was given no such claim, and ``is_told`` that its receiver said until when to wait.
    Without a step it changes nothing, being a repetition or stale.

    It counts while its claim is open. ``accepted`` counts later too, as long as the schedule is active and no newer
    send has begun: what is known to be out must not be sent again.
    """
    if claim is ClaimState.OPEN and before.status in ACTIVE:
        return after_verdict(before, verdict, is_counted=is_told or before.status is PENDING)
    if remembered is verdict:
        return Recorded.REPEATED
    was_given = claim is ClaimState.ANSWERED or remembered is not None
    if verdict is VerdictKind.ACCEPTED and was_given and before.status in (PENDING, UNCONFIRMED):
        return replace(after_verdict(before, verdict), revokes=True)
    return Recorded.REPEATED if claim is ClaimState.ANSWERED else Recorded.STALE


def after_lost_lease(before: Standing) -> Step:
    """Its lease ran out and no verdict came; the claim keeps its word, should one come late. Nobody knows
    whether it is out: it is repeated only while a repeat is certainly dropped and a retry is left."""
    unconfirmed = Step(to=replace(before, status=UNCONFIRMED), event=EventKind.UNCONFIRMED)
    if before.retry_count >= before.max_retries:
        return unconfirmed
    repeated = replace(before, status=PENDING, retry_count=before.retry_count + 1, is_doubtful=True)
    return Step(to=repeated, event=EventKind.RETRYING, otherwise=unconfirmed)


def when_no_repeat_is_dropped(before: Standing) -> Step:
    """It may be out, waits to be sent again, and its receiver does not drop a repeat any more: nothing sends it until a
    person has looked."""
    return _failed(before)


def when_late(before: Standing) -> Step:
    """It was not sent by its latest time, and its brand does not publish late: skipped, or held for a person. What may
    be out is not missed."""
    if before.is_doubtful:
        unconfirmed = replace(before, status=UNCONFIRMED, holds=before.holds - OF_ITS_TIME)
        return Step(to=unconfirmed, event=EventKind.UNCONFIRMED)
    if before.on_late is OnLate.HOLD:
        return Step(to=replace(before, holds=before.holds | {Hold.LATE}), event=EventKind.PARKED)
    return Step(to=ended(before, ScheduleStatus.MISSED), event=EventKind.MISSED)


def cancelled(before: Standing) -> Step:
    """A caller calls it off: no send of it begins any more. What may be out is not CANCELLED, for that means that
    nothing is."""
    if before.is_doubtful:
        unconfirmed = replace(before, status=UNCONFIRMED, holds=before.holds - OF_ITS_TIME)
        return Step(to=unconfirmed, event=EventKind.UNCONFIRMED, revokes=True, closes=True)
    to = ended(before, ScheduleStatus.CANCELLED)
    return Step(to=to, event=EventKind.CANCELLED, revokes=True, closes=True)


def moved(before: Standing) -> Step:
    """A caller gives it another time: it is no longer late, and starts afresh."""
    to = replace(_afresh(before), holds=before.holds - OF_ITS_TIME)
    return Step(to=to, event=EventKind.RESCHEDULED, revokes=True, closes=True)


def confirmed(before: Standing, confirmation: Confirmation) -> Step:
    """A person says what became of an UNCONFIRMED one: a person's word ends every doubt, and to send it again means
    however late."""
    certain = replace(before, is_doubtful=False, holds=before.holds - OF_ITS_TIME)
    match confirmation:
        case Confirmation.PUBLISHED:
            to, event = ended(certain, COMPLETED), EventKind.COMPLETED
        case Confirmation.FAILED:
            to, event = ended(certain, FAILED), EventKind.FAILED
        case Confirmation.SEND_AGAIN:
            to = replace(_afresh(certain), status=PENDING, on_late=OnLate.PUBLISH)
            event = EventKind.RETRYING
    return Step(to=to, event=event, revokes=True, closes=True)


def doubted(before: Standing) -> Step:
    """It may have been sent without our knowing, as after a restore from a backup: nothing sends it until a person has
    looked."""
    unconfirmed = replace(before, status=UNCONFIRMED, holds=before.holds - OF_ITS_TIME)
    return Step(to=unconfirmed, event=EventKind.UNCONFIRMED, revokes=True, closes=True)


def held(before: Standing, hold: Hold) -> Step:
    """Its brand or campaign is paused, or it is due and nobody publishes its lane. A send that has begun goes on, and
    the schedule stays held if it comes back."""
    return Step(to=replace(before, holds=before.holds | {hold}), event=EventKind.PARKED)


def post_changed(before: Standing) -> Step:
    """Its post says something else now. A send that has begun goes on with what it said."""
    return Step(to=before, event=EventKind.POST_CHANGED)


def released(before: Standing, hold: Hold) -> Step:
    """Its brand or campaign goes on, or it has left it, or somebody publishes its lane; other holds stay."""
    return Step(to=replace(before, holds=before.holds - {hold}), event=EventKind.RESUMED)


def may_be_moved(before: Standing) -> bool:
    """Whether it certainly is not out, and nothing sends it now."""
    return before.status is PENDING and not before.is_doubtful


def may_be_cancelled(before: Standing) -> bool:
    return before.status is PENDING


def may_be_confirmed(before: Standing) -> bool:
    return before.status is UNCONFIRMED


def may_be_tried_again(before: Standing) -> bool:
    """Whether its post may be given a new schedule that makes good for it: it ended, and certainly is not out."""
    return before.status in (FAILED, ScheduleStatus.MISSED)


def may_be_doubted(before: Standing) -> bool:
    return before.status in (PENDING, PUBLISHING)


def move(schedule: Schedule, slot: Slot, *, now: datetime, scheduler: SchedulerKind | None = None) -> Schedule:
    """The schedule at another time, chosen at ``now`` by a person, else by ``scheduler``; raises SendInFlight."""
    before = Standing.of(schedule)
    if not may_be_moved(before):
        raise SendInFlight(schedule.schedule_id, status=schedule.status, change="moved")
    to = moved(before).to
    return replace(
        schedule,
        slot=slot,
        scheduler=scheduler,
        holds=to.holds,
        max_retries=to.max_retries,
        latest_at=schedule.latest_at and schedule.latest_at + (slot.publish_time - schedule.publish_time),
        version=schedule.version + 1,
        updated_at=now,
    )


def _afresh(before: Standing) -> Standing:
    return replace(before, max_retries=before.retry_count + RETRIES)


def ended(before: Standing, status: ScheduleStatus) -> Standing:
    """Nothing keeps an ended schedule from being sent but its end."""
    return replace(before, status=status, is_doubtful=False, holds=frozenset())


def _failed(before: Standing, *, closes: bool = False) -> Step:
    """It is not tried again by itself."""
    if before.is_doubtful:
        return Step(to=replace(before, status=UNCONFIRMED), event=EventKind.UNCONFIRMED, closes=closes)
    return Step(to=ended(before, FAILED), event=EventKind.FAILED, closes=closes)
