"""What a receiver's response means for what was sent."""

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from marketmind_scheduler.adapters.webhooks.external_ids import Unusable, read_external_id
from marketmind_scheduler.adapters.webhooks.gist import code_in
from marketmind_scheduler.domain.verdict import Accepted, Deferred, Misdirected, Refused, Unknown, Verdict

_TIMEOUT = 408  # of the request: how much of it has come, nobody knows
_LATER = frozenset({425, 429, 503})
_OF_THE_RECEIVER = frozenset({401, 402, 403, 404, 405, 406, 407, 410, 411, 414, 415, 417, 421, 426, 428, 431})
"""Wrong credentials, an unpaid account, a wrong address, another way to speak: what would be said to any post."""
_UNUSABLE = "the receiver's external_id was not usable"
_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")
_FOR_EVER = 1e9
"""Seconds: longer than any post may be put off."""
_UNREADABLE = "its Retry-After cannot be read; send seconds, or a date as HTTP writes them"


@dataclass(frozen=True, slots=True)
class Response:
    """A response as far as it came: the head whole, of the body what was read. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytearray = field(default_factory=bytearray)

    @property
    def is_plain(self) -> bool:
        """Whether the body is not compressed."""
        return self.headers.get("content-encoding", "identity").lower() == "identity"


def judge(response: Response, *, now: datetime, confidential: Collection[str]) -> Verdict:
    """The verdict, by the status alone: a body that is cut off or unreadable changes no fact.

    Of what it says a reason has a code at most, and nothing that is ``confidential``.
    """
    status, gist = response.status, f"the receiver answered {response.status}"
    code = code_in(bytes(response.body), confidential=confidential) if response.is_plain else None
    reason = gist if code is None else f"{gist}: {code}"
    match status:
        case 207:
            return Unknown(f"{reason}; of several things at once it does not say whether the post is out")
        case _ if 200 <= status < 300:
            return _accepted(response)
        case _ if status in _LATER or _is_put_off(response):
            return _deferred(response, reason, now)
        case _ if 300 <= status < 400:
            return Misdirected(f"{reason}; redirects are not followed", gist)
        case _ if 400 <= status < 500 and status != _TIMEOUT:
            return Misdirected(reason, gist) if status in _OF_THE_RECEIVER else Refused(reason)
        case _:
            return Unknown(reason)


def _is_put_off(response: Response) -> bool:
    """A refusal that says when."""
    is_refusal = 400 <= response.status < 500 and response.status != _TIMEOUT
    return is_refusal and bool(response.headers.get("retry-after", "").strip())


def _accepted(response: Response) -> Accepted:
    if response.body and not response.is_plain:
        return Accepted(remark=f"{_UNUSABLE}: the body is compressed, which was not asked for")
    try:
        return Accepted(external_id=read_external_id(bytes(response.body)))
    except Unusable as unusable:
        return Accepted(remark=f"{_UNUSABLE}: {unusable}")


def _deferred(response: Response, reason: str, now: datetime) -> Deferred:
    text = response.headers.get("retry-after", "").strip()
    retry_after = _read_wait(text, now)
    return Deferred(f"{reason}; {_UNREADABLE}" if text and retry_after is None else reason, retry_after=retry_after)


def _read_wait(text: str, now: datetime) -> timedelta | None:
    """How long ``text`` says to wait, a part of a second as a whole one; None where it cannot be read."""
    if _SECONDS.fullmatch(text):
        return timedelta(seconds=math.ceil(min(float(text), _FOR_EVER)))
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return max(timedelta(), (at if at.tzinfo else at.replace(tzinfo=UTC)) - now)
