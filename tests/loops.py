"""One test for a sentence that holds for many cases: all of them are tried, and every one that misses is told."""

import inspect
import traceback
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from typing import Any

import pytest

Test = Callable[..., Any]
Trying = Callable[..., AbstractContextManager[None]]

_MOST_SHOWN = 20
_LONGEST_VALUE, _LONGEST_REASON = 100, 400


def on_each(names: str | tuple[str, ...], cases: Iterable[Any]) -> Callable[[Test], Test]:
    """Try a test on each of these cases, as ``pytest.mark.parametrize`` would, but as one test: fixtures are shared
    between the cases, and it fails after the last of them with all that missed."""
    named = (names,) if isinstance(names, str) else names
    listed = [dict(zip(named, (case,) if isinstance(names, str) else case, strict=True)) for case in cases]

    def looping(test: Test) -> Test:
        @wraps(test)
        async def awaited_on_each(**fixtures: Any) -> None:
            with telling_all_misses() as trying:
                for case in listed:
                    with trying(**case):
                        await test(**fixtures, **case)

        @wraps(test)
        def called_on_each(**fixtures: Any) -> None:
            with telling_all_misses() as trying:
                for case in listed:
                    with trying(**case):
                        test(**fixtures, **case)

        on_all = awaited_on_each if inspect.iscoroutinefunction(test) else called_on_each
        signature = inspect.signature(test)
        fixtures = [parameter for name, parameter in signature.parameters.items() if name not in named]
        vars(on_all)["__signature__"] = signature.replace(parameters=fixtures)  # pytest asks it for the fixtures
        return on_all

    return looping


@contextmanager
def telling_all_misses() -> Generator[Trying]:
    """What is tried inside may fail; whatever did, fails the block as a whole when it is left."""
    misses: list[str] = []
    tried = 0

    @contextmanager
    def trying(**case: object) -> Generator[None]:
        nonlocal tried
        tried += 1
        try:
            yield
        except (Exception, pytest.fail.Exception) as missed:  # noqa: BLE001  # whatever it is, the others are tried
            misses.append(f"{_described(case)}: {_why(missed)}")

    yield trying
    assert tried, "nothing was tried"
    if misses:
        left_out = [f"and {len(misses) - _MOST_SHOWN} more"] if len(misses) > _MOST_SHOWN else []
        told = "\n".join([f"{len(misses)} of {tried} missed:", *misses[:_MOST_SHOWN], *left_out])
        pytest.fail(told, pytrace=False)


def _described(case: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={ascii(value)[:_LONGEST_VALUE]}" for name, value in case.items())


def _why(missed: BaseException) -> str:
    """The line that failed, and what it said, in ASCII: a lone surrogate could not be shown."""
    last = traceback.extract_tb(missed.__traceback__)[-1]
    said = " ".join(str(missed).split()).encode("ascii", "backslashreplace").decode()
    return f"{type(missed).__name__} in line {last.lineno}, {last.line}: {said[:_LONGEST_REASON]}"
