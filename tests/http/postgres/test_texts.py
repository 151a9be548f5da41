"""Whatever a text holds, it is stored as it is given, and no statement is made of it."""

from collections.abc import Mapping

import httpx2
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.http.operations import DROP_TABLE, TEXTS, Place, send, wrong
from tests.http.postgres.given import stored
from tests.http.steps import new_id, said
from tests.loops import on_each

ODD = (DROP_TABLE, "%s %(x)s {0} \\", "' OR ''='", "😀" * 50, "\u202e\x01\x7f\n\t", "$1")


@on_each(
    ("name", "place", "text"), [(name, place, odd.ljust(longest, "x")) for name, place, longest in TEXTS for odd in ODD]
)
async def test_a_text_is_stored_as_it_is_given(
    client: httpx2.AsyncClient, tables: AsyncEngine, world: Mapping[str, str], name: str, place: Place, text: str
) -> None:
    there = {**world, "new": new_id()}

    answer = await send(client, name, there, wrong(name, there, place, text))

    assert answer.status_code == 201, said(answer)
    rows = [tuple(row) for rows in (await stored(tables)).values() for row in rows]
    assert any(text in row for row in rows)
