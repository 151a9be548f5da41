"""Every error of the core has one status, one code of its own, and its place in the documentation."""

import json
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from inspect import getdoc

import msgspec

import marketmind_scheduler
from marketmind_scheduler.adapters.http.problem_examples import EXAMPLES
from marketmind_scheduler.adapters.http.problems import GENERAL, STATUS, explained, status_of
from marketmind_scheduler.domain import errors
from marketmind_scheduler.domain.errors import SchedulerError
from tests.loops import on_each


def kinds_below(error: type[SchedulerError]) -> Iterator[type[SchedulerError]]:
    for below in error.__subclasses__():
        if below.__module__.startswith("marketmind_scheduler."):
            yield below
            yield from kinds_below(below)


def all_errors() -> list[type[SchedulerError]]:
    for module in pkgutil.walk_packages(marketmind_scheduler.__path__, "marketmind_scheduler."):
        import_module(module.name)
    return sorted(set(kinds_below(SchedulerError)) - set(STATUS), key=lambda error: error.__name__)


ALL = all_errors()
NAMED = [error for error in ALL if error.__module__ == errors.__name__]
on_each_error = on_each("error", ALL)
on_each_named_error = on_each("error", NAMED)


@on_each_error
def test_an_error_is_of_one_kind_and_so_has_one_status(error: type[SchedulerError]) -> None:
    statuses = [status for kind, status in STATUS.items() if issubclass(error, kind)]

    assert statuses == [status_of(error)]


@on_each_error
def test_whatever_reaches_a_caller_has_a_code_that_is_explained(error: type[SchedulerError]) -> None:
    assert explained()[error.code][0] == status_of(error)


@on_each_named_error
def test_a_code_is_in_snake_case(error: type[SchedulerError]) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", error.code)


@on_each_error
def test_a_docstring_says_in_sentences_what_it_means(error: type[SchedulerError]) -> None:
    meaning = vars(error)["__doc__"] or ""

    assert re.fullmatch(r"[A-Z].*[.\"]", meaning, re.DOTALL)


@on_each_named_error
def test_an_example_says_something_a_person_can_act_on_and_can_be_sent(error: type[SchedulerError]) -> None:
    example = EXAMPLES[error]

    assert re.search(r"\w+ \w+ \w+", str(example))
    assert isinstance(json.loads(msgspec.json.encode(example.details)), dict)


def test_no_two_problems_share_a_code() -> None:
    codes = Counter([*(error.code for error in NAMED), *(code for code, _ in GENERAL.values())])

    assert {code: times for code, times in codes.items() if times > 1} == {}


def test_every_code_is_explained_with_its_status_in_the_words_of_its_docstring() -> None:
    of_errors = {error.code: (status_of(error), getdoc(error)) for error in NAMED}
    general = {code: (status, meaning) for status, (code, meaning) in GENERAL.items()}

    assert explained() == of_errors | general
