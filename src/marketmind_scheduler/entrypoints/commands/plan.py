"""A campaign's plan in the terminal, and nothing scheduled until it is asked for."""

from datetime import timedelta
from uuid import UUID

import rich_click as click
from click import Choice, argument, option

from marketmind_scheduler.application.planning.plan_text import plan_text
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.errors import SchedulerError
from marketmind_scheduler.domain.planning.preview import Asked
from marketmind_scheduler.domain.planning.replanning import Renewal
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.entrypoints.commands.console import told, with_use_cases

_KINDS = [kind.value for kind in SchedulerKind if kind is not SchedulerKind.AGENTIC]  # who takes longer


@click.command()
@argument("campaign", type=click.UUID)
@option("--scheduler", type=Choice(_KINDS), default=SchedulerKind.NAIVE.value, help="Who chooses the times.")
@option("--fill", is_flag=True, help="Place only the posts that have no schedule.")
@option("--replace", is_flag=True, help="Plan anew what a scheduler has placed.")
@option("--commit", is_flag=True, help="Schedule exactly what is shown.")
def plan(campaign: UUID, scheduler: str, fill: bool, replace: bool, commit: bool) -> None:  # noqa: FBT001
    """Show what a scheduler would do with a campaign.

    Nothing is scheduled, unless --commit is given: then it is exactly what is shown.
    """
    if fill and replace:
        raise click.UsageError("--fill moves nothing that stands, --replace plans it anew; leave one of them out")
    renewal = Renewal.FILL if fill else Renewal.REPLACE if replace else Renewal.NOTHING
    asked = Asked(scheduler=SchedulerKind(scheduler), renewal=renewal, hold=timedelta())

    async def work(use_cases: UseCases) -> None:
        try:
            shown = await use_cases.previewing.preview(campaign, asked)
            click.echo(plan_text(shown, is_for_commit=commit))
            if commit:
                done = await use_cases.previewing.commit(shown.preview.plan_id, shown.preview.plan_hash)
                click.echo(_scheduled(len(done.schedules)))
        except SchedulerError as refused:
            raise click.ClickException(str(refused)) from None

    with told() as settings:
        with_use_cases(settings, work)


def _scheduled(posts: int) -> str:
    return "1 post is scheduled." if posts == 1 else f"{posts} posts are scheduled."
