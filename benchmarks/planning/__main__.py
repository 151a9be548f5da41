"""How much of what could be seen of a brand's posts each way of planning them gets, in imagined worlds.

Run it from the repository as `python -m benchmarks.planning`. It prints the same figures every time, but for the
seconds, and draws the weeks of learning into docs/planning-curves.svg.
"""

import argparse
import multiprocessing
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from benchmarks import planning_speed
from benchmarks.planning.curves import picture
from benchmarks.planning.figures import Played
from benchmarks.planning.playing import known_of, outcomes_of
from benchmarks.planning.policies import Season
from benchmarks.planning.report import print_legend, print_ranks, print_world
from benchmarks.planning.worlds import WORLDS, World
from rich.console import Console

A = TypeVar("A")
B = TypeVar("B")
_LANES, _FEEDS, _RANK_UNITS = 8, 120, 5_000
_FULL = 8
SEASON = Season()
_CURVES = Path("docs/planning-curves.svg")


class Mapped(Protocol):
    def __call__(self, function: Callable[[A], B], tasks: Iterable[A], /) -> Iterable[B]: ...


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="make bench-planning", description=__doc__)
    parser.add_argument("--speed", action="store_true", help="measure how fast plans are made instead")
    parser.add_argument("--full", action="store_true", help=f"{_FULL} times as many lanes")
    parser.add_argument("--lanes", type=int, help=f"lanes in each world, {_LANES} by default")
    parser.add_argument("--curves", type=Path, default=_CURVES, help=f"where to draw, {_CURVES} by default")
    chosen = parser.parse_args(arguments)
    if chosen.speed:
        planning_speed.main()
        return
    lanes = chosen.lanes or _LANES * (_FULL if chosen.full else 1)
    console = Console(width=140)
    print_ranks(console, _RANK_UNITS)
    print_legend(console)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as processes:
        worlds = run(console, lanes=lanes, feeds=_FEEDS, mapped=processes.map)
    chosen.curves.write_text(picture(worlds), encoding="utf-8")
    console.print(f"The weeks of learning are drawn in {chosen.curves}.")


def run(
    console: Console,
    worlds: Sequence[World] = WORLDS,
    season: Season = SEASON,
    *,
    lanes: int,
    feeds: int,
    mapped: Mapped = map,
) -> Sequence[Played]:
    """Plays and prints them one after the other."""
    known = mapped(partial(known_of, season=season, lanes=lanes, feeds=feeds), worlds)
    return [_shown(console, Played(each, [*mapped(partial(outcomes_of, each), range(lanes))])) for each in known]


def _shown(console: Console, played: Played) -> Played:
    print_world(console, played)
    return played


if __name__ == "__main__":
    main()
