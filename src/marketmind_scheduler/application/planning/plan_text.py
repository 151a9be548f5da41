"""A plan as a table for the terminal."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from marketmind_scheduler.application.planning.shown import Shown
from marketmind_scheduler.domain.planning.plan import Placement
from marketmind_scheduler.domain.planning.preview import Preview, PreviewStatus
from marketmind_scheduler.domain.planning.reasons import Reason
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.terminal_text import fitted, printable
from marketmind_scheduler.domain.wall_clock import wall_time

_TITLE = 36
_MILLION = 1_000_000
_BAR, _BAR_OF = "▏▎▍▌▋▊▉█", 0.5
"""A bar of one sign for each half of a usual post."""


def plan_text(shown: Shown, *, to_commit: str | None) -> str:
    """The plan as lines of about a hundred signs: what goes out when and why, what stays, what it gives up, what is
    left out, how good it is, and a sentence on how ``to_commit`` it; None: that comes next. Nothing in it moves the
    cursor, whatever posts and rules are called."""
    lines = [*_head(shown), "", *_table(shown), *_rest(shown), "", *_foot(shown), ""]
    if to_commit or not shown.would_commit:
        lines[-1:] = [*_standing(shown, to_commit), ""]
    return "\n".join(map(printable, lines))


def _head(shown: Shown) -> Iterator[str]:
    preview, campaign = shown.preview, shown.campaign
    posts = len(preview.plan.placements)
    yield f"{campaign.name} · {campaign.start_date} to {campaign.end_date} · {shown.zone}"
    yield (
        f"{_number(posts, 'post')} placed by {preview.asked.scheduler}, rules version {preview.policy_version}, "
        f"plan {preview.plan_id}"
    )


def _table(shown: Shown) -> Iterator[str]:
    day = ""
    for placement in shown.preview.plan.placements:
        local = wall_time(placement.slot.publish_time, shown.zone)
        today = f"{local:%a %d %b}"
        title = fitted(shown.titles[placement.post.post_id], _TITLE)
        line = f"  {today if today != day else '':<10}  {_clock(local)}  {placement.post.platform:<9}  {title}"
        yield f"{line}  {_why(placement, shown.preview.plan.scheduler)}".rstrip()
        day = today


def _why(placement: Placement, scheduler: SchedulerKind) -> str:
    reason, warnings = placement.reason, placement.warnings(scheduler)
    if reason is None:
        return "; ".join(warnings)
    low, high = (each / _MILLION for each in reason.interval_80)
    marks = ", ".join([*_marks(reason), *warnings])
    expected = reason.expected_multiplier
    return f"{expected / _MILLION:.2f} {_bar(expected)}  {low:.2f} to {high:.2f}  {marks}"


def _marks(reason: Reason) -> Iterator[str]:
    yield f"signal {reason.signal}"
    if reason.is_exploratory:
        yield "tried to learn"
    if reason.is_control:
        yield "left at 19:00 to compare"
    if reason.matters_little:
        yield "the hour matters little"
    if reason.runner_ups:
        next_ = reason.runner_ups[0]
        yield f"next {next_.local_time:%a} {_clock(next_.local_time)} {next_.change / _MILLION:+z.2f}"


def _bar(multiplier: int) -> str:
    eighths = min(32, round(8 * multiplier / _MILLION / _BAR_OF))
    full, rest = divmod(eighths, 8)
    return f"{'█' * full}{_BAR[rest - 1] if rest else ''}".ljust(4)


def _rest(shown: Shown) -> Iterator[str]:
    preview = shown.preview
    kept = [shown.schedules[each] for each in preview.kept if each in shown.schedules]
    given_up = [shown.schedules[each] for each in preview.replaces if each in shown.schedules]
    yield from _schedules("stays as it is", kept, shown)
    yield from _schedules("is given up", given_up, shown)
    if preview.plan.unplaced:
        yield from ("", "left out")
        for sentence, titles in _grouped(shown).items():
            yield f"  {', '.join(titles[:3])}{f' and {len(titles) - 3} more' if len(titles) > 3 else ''}: {sentence}"
        for relaxation in sorted({each for left in preview.plan.unplaced for each in left.relaxations}):
            yield f"  it would fit: {relaxation}"
    if preview.plan.violations:
        yield from ("", "breaks the rules")
        yield from (f"  {each.sentence}" for each in preview.plan.violations)


def _schedules(word: str, schedules: Sequence[Schedule], shown: Shown) -> Iterator[str]:
    if schedules:
        yield from ("", word)
    for each in sorted(schedules, key=lambda one: one.publish_time):
        local = wall_time(each.publish_time, shown.zone)
        yield f"  {local:%a %d %b}  {_clock(local)}  {each.platform:<9}  {fitted(each.title, _TITLE)}  {each.status}"


def _grouped(shown: Shown) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in shown.preview.plan.unplaced:
        found.setdefault(each.sentence, []).append(shown.titles[each.post_id] or str(each.post_id))
    return found


def _closing(preview: Preview) -> Iterator[str]:
    """For how many posts a rule closes a time that would do better."""
    reasons = [each.reason for each in preview.plan.placements if each.reason]
    closing = Counter(rule for reason in reasons for rule in {each.rule for each in reason.binding})
    if closing:
        told = ", ".join(f"{rule} for {_number(posts, 'post')}" for rule, posts in sorted(closing.items()))
        yield f"Better hours are closed by {told}."


def _foot(shown: Shown) -> Iterator[str]:
    preview = shown.preview
    yield from _closing(preview)
    for platform, certificate in (preview.plan.certificates or {}).items():
        how_good = "proven best" if certificate.proven else f"at most {max(0.001, certificate.gap):.1%} below the best"
        yield (
            f"{platform}: {how_good} for these rules and what is believed of the hours "
            f"({certificate.method}, {preview.asked.objective}, every {preview.asked.grid_minutes} minutes)"
        )
    yield from (f"Mind: {said}" for said in preview.warnings())


def by_request(preview: Preview) -> str:
    """How whoever calls the API commits a plan."""
    hash_ = f'{{"plan_hash": "{preview.plan_hash}"}}'
    return f"To schedule exactly this: POST /plans/{preview.plan_id}/commit {hash_}"


def _standing(shown: Shown, to_commit: str | None) -> Iterator[str]:
    preview = shown.preview
    if preview.status is not PreviewStatus.OPEN:
        yield f"This plan is {preview.status}."
    elif shown.would_commit and to_commit:
        yield f"Nothing is scheduled yet. {to_commit}"
    else:
        yield "It cannot be committed as it stands."
        yield from (f"  {each}" for each in shown.broken)


def _clock(local: datetime) -> str:
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
