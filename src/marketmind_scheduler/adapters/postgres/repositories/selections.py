"""A list with optional conditions, as one statement."""

from collections.abc import Sequence
from typing import TypeAlias
from uuid import UUID

from marketmind_scheduler.domain.access import Reach

Condition: TypeAlias = tuple[str, *tuple[object, ...]]
"""A ``{}`` for each of its values; it is left out where one of them is None."""


def select_page(
    select: str, conditions: Sequence[Condition], *, order: str, limit: int
) -> tuple[str, Sequence[object]]:
    """The statement and its parameters."""
    chosen, parameters = where(conditions, after=1)
    return f"{select}{chosen} ORDER BY {order} LIMIT $1", [limit, *parameters]


def where(conditions: Sequence[Condition], *, after: int) -> tuple[str, Sequence[object]]:
    """The clause, empty where nothing is asked for, and its parameters, which come ``after`` so many others."""
    parameters: list[object] = []
    chosen: list[str] = []
    for condition, *values in conditions:
        if None not in values:
            first = after + len(parameters) + 1
            chosen.append(condition.format(*(f"${first + nth}" for nth in range(len(values)))))
            parameters += values
    return (f" WHERE {' AND '.join(chosen)}" if chosen else ""), parameters


REACHED = "({0}::uuid[] IS NULL OR {1}brand_id = ANY({0}::uuid[]))"
"""The condition on one row that it is within reach, whose brands are {0}: what is beyond is not even waited for."""


def brands_of(reach: Reach) -> Sequence[UUID] | None:
    return None if reach.brands is None else list(reach.brands)


def within(reach: Reach, column: str = "brand_id") -> tuple[str, object]:
    """The condition that leaves out what is out of reach. A single brand is compared as such: only then does an index
    that goes on with the order of a list lead through it."""
    brands = brands_of(reach)
    if brands is not None and len(brands) == 1:
        return f"{column} = {{}}", brands[0]
    return f"{column} = ANY({{}}::uuid[])", brands


def one_of(table: str, key: str, wanted: str, columns: str) -> str:
    """The row of this key, by the index that begins with it, whatever the planner was told: see Walk."""
    return f"SELECT {columns} FROM {table} o WHERE o.{key} BETWEEN {wanted} AND {wanted} ORDER BY o.{key} LIMIT 1"
