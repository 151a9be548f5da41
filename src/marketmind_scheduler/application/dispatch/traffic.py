"""How much may be sent where at once, and who is left alone because it does not answer or refuses everything."""

import math
import random
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from marketmind_scheduler.application.reachability import no_receiver
from marketmind_scheduler.domain.attempt import Claim
from marketmind_scheduler.domain.breaker import Breaker, BreakerState
from marketmind_scheduler.domain.pacing import WITHOUT_TARGET
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.verdict import Accepted, Misdirected, Refused, Unsent, Verdict
from marketmind_scheduler.ports.dispatch_observer import SendObserver
from marketmind_scheduler.ports.dispatch_queue import Wanted
from marketmind_scheduler.ports.publisher import Publisher, Target

_MOST_AT_ONCE = 500
_MOST_IN_A_CLAIM = 250
"""Half of what may be in flight, so that these go out while the next are asked for."""
_MOST_REMEMBERED = 10_000
_BUSY = timedelta(seconds=1)


Outlet = tuple[Platform, str]
"""One target on one platform: what is limited and left alone together."""


class Traffic:
    """The sends in flight of one process. A target that serves several platforms is counted for each by itself."""

    def __init__(self, publisher: Publisher, *, observer: SendObserver, monotonic: Callable[[], float]) -> None:
        self._publisher = publisher
        self._observer = observer
        self._monotonic = monotonic
        self._in_flight: Counter[Outlet] = Counter()
        self._sends = 0  # all of them
        self._accepted: Counter[Outlet] = Counter()
        self._breakers: dict[Outlet, Breaker] = {}  # of those where something has gone wrong since the last accepted
        self._misdirected: dict[UUID, int] = {}  # how many posts its target had accepted by then, the oldest first

    @property
    def in_flight(self) -> int:
        return self._sends

    def wanted(self, platforms: Collection[Platform], *, least_lease: timedelta) -> Mapping[Outlet, Wanted]:
        """How many more sends of one claim each outlet can take now; those without room are left out."""
        free = {outlet: each for platform in platforms for outlet, each in self._free(platform, least_lease)}
        left = min(_MOST_IN_A_CLAIM, max(0, _MOST_AT_ONCE - self.in_flight))
        share = left / max(left, 1, sum(each.room for each in free.values()))
        shared = {outlet: replace(each, room=math.ceil(each.room * share)) for outlet, each in free.items()}
        return {outlet: each for outlet, each in shared.items() if each.room}

    def is_full(self, platforms: Collection[Platform]) -> bool:
        """Whether there is no more room, of some outlet or of all together."""
        return self._sends >= _MOST_AT_ONCE or any(
            self._room((platform, route.target.name), route.target) <= 0
            for platform in platforms
            for route in self._publisher.routes(platform)
        )

    def enter(self, platform: Platform, target: Target | None) -> Unsent | None:
        """Count one more send to the target; else say why it has to wait, and how long."""
        if target is None:
            return Unsent(no_receiver(platform), WITHOUT_TARGET)
        outlet = platform, target.name
        breaker = self._breakers.get(outlet)
        if breaker is not None and (rest := breaker.rest(self._now())):
            why = f"{target.name} {breaker.why} and is left alone for a while"
            return Unsent(why, rest + _jitter(_BUSY))
        if self._room(outlet, target) <= 0:
            return Unsent(f"{target.name} is busy", _BUSY + _jitter(_BUSY))
        self._in_flight[outlet] += 1
        self._sends += 1
        return None

    def leave(self, platform: Platform, target: Target) -> None:
        """A send that had entered has ended, or never began."""
        self._in_flight[platform, target.name] -= 1
        self._sends -= 1

    def learn(self, claim: Claim, target: Target, verdict: Verdict) -> Verdict:
        """Let the breaker know how a send ended. An outage comes back with the time to wait, and so does a refusal that
        speaks of the receiver, unless it turns out to speak of the post."""
        outlet = claim.platform, target.name
        since = self._misdirected.pop(claim.schedule_id, None) if self._misdirected else None
        if isinstance(verdict, Accepted) and outlet not in self._breakers:
            self._accepted[outlet] += 1
            return verdict
        before, now = self._breaker(outlet), self._now()
        if isinstance(verdict, Misdirected) and before.judges_posts(since=since):
            verdict = Refused(verdict.reason)
        after = before.after(verdict, now=now)
        self._accepted[outlet] = after.accepted
        if after.is_well:
            self._breakers.pop(outlet, None)
        else:
            self._breakers[outlet] = after
        if (state := after.state(now)) is not before.state(now):
            self._observer.breaker(claim.platform, target.name, state)
        if isinstance(verdict, Misdirected):
            self._remember(claim, after.accepted)
        if isinstance(verdict, Misdirected | Unsent):
            return replace(verdict, retry_after=max(after.rest(now), _BUSY) + _jitter(_BUSY))
        return verdict

    def _free(self, platform: Platform, least_lease: timedelta) -> Iterable[tuple[Outlet, Wanted]]:
        """What each outlet of the platform has room for by itself."""
        routes = self._publisher.routes(platform)
        of_brands = frozenset(route.brand_id for route in routes if route.brand_id is not None)
        for route in routes:
            outlet = platform, route.target.name
            if (room := self._room(outlet, route.target)) > 0:
                yield (
                    outlet,
                    Wanted(
                        platform=platform,
                        room=room,
                        resend_window=route.target.resend_window,
                        least_lease=least_lease,
                        brand_id=route.brand_id,
                        others=frozenset() if route.brand_id else of_brands,
                    ),
                )

    def _remember(self, claim: Claim, accepted: int) -> None:
        """What another process sends again is never heard of here, so the oldest are forgotten."""
        self._misdirected[claim.schedule_id] = accepted
        if len(self._misdirected) > _MOST_REMEMBERED:
            del self._misdirected[next(iter(self._misdirected))]

    def _room(self, outlet: Outlet, target: Target) -> int:
        most = target.sends_at_once
        if (breaker := self._breakers.get(outlet)) is not None:
            state = breaker.state(self._now())
            most = {BreakerState.OPEN: 0, BreakerState.HALF_OPEN: 1, BreakerState.CLOSED: most}[state]
        return max(0, most - self._in_flight[outlet])

    def _breaker(self, outlet: Outlet) -> Breaker:
        return self._breakers.get(outlet) or Breaker(accepted=self._accepted[outlet])

    def _now(self) -> timedelta:
        return timedelta(seconds=self._monotonic())


def _jitter(most: timedelta) -> timedelta:
    return most * random.random()  # noqa: S311
