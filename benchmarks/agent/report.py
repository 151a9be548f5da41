"""What was understood, as tables."""

from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import TypeAlias

from benchmarks.agent.asking import Instruction, Understood
from benchmarks.agent.judging import Worth, worth_of, worth_of_fields
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

Asked: TypeAlias = Sequence[tuple[Instruction, Understood]]


def report(console: Console, asked: Asked) -> None:
    answers = [answer for _, found in asked for answer in found.answers]
    models = sorted({answer.model for answer in answers}) or ["no model answered"]
    console.print(f"{len(asked)} instructions, {len(answers)} answers of {', '.join(models)}")
    console.print(_whole(asked), _by_field(asked), _not_read(asked))
    if answers:
        sent, answered = sum(each.tokens_in for each in answers), sum(each.tokens_out for each in answers)
        seconds = median(each.seconds for each in answers)
        console.print(f"{sent:,} tokens sent, {answered:,} answered; {seconds:.1f} s an answer (median)")


def _whole(asked: Asked) -> Table:
    counts = Counter(worth_of(instruction.right, found.intent) for instruction, found in asked)
    return _table("understood", [("instructions as a whole", counts)])


def _by_field(asked: Asked) -> Table:
    counts: dict[str, Counter[Worth]] = {}
    for instruction, found in asked:
        if found.intent is not None:
            for field, worth in worth_of_fields(instruction.right, found.intent).items():
                counts.setdefault(field, Counter())[worth] += 1
    return _table("of those that could be read", sorted(counts.items()))


def _not_read(asked: Asked) -> str:
    why = Counter(found.why_not for _, found in asked if found.why_not)
    return ", ".join(f"{times} {reason}" for reason, times in why.most_common()) or "every answer could be read"


def _table(title: str, rows: Sequence[tuple[str, Counter[Worth]]]) -> Table:
    table = Table(title, *Worth, box=SIMPLE_HEAD, show_edge=False)
    for name, counts in rows:
        table.add_row(name, *(str(counts[worth]) for worth in Worth))
    return table
