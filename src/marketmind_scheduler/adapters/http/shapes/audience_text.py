"""An audience as a table for a terminal: 76 columns, what is known well told from what is not by a sign."""

from collections.abc import Iterable

from marketmind_scheduler.adapters.http.shapes.audiences import WEEKDAYS
from marketmind_scheduler.application.audiences import Audience
from marketmind_scheduler.domain.audience.comparison import Comparison
from marketmind_scheduler.domain.audience.priors import prior_of
from marketmind_scheduler.domain.audience.profile import Profile, multiplier
from marketmind_scheduler.domain.audience.week import HOURS, MILLION, cell_of

_SIGNS = "\N{WHITE CIRCLE}\N{CIRCLE WITH UPPER RIGHT QUADRANT BLACK}\N{CIRCLE WITH LEFT HALF BLACK}\N{BLACK CIRCLE}"
"""For less than a tenth, a third and two thirds of what is known coming from own posts, and for more."""
_BOUNDS = (0.1, 1 / 3, 2 / 3)


def table_of(audience: Audience) -> str:
    profile = audience.profile
    return "\n".join([*_head(audience), "", *_grid(profile), "", *_foot(profile)]) + "\n"


def _head(audience: Audience) -> Iterable[str]:
    brand_id, platform = audience.lane
    profile = audience.profile
    yield f"Audience of {platform}, brand {brand_id}, by the clocks of {audience.zone}"
    gate = f"gate {profile.gate.verdict} after {profile.gate.scored} scored"
    yield f"{profile.figure} of {sum(profile.posts):,} posts; signal {profile.signal}; {gate}"
    if audience.snapshot:
        yield f"snapshot {audience.snapshot.digest[:12]}, fitted {audience.snapshot.fitted_at:%Y-%m-%d %H:%M} UTC"
    else:
        yield "nothing was learned yet: this is the prior"


def _grid(profile: Profile) -> Iterable[str]:
    yield "      " + "".join(f"{day:^10}" for day in WEEKDAYS)
    for hour in range(HOURS):
        yield f"{hour:02}:00 " + "".join(_cell(profile, cell_of(day, hour)) for day in range(7))
    yield "posts " + "".join(f"{sum(profile.posts[cell_of(day, 0) : cell_of(day + 1, 0)]):^10,}" for day in range(7))


def _cell(profile: Profile, cell: int) -> str:
    low, high = profile.interval_80(cell)
    sign = _SIGNS[sum(profile.own_share(cell) >= bound for bound in _BOUNDS)]
    return f"{profile.value(cell) / MILLION:5.2f}\N{PLUS-MINUS SIGN}{(high - low) / 2 / MILLION:.1f}{sign} "[:10].ljust(
        10
    )


def _foot(profile: Profile) -> Iterable[str]:
    yield "Each hour: its multiplier against the usual post, and half its 80 % interval."
    yield f"{_SIGNS[0]} from studies  {_SIGNS[1]} {_SIGNS[2]} partly, {_SIGNS[3]} mostly from own posts"
    if studies := prior_of(profile.platform).studies:
        yield "Studies: " + "; ".join(f"{study.title}, {study.date}" for study in studies)
    if profile.comparison:
        yield _compared(profile.comparison)


def _compared(comparison: Comparison) -> str:
    ratio, low, high = (multiplier(each) / MILLION for each in (comparison.difference, comparison.low, comparison.high))
    measured = f"Chosen times against the rule's: {ratio:.2f} times, 95 % between {low:.2f} and {high:.2f}"
    posts = f"{comparison.chosen} and {comparison.control} posts"
    return f"{measured} ({posts})" + (
        "" if comparison.answers else f"; an answer needs about {comparison.more_posts} more"
    )
