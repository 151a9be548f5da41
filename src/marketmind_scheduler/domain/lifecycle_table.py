"""Everything that can happen to a schedule, wherever it stands: for pictures and papers, and for the suites that hold
every storage to it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from marketmind_scheduler.domain import corrections, lifecycle
from marketmind_scheduler.domain.brand import OnLate
from marketmind_scheduler.domain.lifecycle import PENDING, PUBLISHING
from marketmind_scheduler.domain.pacing import RETRIES
from marketmind_scheduler.domain.schedule import ACTIVE, Confirmation, Hold, ScheduleStatus
from marketmind_scheduler.domain.standing import ClaimState, Standing, Step
from marketmind_scheduler.domain.verdict import VerdictKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that a step may hang on, beside the status."""

    is_retry_left: bool = True
    is_doubtful: bool = False
    drops_repeats: bool = False
    on_late: OnLate = OnLate.SKIP

    def standing(self, status: ScheduleStatus) -> Standing:
        return Standing(
            status=status,
            retry_count=0 if self.is_retry_left else RETRIES,
            is_doubtful=self.is_doubtful,
            on_late=self.on_late,
        )


Happens = Callable[[Standing], Step | None]
"""What follows from one thing that happens; None: it cannot happen there, or changes nothing."""


def _told(verdict: VerdictKind) -> Happens:
    def happens(before: Standing) -> Step | None:
        if before.status is PUBLISHING:
            return lifecycle.after_verdict(before, verdict)
        follows = lifecycle.after_late_verdict(before, verdict, claim=ClaimState.OPEN, remembered=VerdictKind.LOST)
        return follows if isinstance(follows, Step) else None

    return happens


def _put_off(step: Callable[[Standing], Step]) -> Happens:
    return _where(lambda before: before.status is PUBLISHING, step)


def _confirmed(confirmation: Confirmation) -> Happens:
    def happens(before: Standing) -> Step | None:
        if corrections.may_be_corrected(before, confirmation):
            return corrections.corrected(before, confirmation)
        return lifecycle.confirmed(before, confirmation) if lifecycle.may_be_confirmed(before) else None

    return happens


def _where(may_be: Callable[[Standing], bool], step: Callable[[Standing], Step]) -> Happens:
    return lambda before: step(before) if may_be(before) else None


HAPPENINGS: Mapping[str, Happens] = {
    **{str(verdict): _told(verdict) for verdict in VerdictKind if verdict is not VerdictKind.LOST},
    "deferred as told": _put_off(lifecycle.as_told),
    "deferred too far": _put_off(lifecycle.put_off_too_far),
    "lease lost": _where(lambda before: before.status is PUBLISHING, lifecycle.after_lost_lease),
    "too late": _where(
        lambda before: before.status is PENDING and before.on_late is not OnLate.PUBLISH, lifecycle.when_late
    ),
    "no repeat dropped": _where(
        lambda before: before.status is PENDING and before.is_doubtful, lifecycle.when_no_repeat_is_dropped
    ),
    "cancelled": _where(lifecycle.may_be_cancelled, lifecycle.cancelled),
    "moved": _where(lifecycle.may_be_moved, lifecycle.moved),
    "post changed": _where(lambda before: before.status in ACTIVE, lifecycle.post_changed),
    "paused": _where(
        lambda before: before.status in ACTIVE,
        lambda before: lifecycle.held(before, Hold.BRAND_PAUSED),
    ),
    "resumed": _where(
        lambda before: before.status in ACTIVE, lambda before: lifecycle.released(before, Hold.BRAND_PAUSED)
    ),
    "no receiver": _where(
        lambda before: before.status is PENDING,
        lambda before: lifecycle.held(before, Hold.NO_RECEIVER),
    ),
    "receiver found": _where(
        lambda before: before.status is PENDING, lambda before: lifecycle.released(before, Hold.NO_RECEIVER)
    ),
    "confirmed as out": _confirmed(Confirmation.PUBLISHED),
    "to be sent again": _confirmed(Confirmation.SEND_AGAIN),
    "confirmed as failed": _confirmed(Confirmation.FAILED),
    "doubted": _where(lifecycle.may_be_doubted, lifecycle.doubted),
}
"""By name; what a publisher or a puller says is called as its verdict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One thing that happens to one standing, and the step that follows; None: none."""

    happening: str
    status: ScheduleStatus
    facts: Facts
    step: Step | None


def every_case() -> Iterator[Case]:
    """Each happening at each status, under all facts."""
    for name, status, facts in product(HAPPENINGS, ScheduleStatus, every_facts()):
        step = HAPPENINGS[name](facts.standing(status))
        yield Case(
            happening=name,
            status=status,
            facts=facts,
            step=step and step.where_repeats_are(dropped=facts.drops_repeats),
        )


def every_facts() -> Iterator[Facts]:
    for on_late in OnLate:
        for left, doubtful, dropped in product((True, False), repeat=3):
            yield Facts(is_retry_left=left, is_doubtful=doubtful, drops_repeats=dropped, on_late=on_late)


def arrows() -> Mapping[tuple[ScheduleStatus, ScheduleStatus], list[str]]:
    """From where to where, and through what, in the order of ``HAPPENINGS``; what leaves the status as it is, is left
    out. That a send begins is the first."""
    found: dict[tuple[ScheduleStatus, ScheduleStatus], list[str]] = {(PENDING, PUBLISHING): ["a send begins"]}
    for case in every_case():
        if case.step is None or case.step.to.status is case.status:
            continue
        through = found.setdefault((case.status, case.step.to.status), [])
        if case.happening not in through:
            through.append(case.happening)
    return found
