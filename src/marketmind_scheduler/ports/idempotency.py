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
    def storage(self) -> Storage:
        """What is committed here becomes durable with the answer, or not at all."""
        ...

    async def keep(self, answer: Answer) -> Answer:
        """Make everything durable together with the answer, and return it; or an earlier one, where somebody else was
        first, and nothing of ours."""
        ...


class Idempotency(Protocol):
    def request(self, key: RequestKey) -> AbstractAsyncContextManager[KeyedRequest]:
        """Work on this request. Leaving without ``keep`` leaves nothing behind.

        Raises RequestInProgress while somebody works on it, IdempotencyKeyReused where the key was given for something
        else, and StorageUnavailable.
        """
        ...
