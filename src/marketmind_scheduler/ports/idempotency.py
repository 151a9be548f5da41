"""Answers kept under the keys that callers give their requests, so that asking again has no second effect.

After draft-ietf-httpapi-idempotency-key-header.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from marketmind_scheduler.ports.storage import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestKey:
    """``identity`` tells apart who asks for what under which key, ``fingerprint`` what exactly; SHA-256 digests."""

    identity: bytes
    fingerprint: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


class KeyedRequest(Protocol):
    """A request that nobody else works on meanwhile."""

    @property
    def answer(self) -> Answer | None:
        """What was answered the first time; None: this is the first time."""
        ...

    @property
    def storage(self) -> Storage | None:
        """What is committed here becomes durable with the answer, or not at all. None: the work reaches beyond a
        transaction, and is done wherever it is done."""
        ...

    async def keep(self, answer: Answer) -> Answer:
        """Make everything durable together with the answer, and return it; or an earlier one, where somebody else was
        first, and nothing of ours. Of work that reaches beyond a transaction only the answer is kept; where that cannot
        be, it is returned all the same, and the request counts as broken off."""
        ...

    async def release(self) -> None:
        """Nothing was done: the key is as if it had not been given, as far as that can be written."""
        ...


class Idempotency(Protocol):
    """Both contexts raise RequestInProgress while somebody works on the request, IdempotencyKeyReused where the key was
    given for something else, and StorageUnavailable. Neither holds anything of the storage while its caller waits for
    something else."""

    def request(self, key: RequestKey) -> AbstractAsyncContextManager[KeyedRequest]:
        """Work on this request. Leaving without ``keep`` leaves nothing behind."""
        ...

    def reaching(self, key: RequestKey, *, look_at: str | None) -> AbstractAsyncContextManager[KeyedRequest]:
        """Work on this request, which has effects beyond a transaction.

        Leaving without ``keep`` or ``release``, in whatever way, breaks it off: nobody knows what it has done, so it is
        never done again under this key. Raises RequestBrokenOff, which says where to ``look_at`` what was done, where
        that has happened before. Without ``look_at`` it is done again then.
        """
        ...
