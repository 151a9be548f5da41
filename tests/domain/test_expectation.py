"""Whether what is found is what a caller expects."""

import pytest

from marketmind_scheduler.domain.errors import PreconditionFailed
from marketmind_scheduler.domain.expectation import ANYTHING, Condition, Expectation

TAGS = {"summer": ("full", "short"), "autumn": ("other",)}


def expecting(*conditions: Condition) -> Expectation[str]:
    return Expectation(tags_of=lambda found: TAGS[found], conditions=conditions)


def one_of(*tags: str) -> Condition:
    return Condition(tags=frozenset(tags), must_match=True)


def none_of(*tags: str) -> Condition:
    return Condition(tags=frozenset(tags), must_match=False)


IS_THERE = Condition(tags=None, must_match=True)
IS_NOT_THERE = Condition(tags=None, must_match=False)


@pytest.mark.parametrize(
    ("condition", "met_by"),
    [
        (one_of("full"), {"summer"}),
        (one_of("short"), {"summer"}),
        (one_of("other", "short"), {"summer", "autumn"}),
        (one_of("unknown"), set[str | None]()),
        (one_of(), set[str | None]()),
        (none_of("short"), {"autumn", None}),
        (none_of("unknown"), {"summer", "autumn", None}),
        (IS_THERE, {"summer", "autumn"}),
        (IS_NOT_THERE, {None}),
    ],
)
def test_a_condition_is_met_by_what_bears_one_of_its_tags_or_must_not(
    condition: Condition, met_by: set[str | None]
) -> None:
    for found in (*TAGS, None):
        if found in met_by:
            expecting(condition).check(found)
        else:
            with pytest.raises(PreconditionFailed):
                expecting(condition).check(found)


def test_every_condition_must_hold() -> None:
    expecting(IS_THERE, none_of("other")).check("summer")
    with pytest.raises(PreconditionFailed):
        expecting(IS_THERE, none_of("other")).check("autumn")


def test_whoever_is_refused_is_told_the_fullest_tag_there_is() -> None:
    with pytest.raises(PreconditionFailed) as there:
        expecting(one_of("other")).check("summer")
    with pytest.raises(PreconditionFailed) as nothing:
        expecting(one_of("other")).check(None)

    assert there.value.details == {"current": "full"}
    assert nothing.value.details == {"current": None}


def test_who_expects_anything_is_never_refused() -> None:
    ANYTHING.check("whatever")
    ANYTHING.check(None)
