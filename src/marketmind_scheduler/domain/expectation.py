"""What a caller expects to find where it wants to change something, so that nobody's change is overwritten unseen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from marketmind_scheduler.domain.errors import PreconditionFailed

Seen_contra = TypeVar("Seen_contra", contravariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What is found must, or must not, bear one of ``tags``; None stands for whatever tag there is."""

    tags: frozenset[str] | None
    must_match: bool

    def holds(self, tags: Sequence[str]) -> bool:
        """``tags`` are those of what is found, none where nothing is."""
        matches = bool(tags) if self.tags is None else not self.tags.isdisjoint(tags)
        return matches is self.must_match


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation(Generic[Seen_contra]):
    """``tags_of`` names a state: two that a caller could tell apart have no tag in common. A state that is shown in
    several ways has a tag for each, the fullest first."""

    tags_of: Callable[[Seen_contra], Sequence[str]]
    conditions: Sequence[Condition] = ()

    def check(self, found: Seen_contra | None) -> None:
        """Raises PreconditionFailed unless every condition holds for what is found; None: nothing is."""
        if not self.conditions:
            return
        tags = () if found is None else self.tags_of(found)
        if not all(condition.holds(tags) for condition in self.conditions):
            raise PreconditionFailed(current=tags[0] if tags else None)


ANYTHING: Expectation[object] = Expectation(tags_of=lambda _: ())
"""Of a caller who wants its change whatever stands there."""
