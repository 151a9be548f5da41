"""How the queue stands, as tables for people and as JSON for scripts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from marketmind_scheduler.application.health import Publishing
from marketmind_scheduler.entrypoints.commands.banner import aloud
from marketmind_scheduler.entrypoints.commands.console import harmless
from marketmind_scheduler.ports.queue_standing import MOST_COUNTED, NextPost, PlatformStanding, QueueStanding

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that ``status`` shows, as it was ``at`` that moment."""

    at: datetime
    publishing: Publishing
    standing: QueueStanding
    next_posts: Sequence[NextPost]
    dead_ends: str | None = None


def reading_view(reading: Reading) -> Group:
    """It fits a terminal of 80 columns whatever the counts."""
    parts = [Text(f"as of {reading.at:%Y-%m-%d %H:%M:%S} UTC", style="dim")]
    if reading.publishing.is_pretence:
        parts.append(Text.from_markup(aloud(reading.publishing)))
    if reading.dead_ends:
        parts.append(Text(reading.dead_ends, style="yellow"))
    tables = ["", standing_table(reading.standing)]
    if reading.next_posts:
        tables += ["", _next_table(reading.next_posts)]
    return Group(*parts, *tables)


def reading_json(reading: Reading) -> str:
    """One object on one line; lengths of time in seconds."""
    shown = _ReadingOut(
        at=reading.at,
        publisher=reading.publishing.by,
        publishing=reading.publishing.means,
        dead_ends=reading.dead_ends,
        events_to_sequence=reading.standing.events_to_sequence,
        platforms=[_platform_out(each) for each in reading.standing.platforms],
        next_posts=[_next_out(each) for each in reading.next_posts],
    )
    return msgspec.json.encode(shown).decode()


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


def _next_table(posts: Sequence[NextPost]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=0, show_edge=False, title="next posts", title_justify="left")
    for name in ("due", "for (UTC)", "platform"):
        table.add_column(name, no_wrap=True)
    for name, most in (("brand", 18), ("title", 32)):
        table.add_column(name, no_wrap=True, overflow="ellipsis", max_width=most)
    for post in posts:
        when = f"{post.publish_time:%Y-%m-%d %H:%M}"
        table.add_row(
            _next_due(post.due_in), when, post.platform, Text(harmless(post.brand_name)), Text(harmless(post.title))
        )
    return table


class _PlatformOut(msgspec.Struct, frozen=True, kw_only=True):
    platform: str
    waiting: int
    due: int
    late: int
    in_flight: int
    held: int
    unconfirmed: int
    failed: int
    missed: int
    next_due_in_seconds: float | None
    oldest_unconfirmed_seconds: float | None


class _NextPostOut(msgspec.Struct, frozen=True, kw_only=True):
    schedule_id: UUID
    post_id: UUID
    title: str
    brand_id: UUID
    brand_name: str
    platform: str
    publish_time: datetime
    due_in_seconds: float


class _ReadingOut(msgspec.Struct, frozen=True, kw_only=True):
    at: datetime
    publisher: str
    publishing: str
    dead_ends: str | None
    events_to_sequence: int
    platforms: Sequence[_PlatformOut]
    next_posts: Sequence[_NextPostOut]


def _platform_out(standing: PlatformStanding) -> _PlatformOut:
    return _PlatformOut(
        platform=standing.platform,
        waiting=standing.waiting,
        due=standing.due,
        late=standing.late,
        in_flight=standing.in_flight,
        held=standing.held,
        unconfirmed=standing.unconfirmed,
        failed=standing.failed,
        missed=standing.missed,
        next_due_in_seconds=_seconds(standing.next_due_in),
        oldest_unconfirmed_seconds=_seconds(standing.oldest_unconfirmed),
    )


def _next_out(post: NextPost) -> _NextPostOut:
    return _NextPostOut(
        schedule_id=post.schedule_id,
        post_id=post.post_id,
        title=post.title,
        brand_id=post.brand_id,
        brand_name=post.brand_name,
        platform=post.platform,
        publish_time=post.publish_time,
        due_in_seconds=post.due_in.total_seconds(),
    )


def _seconds(length: timedelta | None) -> float | None:
    return None if length is None else length.total_seconds()
