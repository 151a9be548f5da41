"""A plan as a picture: days by hours in the brand's zone, as SVG that needs nothing from elsewhere.

Shapes tell apart what colours do: a chosen slot is a disc, what stays a square, what came next a hollow diamond.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from html import escape
from uuid import UUID

from marketmind_scheduler.application.planning.shown import Pictured
from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.audience.week import MILLION, cell_at
from marketmind_scheduler.domain.planning.plan import Placement
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.terminal_text import printable
from marketmind_scheduler.domain.wall_clock import wall_time

_LEFT, _TOP, _BOTTOM, _HOUR = 52, 64, 64, 18
_HEIGHT = 24 * _HOUR
_NARROWEST = 760
_INK, _PAPER, _GRID = "#22303c", "#ffffff", "#d9e0e6"
_AUDIENCE = (
    (1.3, "#f6a04d"),
    (1.2, "#f9bd80"),
    (1.1, "#fcd8b3"),
    (1.02, "#fdecd8"),
    (0.95, "#f4f6f8"),
    (0.0, "#e3ebf2"),
)
_COLOURS: Mapping[Platform, str] = {
    Platform.TWITTER: "#2196c9",
    Platform.YOUTUBE: "#b3261e",
    Platform.INSTAGRAM: "#9c2a7f",
    Platform.LINKEDIN: "#0a3d73",
    Platform.REDDIT: "#b34700",
    Platform.TIKTOK: "#111111",
}

_OUTLINE = f'fill="none" stroke="{_INK}" stroke-width="1.5"'


def plan_picture(pictured: Pictured) -> str:
    """The whole campaign; a slot, and every hour of the week by its cell, has a title that says it in words."""
    days = _days(pictured)
    wide = max(4.0, min(56.0, 1064 / len(days)))
    width, height = max(_NARROWEST, round(_LEFT + wide * len(days) + 24)), _TOP + _HEIGHT + _BOTTOM
    name = _text(pictured.shown.campaign.name)
    return "".join(
        [
            _opening(width, height),
            f'<title id="title">{name}, as planned by {pictured.shown.preview.asked.scheduler}</title>',
            _HATCH,
            f'<rect width="{width}" height="{height}" fill="{_PAPER}"/>',
            f'<text x="{_LEFT}" y="24" font-size="16" font-weight="600" fill="{_INK}">{name}</text>',
            f'<text x="{_LEFT}" y="42" fill="{_INK}">{_text(_subtitle(pictured))}</text>',
            *_cells(pictured, days, wide),
            *_axes(days, wide),
            *_marks(pictured, days, wide),
            *_legend(pictured, height),
            "</svg>\n",
        ]
    )


def _opening(width: int, height: int) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-labelledby="title" font-family="system-ui, sans-serif" font-size="11">'
    )


_HATCH = (
    '<defs><pattern id="closed" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="6" height="6" fill="#eceff2"/><line x1="0" y1="0" x2="0" y2="6" stroke="#aab4bd" stroke-width="2"/>'
    "</pattern></defs>"
)


def _subtitle(pictured: Pictured) -> str:
    preview = pictured.shown.preview
    left_out = f", {len(preview.plan.unplaced)} left out" if preview.plan.unplaced else ""
    return (
        f"{len(preview.plan.placements)} posts{left_out} · {preview.asked.scheduler} · times in {pictured.shown.zone}"
    )


def _days(pictured: Pictured) -> Sequence[date]:
    """The campaign's days, and those of what it speaks of beside them."""
    campaign = pictured.shown.campaign
    others = [wall_time(each.slot.publish_time, pictured.shown.zone).date() for each in _placements(pictured)]
    first, last = min([campaign.start_date, *others]), max([campaign.end_date, *others])
    return [first + timedelta(days=nth) for nth in range((last - first).days + 1)]


def _placements(pictured: Pictured) -> Sequence[Placement]:
    return pictured.shown.preview.plan.placements


def _cells(pictured: Pictured, days: Sequence[date], wide: float) -> Iterator[str]:
    values = _audience(pictured.profiles)
    for nth, day in enumerate(days):
        for hour in range(24):
            at = datetime.combine(day, time(hour))
            is_closed = at not in pictured.open_hours
            value = values[cell_at(at)]
            fill = "url(#closed)" if is_closed else next(shade for least, shade in _AUDIENCE if value >= least)
            said = "closed by the rules" if is_closed else f"{value:.2f} of a usual post"
            yield (
                f'<rect x="{_LEFT + nth * wide:.1f}" y="{_TOP + hour * _HOUR}" width="{wide:.1f}" height="{_HOUR}" '
                f'fill="{fill}"><title>{at:%a %d %b %H:%M}: {said}</title></rect>'
            )


def _audience(profiles: Collection[Profile]) -> Sequence[float]:
    """The mean of the lanes' multipliers, hour by hour."""
    return [sum(each.value(cell) for each in profiles) / MILLION / max(1, len(profiles)) for cell in range(168)]


