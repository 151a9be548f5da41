"""A list with optional conditions, as one statement."""

from collections.abc import Sequence

from marketmind_scheduler.domain.access import Reach


def select_page(
    select: str, conditions: Sequence[tuple[str, *tuple[object, ...]]], *, order: str, limit: int
) -> tuple[str, Sequence[object]]:
    """The statement and its parameters. Each condition holds a ``{}`` for each of its values, and is left out where
    one of them is None."""
    parameters: list[object] = [limit]
    chosen: list[str] = []
    for condition, *values in conditions:
        if None not in values:
            chosen.append(condition.format(*(f"${len(parameters) + nth}" for nth in range(1, len(values) + 1))))
            parameters += values
    where = f" WHERE {' AND '.join(chosen)}" if chosen else ""
    return f"{select}{where} ORDER BY {order} LIMIT $1", parameters


def within(reach: Reach, column: str = "brand_id") -> tuple[str, object]:
    """The condition that leaves out what is out of reach. A single brand is compared as such: only then does an index
    that goes on with the order of a list lead through it."""
    brands = None if reach.brands is None else list(reach.brands)
    if brands is not None and len(brands) == 1:
        return f"{column} = {{}}", brands[0]
    return f"{column} = ANY({{}}::uuid[])", brands
