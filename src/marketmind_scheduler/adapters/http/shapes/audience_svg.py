"""An audience as a picture that can be read without colours: what is expected is how dark a square is, how well it is
known is how large its dot is."""

from collections.abc import Iterable
from html import escape

from marketmind_scheduler.adapters.http.shapes.audiences import WEEKDAYS
from marketmind_scheduler.application.audiences import Audience
from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.audience.week import CELLS, HOURS, MILLION, weekday_and_hour

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SIDE, _LEFT, _TOP = 34, 58, 76
_WIDTH, _HEIGHT = _LEFT + HOURS * _SIDE + 20, _TOP + 7 * _SIDE + 92
_LIGHT, _DARK = (240, 244, 239), (11, 74, 92)
_LOWEST, _HIGHEST = 0.6, 1.6  # multipliers at which a square is lightest and darkest
_LARGEST_DOT = 11
_NEXT_TO_NOTHING = 0.05
_SHOWN_VALUES = (600_000, 800_000, MILLION, 1_250_000, 1_600_000)
_SHOWN_SHARES = ((0.0, "no own posts"), (0.2, "a fifth own"), (0.5, "half own"), (0.9, "own posts"))
_DRAWING = """\
<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="name about" width="{width}" height="{height}"
 viewBox="0 0 {width} {height}">
<title id="name">{title}</title>
<desc id="about">{about}</desc>
<style>
text {{ font: 12px system-ui, sans-serif; fill: #26323a }}
.title {{ font-size: 17px; font-weight: 600 }}
.quiet {{ fill: #5b6870 }}
.hour {{ stroke: #fff; stroke-width: 2 }}
.hour:hover {{ stroke: #26323a }}
.known {{ fill: #fff; stroke: #26323a }}
</style>
<defs>
<pattern id="unknown" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
<path d="M0 0V6" stroke="#26323a" stroke-opacity=".3"/>
</pattern>
</defs>
<rect width="{width}" height="{height}" fill="#fff"/>
<text class="title" x="{left}" y="28">{title}</text>
<text class="quiet" x="{left}" y="48">{about}</text>
{hours}
</svg>
"""


def picture_of(audience: Audience) -> str:
    profile = audience.profile
    posts = f"{profile.figure} of {sum(profile.posts):,} posts"
    return _DRAWING.format(
        width=_WIDTH,
        height=_HEIGHT,
        left=_LEFT,
        title=f"{audience.lane[1]}: when this audience reacts",
        about=escape(f"{audience.zone} · {posts} · signal {profile.signal} · gate {profile.gate.verdict}"),
        hours="\n".join([*_axes(), *(_hour(profile, cell) for cell in range(CELLS)), *_legend()]),
    )


def _axes() -> Iterable[str]:
    for hour in range(0, HOURS, 3):
        yield _text(_LEFT + hour * _SIDE + 2, _TOP - 8, f"{hour:02}:00")
    for nth, day in enumerate(WEEKDAYS):
        yield f'<text x="{_LEFT - 10}" y="{_TOP + nth * _SIDE + 22}" text-anchor="end">{day}</text>'


def _hour(profile: Profile, cell: int) -> str:
    weekday, hour = weekday_and_hour(cell)
    drawn = _square(_LEFT + hour * _SIDE, _TOP + weekday * _SIDE, profile.value(cell), profile.own_share(cell))
    return f"<g><title>{_said(profile, cell)}</title>{drawn}</g>"


def _said(profile: Profile, cell: int) -> str:
    weekday, hour = weekday_and_hour(cell)
    low, high = (bound / MILLION for bound in profile.interval_80(cell))
    expected = f"{profile.value(cell) / MILLION:.2f} times the usual post, 80 % between {low:.2f} and {high:.2f}"
    own = f"{profile.posts[cell]:,} posts here, {profile.own_share(cell):.0%} of it from own posts"
    return f"{_DAYS[weekday]} {hour:02}:00: {expected}; {own}"


def _square(x: int, y: int, value: int, own_share: float) -> str:
    return _coloured(x, y, value) + _known(x, y, own_share)


def _coloured(x: int, y: int, value: int) -> str:
    part = min(1.0, max(0.0, (value / MILLION - _LOWEST) / (_HIGHEST - _LOWEST)))
    red, green, blue = (round(light + part * (dark - light)) for light, dark in zip(_LIGHT, _DARK, strict=True))
    place = f'x="{x}" y="{y}" width="{_SIDE}" height="{_SIDE}" rx="5"'
    return f'<rect class="hour" {place} fill="rgb({red},{green},{blue})"/>'


def _known(x: int, y: int, own_share: float) -> str:
    """A dot whose area is what own posts tell; hatching where that is next to nothing."""
    if own_share < _NEXT_TO_NOTHING:
        return f'<rect x="{x + 2}" y="{y + 2}" width="{_SIDE - 4}" height="{_SIDE - 4}" rx="4" fill="url(#unknown)"/>'
    radius = _LARGEST_DOT * own_share**0.5
    return f'<circle class="known" cx="{x + _SIDE // 2}" cy="{y + _SIDE // 2}" r="{radius:.1f}"/>'


def _legend() -> Iterable[str]:
    y = _TOP + 7 * _SIDE + 22
    for nth, value in enumerate(_SHOWN_VALUES):
        x = _LEFT + nth * 76
        yield _coloured(x, y, value) + _text(x, y + _SIDE + 16, f"{value / MILLION:g} times")
    for nth, (share, word) in enumerate(_SHOWN_SHARES):
        x = _LEFT + 420 + nth * 112
        yield _square(x, y, MILLION, share) + _text(x, y + _SIDE + 16, word)


def _text(x: int, y: int, words: str) -> str:
    return f'<text class="quiet" x="{x}" y="{y}">{words}</text>'
