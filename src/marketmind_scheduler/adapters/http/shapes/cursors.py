"""Cursors: opaque to callers, and for us the key of the last row they saw."""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
from litestar.params import QueryParameter

from marketmind_scheduler.adapters.http.problems import Malformed
from marketmind_scheduler.domain.schedule import Schedule

Row = TypeVar("Row")
Key = TypeVar("Key")

Limit = Annotated[int, QueryParameter(ge=1, le=200, description="How many to return at most")]
CursorParameter = Annotated[
    str | None, QueryParameter(name="cursor", max_length=200, description="`next_cursor` of the page before")
]


def key_of(cursor: str | None, kind: type[Key]) -> Key | None:
    """The key behind a cursor that this service gave out; raises Malformed for any other text."""
    if cursor is None:
        return None
    try:
        encoded = b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(encoded, type=kind)
    except (ValueError, msgspec.DecodeError):
        raise not_a_cursor() from None


def not_a_cursor() -> Malformed:
    return Malformed("not a cursor of this list; send next_cursor as it was given", at="cursor")


def page_of(rows: Sequence[Row], limit: int, key: Callable[[Row], object]) -> tuple[Sequence[Row], str | None]:
    """The first ``limit`` of rows that were asked for one more, and the cursor to go on with where there are more."""
    if len(rows) <= limit:
        return rows, None
    shown = rows[:limit]
    return shown, cursor_of(key(shown[-1]))


def cursor_of(key: object) -> str:
    """The cursor that goes on behind this key."""
    return urlsafe_b64encode(msgspec.json.encode(key)).rstrip(b"=").decode()


def place_in_time(schedule: Schedule) -> tuple[datetime, UUID]:
    """Where a schedule stands in a list in time order."""
    return schedule.publish_time, schedule.schedule_id


def after_in_time(cursor: str | None) -> tuple[datetime, UUID] | None:
    """The place that a list in time order goes on behind; raises Malformed."""
    key = key_of(cursor, tuple[datetime, UUID])
    if key is not None and key[0].tzinfo is not UTC:  # as one that was made up may be
        raise not_a_cursor()
    return key


def position_of(cursor: str | None) -> int | None:
    """The place that a list in the order of positions goes on behind; raises Malformed."""
    position = key_of(cursor, int)
    if position is not None and not 0 < position < 2**63:  # as one that was made up may be
        raise not_a_cursor()
    return position
