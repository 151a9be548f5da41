"""Lists as they are read: along an index, from one row on, whatever lies beside the rows that are wanted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import TypeAlias
from uuid import UUID

from marketmind_scheduler.adapters.postgres.repositories.selections import Condition
from marketmind_scheduler.domain.access import Reach

Place: TypeAlias = tuple[object, ...]
"""Values of the first of the columns that a list is in the order of, or of all of them."""

NOT_DELETED = "coalesce({}.deleted_at, 'infinity') >= 'infinity'"
"""Of what IS NULL the planner believes, until it is told, that it is next to nothing, and sorts that."""

_TYPES = {
    **dict.fromkeys(("brand_id", "campaign_id", "post_id", "schedule_id", "plan_id"), "uuid"),
    **dict.fromkeys(("platform", "status", "wrong", "platform_wrong", "wrong_platform"), "text"),
    "position": "bigint",
    **dict.fromkeys(("publish_time", "wrong_at"), "timestamptz"),
}


_COLUMNS = {
    "platform_wrong": "({0}.platform || ' ' || {0}.wrong)",
    "wrong_platform": "({0}.wrong || ' ' || {0}.platform)",
}
"""What indexes begin with that is no column of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """Where a walk begins or ends; ``is_in``: with what stands at this place."""

    place: Place
    is_in: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """The rows of a table, called ``alias``, in their order. An index begins with the columns of ``lanes``, of which
    these values are wanted, any where there is None; it goes on with those of ``order``, the last of which, or
    ``key``, tells rows apart. One walk goes along each combination of the values, and reads no more than a page of it.

    Rows are compared as wholes, and put in the order of all these columns, which no other index has, nor can it be used
    for the first of them alone. So the planner takes this index whatever it has been told of how many rows there are;
    of an equality it may believe that it leaves nothing out, or next to nothing.
    """

    table: str
    alias: str
    key: str
    lanes: Mapping[str, Sequence[object] | None]
    order: Sequence[str]
    is_falling: bool = False
    begin: Bound | None = None
    end: Bound | None = None
    is_past: bool = False
    """Ends with the present moment, if not before."""
    only: Sequence[Condition] = ()

    @property
    def combinations(self) -> int:
        return prod(map(len, self._wanted.values()))

    def page(self, select: str, *, limit: int, conditions: Sequence[Condition] = ()) -> "Statement":
        """What ``select`` shows of the first ``limit`` rows, in their order, as far as the conditions hold of them."""
        return _shown(select, self, self.keys(limit=limit), conditions)

    def between(self, begin: Bound | None, end: Bound | None) -> "Walk":
        return replace(self, begin=begin or self.begin, end=end or self.end)

    def keys(self, *, limit: int | None, skip: int = 0, made: "Statement | None" = None) -> "Statement":
        """Finds ``key``, and the places as ``place_0`` and so on, of the first ``limit`` rows, apart from the first
        ``skip`` of each combination; its parameters come behind those of ``made``."""
        made = replace(made) if made else Statement()
        most, first = made.given(limit, "bigint"), made.given(skip, "bigint")
        lanes = [
            f"unnest({made.given(list(values), f'{_TYPES[name]}[]')}) AS of_{name} (value)"
            for name, values in self._wanted.items()
        ]
        places = [f"{self.alias}.{name} AS place_{nth}" for nth, name in enumerate(self.order)]
        one = (
            f"SELECT {self.alias}.{self.key} AS key, {', '.join(places)} FROM {self.table} {self.alias}"
            f" WHERE {' AND '.join(self._conditions(made))}"
            f" ORDER BY {self._ordered(self._columns)} LIMIT {most} OFFSET {first}"
        )
        places = self.places_of("one")
        walks = " CROSS JOIN ".join([*lanes, f"LATERAL ({one}) one"])
        made.text = f"SELECT one.* FROM {walks} ORDER BY {places} LIMIT {most}"
        return made

    @property
    def _wanted(self) -> Mapping[str, Sequence[object]]:
        return {name: values for name, values in self.lanes.items() if values is not None}

    @property
    def _columns(self) -> Sequence[str]:
        return [_COLUMNS.get(name, f"{{}}.{name}").format(self.alias) for name in (*self._wanted, *self.order)]

    def _conditions(self, made: "Statement") -> Sequence[str]:
        behind, before = ("<", ">") if self.is_falling else (">", "<")
        bounds = [self._compared(behind, self.begin, made), self._compared(before, self.end, made)]
        if self.is_past:
            values = [*(f"of_{name}.value" for name in self._wanted), "now()"]
            bounds.append(f"({', '.join(self._columns[: len(values)])}) <= ({', '.join(values)})")
        return [*bounds, *(made.condition(each) for each in self.only)]

    def _compared(self, sign: str, bound: Bound | None, made: "Statement") -> str:
        place, is_in = (bound.place, bound.is_in) if bound else ((), True)
        values = [f"of_{name}.value" for name in self._wanted]
        values += [made.given(value, _TYPES[name]) for name, value in zip(self.order, place, strict=False)]
        columns = self._columns[: len(values)]
        return f"({', '.join(columns)}) {sign}{'=' * is_in} ({', '.join(values)})" if values else "true"

    def _ordered(self, columns: Sequence[str]) -> str:
        return ", ".join(f"{each} DESC" if self.is_falling else each for each in columns)

    def places_of(self, alias: str) -> str:
        """The order of what ``keys`` finds, called ``alias``."""
        return self._ordered([f"{alias}.place_{nth}" for nth, _ in enumerate(self.order)])


