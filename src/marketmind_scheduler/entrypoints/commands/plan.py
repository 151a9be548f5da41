"""A campaign's plan in the terminal, and nothing scheduled until it is asked for."""

from datetime import timedelta
from uuid import UUID

import rich_click as click
from click import Choice, argument, option

from marketmind_scheduler.application.planning.plan_text import plan_text
from marketmind_scheduler.application.planning.shown import Shown
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.agent.intent import LONGEST_INSTRUCTION
from marketmind_scheduler.domain.audience.week import MILLION
from marketmind_scheduler.domain.errors import SchedulerError
from marketmind_scheduler.domain.planning.preview import Asked
from marketmind_scheduler.domain.planning.replanning import Renewal
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.entrypoints.commands.console import told, with_use_cases

_KINDS = [kind.value for kind in SchedulerKind]
_WAIT = timedelta(minutes=5)
_TO_COMMIT = "The same command with --commit schedules it; nothing else changed, it is exactly this."


@click.command()
@argument("campaign", type=click.UUID)
@option("--scheduler", type=Choice(_KINDS), default=SchedulerKind.NAIVE.value, help="Who chooses the times.")
@option("--fill", is_flag=True, help="Place only the posts that have no schedule.")
@option("--replace", is_flag=True, help="Plan anew what a scheduler has placed.")
@option("--commit", is_flag=True, help="Schedule exactly what is shown.")
@option("--instruction", help="For agentic: what you want of this plan besides, in words.")
@option("--accept", metavar="PATCH", help="Agree to what was understood of the instruction before.")
@option("--ignore-instruction", is_flag=True, help="Commit although the plan is made without the instruction.")
def plan(  # one for each option
    campaign: UUID,
    scheduler: str,
    *,
    fill: bool,
    replace: bool,
    commit: bool,
    instruction: str | None,
    accept: str | None,
    ignore_instruction: bool,
) -> None:
    """Show what a scheduler would do with a campaign.

    Nothing is scheduled, unless --commit is given: then it is exactly what is shown.
    """
    if fill and replace:
        raise click.UsageError("--fill moves nothing that stands, --replace plans it anew; leave one of them out")
    _check_words(scheduler, instruction, accept)
    renewal = Renewal.FILL if fill else Renewal.REPLACE if replace else Renewal.NOTHING
    asked = Asked(scheduler=SchedulerKind(scheduler), renewal=renewal, hold=timedelta())

    async def work(use_cases: UseCases) -> None:
        try:
            shown = await _shown(use_cases, campaign, asked, instruction, accept)
            click.echo(plan_text(shown, to_commit=None if commit else _TO_COMMIT))
            _tell_of_model(shown, is_ignored=ignore_instruction)
            if commit:
                done = await use_cases.previewing.commit(
                    shown.preview.plan_id, shown.preview.plan_hash, ignore_instruction=ignore_instruction
                )
                click.echo(_scheduled(len(done.schedules)))
        except SchedulerError as refused:
            raise click.ClickException(str(refused)) from None

    with told() as settings:
        with_use_cases(settings, work)


def _check_words(scheduler: str, instruction: str | None, accept: str | None) -> None:
    if instruction is not None and scheduler != SchedulerKind.AGENTIC:
        raise click.UsageError(f"{scheduler} understands no words; --instruction goes with --scheduler agentic")
    if accept is not None and instruction is None:
        raise click.UsageError("--accept agrees to what was understood of words; repeat them with --instruction")
    if instruction is not None:
        _check_instruction(instruction)


def _check_instruction(words: str) -> None:
    if not words.strip():
        raise click.UsageError("--instruction has no words in it; say what you want of this plan, or leave it out")
    if len(words) > LONGEST_INSTRUCTION:
        raise click.UsageError(f"--instruction takes 1 to {LONGEST_INSTRUCTION:,} characters, not {len(words):,}")
    if any(0xD800 <= ord(each) <= 0xDFFF for each in words):  # bytes of the command line that are no text
        raise click.UsageError("--instruction has bytes that are no UTF-8; write it in the terminal's own encoding")


async def _shown(
    use_cases: UseCases, campaign: UUID, asked: Asked, instruction: str | None, accept: str | None
) -> Shown:
    if asked.scheduler is not SchedulerKind.AGENTIC:
        return await use_cases.previewing.preview(campaign, asked)
    preparing = use_cases.preparing
    begun = await preparing.begin(campaign, asked, words=instruction, accept_patch=accept)
    made = begun if isinstance(begun, Shown) else await preparing.get(begun.plan_id, wait=_WAIT)
    if isinstance(made, Shown):
        return made
    raise click.ClickException(made.trouble[1] if made.trouble else "the plan was not made in time; ask again")


def _tell_of_model(shown: Shown, *, is_ignored: bool) -> None:
    """Who made the plan and why, what was understood, and what to say where it is made without the instruction."""
    part = shown.preview.agent
    if part is None:
        return
    click.echo(f"Made by {part.scheduled_by}{f', because {part.reason}' if part.reason else ''}.")
    instructed = part.instructed
    if instructed is None:
        return
    for each in instructed.understood:
        if each.asked is not None:
            effect = "the rules allow less, so they stay" if each.is_looser else f"before: {each.before or 'none'}"
            click.echo(f"  understood {each.field}: {each.asked} ({effect})")
    if instructed.cost is not None:
        click.echo(f"  it takes {instructed.cost / MILLION:.1%} of what the plan is worth")
    if part.drops_a_wish and not is_ignored:
        click.echo("  this plan is made without the instruction:")
        if instructed.patch_hash:
            click.echo(f"    to agree to what was understood, repeat it with --accept {instructed.patch_hash}")
        click.echo("    to schedule without it, --commit --ignore-instruction")


def _scheduled(posts: int) -> str:
    return "1 post is scheduled." if posts == 1 else f"{posts} posts are scheduled."