def _axes(days: Sequence[date], wide: float) -> Iterator[str]:
    right = _LEFT + wide * len(days)
    for hour in range(0, 25, 3):
        y = _TOP + hour * _HOUR
        yield f'<line x1="{_LEFT}" y1="{y}" x2="{right:.1f}" y2="{y}" stroke="{_GRID}"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end" fill="{_INK}">{hour:02}:00</text>'
    step = max(1, round(40 / wide))
    for nth, day in enumerate(days):
        if nth % step == 0:
            x = _LEFT + (nth + 0.5 if step == 1 else nth) * wide
            anchor = "middle" if step == 1 else "start"
            for line, said in enumerate((f"{day:%a}", f"{day:%d %b}")):
                y = _TOP + _HEIGHT + 14 + 13 * line
                yield f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}" fill="{_INK}">{said}</text>'


def _marks(pictured: Pictured, days: Sequence[date], wide: float) -> Iterator[str]:
    shown, size = pictured.shown, max(3.0, min(7.0, wide / 3))
    for schedule_id in shown.preview.kept:
        if schedule_id in shown.schedules:
            each = shown.schedules[schedule_id]
            local = wall_time(each.publish_time, shown.zone)
            if days[0] <= local.date() <= days[-1]:
                x, y = _place(local, days, wide)
                yield _square(x, y, size, _COLOURS[each.platform], f"stays: {each.title}, {local:%a %d %b %H:%M}")
    yield from _runner_ups(pictured, days, wide, size)
    for placement in _placements(pictured):
        local = wall_time(placement.slot.publish_time, shown.zone)
        x, y = _place(local, days, wide)
        title = f"{_called(placement.post.post_id, shown.titles)}, {placement.post.platform}, {local:%a %d %b %H:%M}"
        yield (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}" fill="{_COLOURS[placement.post.platform]}" '
            f'stroke="{_PAPER}" stroke-width="1.5"><title>{_text(title)}</title></circle>'
        )


def _runner_ups(pictured: Pictured, days: Sequence[date], wide: float, size: float) -> Iterator[str]:
    titles: dict[tuple[Platform, datetime], list[str]] = {}
    for placement in _placements(pictured):
        for each in placement.reason.runner_ups if placement.reason else ():
            said = f"{_called(placement.post.post_id, pictured.shown.titles)} ({each.change / MILLION:+z.2f})"
            titles.setdefault((placement.post.platform, each.local_time), []).append(said)
    for (platform, local), said in titles.items():
        if days[0] <= local.date() <= days[-1]:
            x, y = _place(local, days, wide)
            title = f"came next for {', '.join(said)}, {platform}, {local:%a %d %b %H:%M}"
            yield (
                f'<path d="{_diamond(x, y, size)}" fill="none" stroke="{_COLOURS[platform]}" '
                f'stroke-width="1.5"><title>{_text(title)}</title></path>'
            )


def _diamond(x: float, y: float, size: float) -> str:
    return f"M{x:.1f} {y - size:.1f}L{x + size:.1f} {y:.1f}L{x:.1f} {y + size:.1f}L{x - size:.1f} {y:.1f}Z"


def _place(local: datetime, days: Sequence[date], wide: float) -> tuple[float, float]:
    nth = (local.date() - days[0]).days
    return _LEFT + (nth + 0.5) * wide, _TOP + (local.hour + local.minute / 60) * _HOUR


def _square(x: float, y: float, size: float, colour: str, title: str) -> str:
    return (
        f'<rect x="{x - size:.1f}" y="{y - size:.1f}" width="{2 * size:.1f}" height="{2 * size:.1f}" fill="{colour}" '
        f'stroke="{_PAPER}" stroke-width="1.5"><title>{_text(title)}</title></rect>'
    )


def _text(said: str) -> str:
    """As XML can hold it."""
    return escape(printable(said, instead="\N{REPLACEMENT CHARACTER}"))


def _called(post_id: UUID, titles: Mapping[UUID, str]) -> str:
    return titles[post_id] or str(post_id)


def _legend(pictured: Pictured, height: int) -> Iterator[str]:
    y, x = height - 18, float(_LEFT)
    has_next = any(each.reason and each.reason.runner_ups for each in _placements(pictured))
    marks = (
        f'<circle cx="{{x}}" cy="{y - 4}" r="5" fill="{_INK}"/>',
        f'<rect x="{{x5}}" y="{y - 9}" width="10" height="10" fill="{_INK}"/>',
        f'<rect x="{{x5}}" y="{y - 9}" width="12" height="10" fill="url(#closed)"/>',
        *([f'<path d="{_diamond(0, y - 4, 5)}" transform="translate({{x}})" {_OUTLINE}/>'] if has_next else ()),
    )
    words = ("chosen", "stays", "closed by the rules", *(["came next"] if has_next else ()))
    for mark, word in zip(marks, words, strict=True):
        yield mark.format(x=x, x5=x - 5)
        yield f'<text x="{x + 12}" y="{y}" fill="{_INK}">{word}</text>'
        x += 34 + 7 * len(word)
    for platform in sorted({each.post.platform for each in _placements(pictured)}):
        yield f'<rect x="{x - 5}" y="{y - 8}" width="8" height="8" fill="{_COLOURS[platform]}"/>'
        yield f'<text x="{x + 8}" y="{y}" fill="{_INK}">{platform}</text>'
        x += 30 + 8 * len(platform)
