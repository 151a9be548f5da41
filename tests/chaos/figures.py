"""What was measured, as a table for people."""

from dataclasses import dataclass, field

from rich import box
from rich.console import Console
from rich.table import Table

from tests.chaos.world import Outcome

_COLUMNS = ("", "posts", "faults", "deliveries", "repeats", "unconfirmed", "late p50", "p99", "max")


@dataclass(slots=True)
class Figures:
    seed: str
    rows: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    notes: list[str] = field(default_factory=list[str])

    def add(self, outcome: Outcome) -> None:
        late = outcome.lateness
        p50, p99, last = late[len(late) // 2], late[int(len(late) * 0.99)], late[-1]
        counts = (
            len(outcome.after.schedules),
            outcome.faults.injected.total(),
            len(outcome.after.all_deliveries),
            outcome.repeats,
            outcome.unconfirmed,
        )
        self.rows.append((outcome.run.name, *map(str, counts), *(f"{each:.2f} s" for each in (p50, p99, last))))

    def table(self) -> str:
        table = Table(*_COLUMNS, box=box.MARKDOWN)
        for column in table.columns[1:]:
            column.justify = "right"
        for row in self.rows:
            table.add_row(*row)
        console = Console(width=160, no_color=True)
        with console.capture() as printed:
            if self.rows:
                console.print(table)
            for note in self.notes:
                console.print(note)
            console.print(f"CHAOS_SEED={self.seed}")
        return printed.get()
