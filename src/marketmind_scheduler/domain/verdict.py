"""What is known after a post was handed to its publisher."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Accepted:
    """The post is out, or its publisher has taken it over for good. ``remark`` is what else there is to know of the
    answer."""

    external_id: str | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class Deferred:
    """The post is certainly not out, and may be taken later. Where its receiver says after what time, no retry is
    used."""

    reason: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The post is certainly not out, and will never be taken as it is. ``is_unasked``: its receiver was not asked, for
    it is known to refuse such a post."""

    reason: str
    is_unasked: bool = False


@dataclass(frozen=True, slots=True)
class Misdirected:
    """The post is certainly not out, and the refusal speaks of the receiver: the same would be said to any post. No
    retry is used. ``gist`` is the part of the reason that holds for every post."""

    reason: str
    gist: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody knows whether the post is out."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unsent:
    """Certainly nothing was sent, through no fault of the post: no attempt is used."""

    reason: str
    retry_after: timedelta | None = None


Verdict: TypeAlias = Accepted | Deferred | Refused | Misdirected | Unknown | Unsent


class VerdictKind(StrEnum):
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    MISDIRECTED = "misdirected"
    UNKNOWN = "unknown"
    UNSENT = "unsent"
    LOST = "lost"  # the lease ran out before a verdict came


class Recorded(StrEnum):
    """What became of a verdict that was told."""

    SETTLED = "settled"
    REPEATED = "repeated"  # this verdict had been recorded before
    STALE = "stale"  # the schedule has moved on; nothing was changed
