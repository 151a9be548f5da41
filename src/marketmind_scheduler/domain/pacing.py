"""The numbers that rule how long things wait and how often they are tried; each stands here and nowhere else."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from marketmind_scheduler.domain.post import Platform

RETRIES = 3
"""How often a send is repeated after the first; as many again once somebody has moved or confirmed the schedule."""

OVERDUE = timedelta(minutes=5)
"""What has been due for longer is a backlog, and goes out at the paces below."""

PACES = {
    platform: timedelta(minutes=10) if platform is Platform.REDDIT else timedelta(seconds=30) for platform in Platform
}
"""How far apart a brand's overdue posts on a platform go out, after downtime or a pause."""

SOON = timedelta(seconds=2)
"""What is due by then gets its place behind the others of its lane, where that is behind; longer than from one look at
the lanes to the next."""

MOST_AT_FULL_PACE = 60
"""Where more posts wait on a lane they go out closer together, so that none waits for longer than so many would: else a
lane that gets posts faster than its pace would never catch up."""

PATIENCE = timedelta(minutes=15)
"""Posts of a lane wait for one before them that is to be sent within it; one that was put off for longer, they pass."""

WITHOUT_TARGET = timedelta(seconds=30)
"""How long a post waits for which no target is configured, before one is looked for again: it is held first."""

CLAIMED_WITHIN = timedelta(minutes=1)
"""What has been due for longer and is still unclaimed says so, as `status` calls it late."""

NOBODY_CAME = timedelta(seconds=5)
"""What has been due for longer and has no receiver is held: until then, another process or a puller may take it."""

CLOCKS_AGREE = timedelta(minutes=1)
"""Whoever's clock is further than this from the storage's sends nothing: receivers refuse what is signed by it."""

MOST_PUT_OFF = timedelta(days=7)
"""For how long after its publish time a receiver may put a post off that its brand publishes however late."""

LOST_RACES = 3
"""How often work is done again that another transaction got in the way of."""

GROWN, MANY_ROWS = 10, 1000
"""A table that has so many times the rows that were counted last, and so many at least, is counted anew: what is
planned for few rows may look through all of many."""

_LONGEST_PAUSE_SECONDS = 0.05
_SPREAD_OF_RETRY_AFTER = 0.1
_LONGEST_SPREAD = timedelta(minutes=5)
_SHARE_OF_LATENESS = 0.05
_FIRST_LOSS = timedelta(seconds=5)
_LONGEST_LOSS = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Exponential back-off with equal jitter, as in "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015)."""

    first: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(minutes=15)

    def delay(self, *, retry_count: int, jitter: float) -> timedelta:
        """How long to wait before the next attempt; ``jitter`` is drawn from [0, 1).

        Between half of and the whole ``first`` doubled ``retry_count`` times, ``longest`` at most.
        """
        curve = min(self.longest, self.first * 2 ** min(retry_count, 16))
        return curve * (1 + jitter) / 2

    def delay_as_told(self, retry_after: timedelta, *, late_by: timedelta, jitter: float) -> timedelta:
        """How long to wait where the receiver says how long: so long, and up to a tenth or five minutes on top, so that
        many do not return at once. A receiver that says "soon" again and again is asked less and less: at least
        ``first`` lies between, and a twentieth of what the post is late, ``longest`` at most."""
        spread = min(retry_after * _SPREAD_OF_RETRY_AFTER, _LONGEST_SPREAD) * jitter
        seldom = min(self.longest, max(self.first, late_by * _SHARE_OF_LATENESS))
        return max(retry_after + spread, seldom * (1 + jitter) / 2)


def may_be_put_off_until(publish_time: datetime, *, latest_at: datetime | None) -> datetime:
    """Up to when a receiver may put a post off; ``latest_at`` is its brand's limit, None: however late."""
    return publish_time + MOST_PUT_OFF if latest_at is None else latest_at


def wait_after_lost_lease(*, tries: int, jitter: float) -> timedelta:
    """How long a schedule waits whose lease ran out after so many retries and lost leases; ``jitter`` is drawn from
    [0, 1).

    Not at all the first time, for mostly a process was stopped. Then up to 5 s doubled for each, five minutes at most,
    with full jitter (same source as RetryPolicy): what kills processes should not find all of them at once.
    """
    return min(_LONGEST_LOSS, _FIRST_LOSS * 2 ** min(tries, 6)) * jitter if tries else timedelta()


def pause_after_lost_race(*, jitter: float) -> float:
    """For how many seconds to let the others go first; ``jitter`` is drawn from [0, 1)."""
    return _LONGEST_PAUSE_SECONDS * jitter
