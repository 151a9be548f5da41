"""From claims to verdicts: a claim is the record that its send begins, and a send is given up before its lease ends."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Self

from marketmind_scheduler.application.dispatch.deadlines import Deadlines
from marketmind_scheduler.application.dispatch.settling import Ended
from marketmind_scheduler.application.dispatch.traffic import Traffic
from marketmind_scheduler.domain.attempt import Attempt, Claim, conclude, settlement
from marketmind_scheduler.domain.pacing import RetryPolicy
from marketmind_scheduler.domain.verdict import Refused, Unknown, Unsent, Verdict, VerdictKind
from marketmind_scheduler.ports.dispatch_observer import DispatchObserver
from marketmind_scheduler.ports.publisher import Publisher, Target
from marketmind_scheduler.ports.tracing import Tracing

_NOT_BEGUN = Unsent("the send did not begin in time", timedelta(seconds=0.25))
_STALLED = Unsent("too little of the lease was left when the send was to begin")
_WORD_OF_THE_PUBLISHER = timedelta(seconds=1)
_TO_SETTLE = timedelta(seconds=4)  # one turn at the storage


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchLimits:
    """How long things may take. ``send_timeout`` is what a publisher gives its receiver; whatever lasts longer is
    derived from it. A lease must outlast two sends, for one may wait for its turn."""

    lease: timedelta = timedelta(seconds=30)
    send_timeout: timedelta = timedelta(seconds=10)
    grace: timedelta = timedelta(seconds=20)

    def __post_init__(self) -> None:
        if self.lease < 2 * self.least_lease:
            raise ValueError(f"a lease of {self.lease} is too short for sends of {self.send_timeout}")

    @classmethod
    def of(cls, *, lease: timedelta, send_timeout: timedelta) -> Self:
        """With a grace in which every send that has begun ends and is settled. Raises ValueError where the lease is too
        short."""
        limits = cls(lease=lease, send_timeout=send_timeout)
        return replace(limits, grace=max(limits.grace, limits.given_up_after + _TO_SETTLE))

    @property
    def given_up_after(self) -> timedelta:
        """When the dispatcher gives up a publisher, which has given up its receiver before: an answer that has come is
        judged by whoever has it."""
        return self.send_timeout + min(_WORD_OF_THE_PUBLISHER, self.send_timeout / 4)

    @property
    def least_lease(self) -> timedelta:
        """What must be left of a lease when a send begins: its time, and a half for what is slow besides."""
        return self.send_timeout * 1.5

    @property
    def longest_wait(self) -> timedelta:
        """How long after its claim a send may still be made: this process may have been stalled meanwhile."""
        return self.lease - self.least_lease


@dataclass(slots=True)  # not frozen: one is made for each send, in a third of the time
class BegunSend:
    """A send that is to be made now. ``claimed_at``: just before it was claimed, by our own clock."""

    attempt: Attempt
    target: Target
    claimed_at: float


class Sender:
    """The sends of one process."""

    def __init__(
        self,
        *,
        publisher: Publisher,
        traffic: Traffic,
        observer: DispatchObserver,
        monotonic: Callable[[], float],
        limits: DispatchLimits,
        retries: RetryPolicy,
        tracing: Tracing,
    ) -> None:
        self._publisher = publisher
        self._traffic = traffic
        self._observer = observer
        self._monotonic = monotonic
        self._retries = retries
        self._tracing = tracing
        self._deadlines = Deadlines(limits.given_up_after.total_seconds())
        self._longest_wait = limits.longest_wait.total_seconds()
        self._least_lease = limits.least_lease.total_seconds()
        self._no_answer = Unknown(f"no answer within {limits.send_timeout.total_seconds():g} s")

    def begin(self, attempts: Sequence[Attempt], *, claimed_at: float) -> tuple[Sequence[BegunSend], Sequence[Ended]]:
        """Let these enter the traffic; return those that did, and the others as they are to be settled: unsent."""
        for platform, count in Counter(attempt.claim.platform for attempt in attempts).items():
            self._observer.claimed(platform, count)
        begun: list[BegunSend] = []
        ended: list[Ended] = []
        for attempt in attempts:
            claim = attempt.claim
            target = self._publisher.target_of(claim.brand_id, claim.platform)
            if waits := self._traffic.enter(claim.platform, target):
                ended.append(self._unsent(claim, waits))
            elif target is not None:
                begun.append(BegunSend(attempt, target, claimed_at))
        return begun, ended

    async def send(self, begun: BegunSend) -> Ended:
        """Publish once, and say what became of it. It counts as in flight until ``done``. What begins too late for its
        lease, because this process stood still since the claim, is not sent."""
        attempt, claim = begun.attempt, begun.attempt.claim
        self._observer.began(claim.platform, attempt.late_by)
        started_at = self._monotonic()
        if started_at - begun.claimed_at > self._longest_wait:
            verdict: Verdict = _STALLED
            seconds = 0.0
        else:
            verdict = await self._published(attempt)
            seconds = self._monotonic() - started_at
            is_unasked = isinstance(verdict, Refused) and verdict.is_unasked
            if not is_unasked and seconds < self._least_lease:  # else it was this process that stood still
                verdict = self._traffic.learn(claim, begun.target, verdict)
        took = timedelta(seconds=seconds)
        now = attempt.begun_at + took
        concluded = conclude(claim, verdict, policy=self._retries, jitter=random.random(), now=now)  # noqa: S311
        self._observer.ended(claim.platform, concluded.verdict, took)
        return claim, concluded

    def done(self, begun: BegunSend) -> None:
        """It is out of our hands: there is room for another one."""
        self._traffic.leave(begun.attempt.claim.platform, begun.target)

    def release(self, attempts: Sequence[Attempt]) -> Sequence[Ended]:
        """Claims that are given back without a send."""
        return [self._unsent(attempt.claim, _NOT_BEGUN) for attempt in attempts]

    async def _published(self, attempt: Attempt) -> Verdict:
        try:
            with self._tracing.send():
                return await self._deadlines.wait_for(self._publisher.publish(attempt))
        except TimeoutError:
            return self._no_answer
        except Exception as surprise:  # noqa: BLE001  # a publisher's bug must not strand the others
            self._observer.surprised(surprise)
            return Unknown(f"the publisher failed: {type(surprise).__name__}")

    def _unsent(self, claim: Claim, verdict: Unsent) -> Ended:
        return claim, settlement(
            claim, VerdictKind.UNSENT, delay=verdict.retry_after or timedelta(), reason=verdict.reason
        )