@dataclass(frozen=True, slots=True)
class Walks:
    """Several, of the same alias, key and order, as one: they find what they find together."""

    each: Sequence[Walk]

    @property
    def combinations(self) -> int:
        return sum(walk.combinations for walk in self.each)

    def between(self, begin: Bound | None, end: Bound | None) -> "Walks":
        return Walks([walk.between(begin, end) for walk in self.each])

    def page(self, select: str, *, limit: int, conditions: Sequence[Condition] = ()) -> "Statement":
        return _shown(select, self.each[0], self.keys(limit=limit), conditions)

    def keys(self, *, limit: int | None, skip: int = 0) -> "Statement":
        made, texts = Statement(), list[str]()
        for walk in self.each:
            made = walk.keys(limit=limit, skip=skip, made=made)
            texts.append(f"({made.text})")
        most, places = made.given(limit, "bigint"), self.each[0].places_of("k")
        made.text = f"SELECT k.* FROM ({' UNION ALL '.join(texts)}) k ORDER BY {places} LIMIT {most}"
        return made


def _shown(select: str, walk: Walk, keys: "Statement", conditions: Sequence[Condition]) -> "Statement":
    which = [f"{walk.alias}.{walk.key} = k.key", *(keys.condition(each) for each in conditions)]
    keys.text = (
        f"SELECT shown.* FROM ({keys.text}) k"
        f" CROSS JOIN LATERAL ({select} WHERE {' AND '.join(which)} OFFSET 0) shown ORDER BY {walk.places_of('k')}"
    )
    return keys


@dataclass(slots=True)
class Statement:
    """A text and what it is given."""

    text: str = ""
    parameters: list[object] = field(default_factory=list[object])

    def given(self, value: object, kind: str) -> str:
        self.parameters.append(value)
        return f"${len(self.parameters)}::{kind}"

    def condition(self, condition: Condition) -> str:
        text, *values = condition
        first = len(self.parameters) + 1
        self.parameters += values
        return text.format(*(f"${first + nth}" for nth in range(len(values))))


def wanted_brands(brand_id: UUID | None, reach: Reach) -> Sequence[UUID] | None:
    """The brands to look at, where this one is asked for, or none by name; None: all."""
    if brand_id is None:
        return None if reach.brands is None else sorted(reach.brands)
    return [brand_id] if reach.covers(brand_id) else []


def of_brands(brands: Sequence[UUID] | None, column: str) -> Sequence[Condition]:
    return [] if brands is None else [(f"{column} = ANY({{}}::uuid[])", brands)]
