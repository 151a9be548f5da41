"""Keys as a table for people, and as JSON for scripts; never a secret."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from marketmind_scheduler.domain.access import ApiKey
from marketmind_scheduler.entrypoints.commands.console import harmless

_WHOLE = {"key": 12, "last used": 16, "state": len("until 2026-11-30 12:00")}
_CUT = ("name", "scopes", "brands")


class _KeyOut(msgspec.Struct, frozen=True, kw_only=True):
    """``brands`` is null where every brand exists for it."""

    key_id: str
    name: str
    scopes: Sequence[str]
    brands: Sequence[str] | None
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    state: str


def keys_json(keys: Sequence[ApiKey], now: datetime) -> str:
    """A list of objects, one a key, in the order given."""
    return msgspec.json.format(msgspec.json.encode([_out(key, now) for key in keys])).decode()


def keys_table(keys: Sequence[ApiKey], now: datetime, *, width: int) -> Table:
    """One line a key, whose id and times are never cut; what it may and for whom is, where the width is short."""
    table = Table(box=SIMPLE_HEAD, padding=0, show_edge=False)
    room = width - sum(_WHOLE.values()) - len(_WHOLE) - len(_CUT)
    for column in ("key", *_CUT, "last used", "state"):
        table.add_column(column, no_wrap=True, max_width=max(3, room // 3) if column in _CUT else None)
    for key in keys:
        brands = "every" if key.reach.brands is None else ",".join(sorted(map(str, key.reach.brands)))
        scopes = ",".join(sorted(key.scopes))
        table.add_row(key.key_id, shown(key), scopes, brands, minute(key.last_used_at), _state_cell(key, now))
    return table


def shown(key: ApiKey) -> str:
    """Its name as rich markup; some were made before names had to be such as can be seen."""
    return escape(harmless(key.name))


def minute(moment: datetime | None) -> str:
    """In UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}" if moment else "never"


def _state(key: ApiKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "live" if key.is_live(now) else "expired"


def _state_cell(key: ApiKey, now: datetime) -> Text:
    state = _state(key, now)
    if state == "live" and key.expires_at is not None:
        return Text(f"until {minute(key.expires_at)}", style="yellow")
    return Text(state, style={"live": "green", "revoked": "red"}.get(state, "dim"))


def _out(key: ApiKey, now: datetime) -> _KeyOut:
    return _KeyOut(
        key_id=key.key_id,
        name=key.name,
        scopes=sorted(key.scopes),
        brands=None if key.reach.brands is None else sorted(map(str, key.reach.brands)),
        created_at=key.created_at,
        last_used_at=key.last_used_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        state=_state(key, now),
    )
