"""The weeks of learning as a picture: for each world the share of the oracle's visibility, a line for each policy."""

from collections.abc import Sequence
from html import escape

from benchmarks.planning.figures import Played
from benchmarks.planning.playing import LEARNED, MEANS, MONTHLY, NAIVE, PEAK, REDQUEEN, SEEN, TRUE

_LINES = {
    TRUE: ("#1a7f37", "8 3"),
    LEARNED: ("#0969da", ""),
    SEEN: ("#0550ae", "10 2"),
    MONTHLY: ("#0969da", "2 3"),
    NAIVE: ("#888888", ""),
    PEAK: ("#bc4c00", "6 3"),
    MEANS: ("#8250df", "6 2 2 2"),
    REDQUEEN: ("#cf222e", "1 3"),
}
_BOLD, _THIN = 3, 1.5
"""What is compared stands out from what it is compared with."""
_WIDE, _HIGH, _LEFT, _TOP, _ACROSS = 330, 170, 40, 34, 2
_LOW, _TOPMOST = 0.4, 1.1
_PANEL_WIDE, _PANEL_HIGH = _WIDE + _LEFT + 20, _HIGH + _TOP + 36


def picture(worlds: Sequence[Played]) -> str:
    rows = -(-(len(worlds) + 1) // _ACROSS)
    size = f"{_ACROSS * _PANEL_WIDE} {rows * _PANEL_HIGH}"
    panels = [*(_panel(nth, each) for nth, each in enumerate(worlds)), _legend(len(worlds))]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" role="img"',
            'font-family="sans-serif" font-size="11">',
            "<title>Share of the oracle's visibility, week by week</title>",
            "<style>text{fill:#57606a}@media(prefers-color-scheme:dark){text{fill:#9da7b1}}</style>",
            *panels,
            "</svg>\n",
        ]
    )


def _panel(nth: int, played: Played) -> str:
    season = played.known.season
    weeks = [_x(week, season.weeks) for week in range(season.weeks)]
    learned = (weeks[season.learning - 1] + weeks[season.learning]) / 2
    return "\n".join(
        [
            f'<g transform="{_place(nth)}">',
            f'<text x="{_LEFT}" y="20" font-weight="bold">{escape(played.known.world.name)}</text>',
            *(_level(level) for level in (0.4, 0.6, 0.8, 1.0)),
            *(
                f'<text x="{x:.0f}" y="{_TOP + _HIGH + 15}" text-anchor="middle">{week + 1}</text>'
                for week, x in enumerate(weeks)
            ),
            f'<path d="M{learned:.0f} {_TOP}V{_TOP + _HIGH}" stroke="#888888" stroke-dasharray="1 2"/>',
            f'<text x="{learned + 4:.0f}" y="{_TOP + _HIGH - 5}">one plan</text>',
            f'<text x="{_LEFT + _WIDE / 2:.0f}" y="{_TOP + _HIGH + 30}" text-anchor="middle">week</text>',
            *(_line(policy, weeks, played.weekly(policy).tolist()) for policy in _LINES),
            "</g>",
        ]
    )


def _level(level: float) -> str:
    y = _y(level)
    return (
        f'<path d="M{_LEFT} {y:.0f}H{_LEFT + _WIDE}" stroke="#888888" stroke-opacity=".3"/>'
        f'<text x="{_LEFT - 5}" y="{y + 4:.0f}" text-anchor="end">{level:.0%}</text>'
    )


def _line(policy: str, weeks: Sequence[float], shares: Sequence[float]) -> str:
    points = " ".join(f"{x:.1f},{_y(share):.1f}" for x, share in zip(weeks, shares, strict=True))
    return f'<polyline points="{points}" {_stroke(policy)}><title>{escape(policy)}</title></polyline>'


def _legend(nth: int) -> str:
    entries = (
        f'<path d="M{_LEFT} {_TOP + 20 * row}h36" {_stroke(policy)}/>'
        f'<text x="{_LEFT + 46}" y="{_TOP + 20 * row + 4}">{escape(policy)}</text>'
        for row, policy in enumerate(_LINES)
    )
    return "\n".join([f'<g transform="{_place(nth)}">', *entries, "</g>"])


def _stroke(policy: str) -> str:
    colour, dashes = _LINES[policy]
    width = _BOLD if policy in {LEARNED, NAIVE} else _THIN
    return f'fill="none" stroke="{colour}" stroke-width="{width}" stroke-dasharray="{dashes or "none"}"'


def _place(nth: int) -> str:
    row, column = divmod(nth, _ACROSS)
    return f"translate({column * _PANEL_WIDE} {row * _PANEL_HIGH})"


def _x(week: int, weeks: int) -> float:
    return _LEFT + 10 + week * (_WIDE - 20) / (weeks - 1)


def _y(share: float) -> float:
    held = min(_TOPMOST, max(_LOW, share))
    return _TOP + _HIGH * (_TOPMOST - held) / (_TOPMOST - _LOW)
