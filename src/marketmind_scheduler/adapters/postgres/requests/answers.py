"""Answers to requests, as they are kept."""

import re
from collections.abc import Sequence
from datetime import timedelta

import msgspec
from asyncpg import Record

from marketmind_scheduler.adapters.postgres.repositories.erasures import ERASED
from marketmind_scheduler.domain.errors import Deleted, IdempotencyKeyReused
from marketmind_scheduler.ports.idempotency import Answer, RequestKey

FIND = """
SELECT fingerprint, status, headers, body, begun_until > now() AS is_worked_on FROM idempotency_keys WHERE scope = $1
"""
_ID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def parts_of(answer: Answer, kept_for: timedelta) -> tuple[int, bytes, bytes, timedelta, Sequence[str]]:
    """What statements take of an answer: status, headers, body, for how long it is kept, and what it speaks of."""
    return answer.status, msgspec.json.encode(answer.headers), answer.body, kept_for, ids_in(answer.body)


def answer_in(row: Record, key: RequestKey) -> Answer:
    """The answer that a row holds; raises IdempotencyKeyReused where it is one to something else, and
    Gone where it was erased with what it named."""
    check_is_of(row, key)
    if row["status"] == ERASED:
        raise Deleted.answer()
    headers = msgspec.json.decode(row["headers"], type=list[tuple[str, str]])
    return Answer(status=row["status"], headers=headers, body=row["body"])


def check_is_of(row: Record, key: RequestKey) -> None:
    """Raises IdempotencyKeyReused where a row is of another request under the same key."""
    if row["fingerprint"] != key.fingerprint:
        raise IdempotencyKeyReused


def ids_in(body: bytes) -> Sequence[str]:
    """What an answer speaks of, each once: when it is deleted, the answer is erased."""
    return sorted({each.decode() for each in _ID.findall(body)})
