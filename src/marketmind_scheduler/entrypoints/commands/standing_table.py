"""How the queue stands, as a table for people."""

from datetime import timedelta

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from marketmind_scheduler.ports.queue_standing import MOST_COUNTED, PlatformStanding, QueueStanding

_COLUMNS = (
    "platform",
    "waiting",
    "due",
    "late",
    "sending",
    "held",
    "unconfirmed",
    "failed",
    "missed",
    "next due",
)


def standing_table(standing: QueueStanding) -> Table:
    """One row a platform; it fits a terminal of 80 columns whatever the counts."""
    table = Table(
        box=SIMPLE_HEAD,
        padding=0,
        show_edge=False,
        caption="late: due for over a minute · failed and missed: of the last 24 hours",
        caption_style="dim",
    )
    for name in _COLUMNS:
        table.add_column(name, justify="left" if name == "platform" else "right", no_wrap=True)
    for platform in standing.platforms:
        table.add_row(platform.platform, *_counts(platform), _next_due(platform.next_due_in))
    return table


def _counts(standing: PlatformStanding) -> list[Text]:
    counts = (
        (standing.waiting, ""),
        (standing.due, ""),
        (standing.late, "yellow"),
        (standing.in_flight, ""),
        (standing.held, "cyan"),
        (standing.unconfirmed, "bold yellow"),
        (standing.failed, "red"),
        (standing.missed, "red"),
    )
    return [Text(_count(count), style=style if count else "dim") for count, style in counts]


def _count(count: int) -> str:
    return "10k+" if count >= MOST_COUNTED - 1 else str(count)


def _next_due(due_in: timedelta | None) -> str:
    if due_in is None:
        return ""
    if due_in <= timedelta():
        return f"{_duration(-due_in)} ago"
    return f"in {_duration(due_in)}"


def _duration(length: timedelta) -> str:
    """In its two largest units, such as 2d 3h."""
    seconds = round(length.total_seconds())
    for unit, size, smaller, smaller_size in (("d", 86400, "h", 3600), ("h", 3600, "m", 60), ("m", 60, "s", 1)):
        if seconds >= size:
            return f"{seconds // size}{unit} {seconds % size // smaller_size}{smaller}"
    return f"{seconds}s"
