"""The figures as tables."""

from collections.abc import Callable

from benchmarks.planning.figures import Played, targets
from benchmarks.planning.playing import LEARNED, NAIVE, POLICIES, REDQUEEN
from benchmarks.planning.policies import POSTS_A_WEEK
from benchmarks.planning.redqueen import ranks
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table


def _gain(played: Played, policy: str) -> str:
    """Nothing where the naive rule leaves next to nothing to gain."""
    return "" if played.share(NAIVE).mean > 0.95 else f"{played.share_of_gain(policy):.2f}"


_COLUMNS: dict[str, Callable[[Played, str], str]] = {
    "of the oracle's visibility": lambda played, policy: str(played.share(policy)),
    "of its gain": _gain,
    "posts": lambda played, policy: f"{played.total(policy, lambda outcome: outcome.posts):,.0f}",
    "broken": lambda played, policy: f"{played.total(policy, lambda outcome: outcome.broken):,.0f}",
    "on top": lambda played, policy: f"{played.mean(policy, lambda outcome: outcome.on_top):.2f}",
    "first 5": lambda played, policy: f"{played.mean(policy, lambda outcome: outcome.among_five):.2f}",
    "rank": lambda played, policy: f"{played.mean(policy, lambda outcome: outcome.mean_rank):.1f}",
    "engaged": lambda played, policy: f"{played.mean(policy, lambda outcome: outcome.engagements):,.0f}",
    "churn": lambda played, policy: f"{played.mean(policy, lambda outcome: outcome.churn):.0%}",
}


def print_world(console: Console, played: Played) -> None:
    table = Table(box=SIMPLE_HEAD)
    table.add_column("policy", no_wrap=True)
    for heading in _COLUMNS:
        table.add_column(heading, justify="right", no_wrap=True)
    for policy in POLICIES:
        table.add_row(policy, *(text(played, policy) for text in _COLUMNS.values()))
    rejected = sum(lane.beliefs[LEARNED].rejected for lane in played.lanes)
    season = played.known.season
    console.print(
        f"[bold]{played.known.world.name}[/]: {len(played.lanes)} lanes, {season.learning} weeks of learning, then "
        f"{POSTS_A_WEEK * season.after} posts in {season.after} weeks; the best fifth of hours engages "
        f"{played.best_fifth:.0%} more than all",
        table,
        f"profile rejected on {rejected} lanes; {LEARNED}: a plan of {season.after} weeks takes "
        f"{played.mean(LEARNED, lambda outcome: outcome.seconds):.1f} s, with the fit",
        soft_wrap=True,
    )
    for told, is_met in targets(played):
        console.print(f"{told}: {'met' if is_met else 'MISSED'}", soft_wrap=True)
    console.print()


def print_ranks(console: Console, units: int) -> None:
    """Whether our RedQueen is the one of its paper."""
    even, redqueen, by_lot = ranks(1.0, 100.0, float(units), seed=1)
    console.print(
        f"{REDQUEEN}, one steady feed, {units:,} posts: mean rank, evenly spread : RedQueen : by lot = "
        f"{even / by_lot:.3f} : {redqueen / by_lot:.3f} : 1, in theory 0.500 : 0.637 : 1",
        soft_wrap=True,
    )


def print_legend(console: Console) -> None:
    console.print(
        "All policies meet the same feeds and keep the same rules: from 6:00 to 23:00, two hours apart, two a day.\n"
        "visibility: visits that scroll down to the brand's latest post, with a 95 % interval;\n"
        "of its gain: the oracle is 1, the naive rule 0; on top, first 5: visits of a follower that find it there;\n"
        "rank: posts above it; churn: times of a week that differ from those of the week before.\n",
        soft_wrap=True,
    )
