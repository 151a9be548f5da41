"""`migrate` and `demo`: what changes a database before anything runs."""

import asyncio
from collections.abc import Awaitable, Callable

import rich_click as click
from rich.console import Console
from rich.markup import escape

from marketmind_scheduler.application.demo import DEMO_CAMPAIGNS
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.entrypoints.commands.console import told
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.entrypoints.wiring.bootstrap import running
from marketmind_scheduler.entrypoints.wiring.database import database, prepare


@click.command()
def migrate() -> None:
    """Bring the database to the schema of this version.

    Does nothing when it is there already. With SCHEDULER_DEMO_DATA=true it loads the demo data too. Over
    MIGRATION_DATABASE_URL where that is set; the user of DATABASE_URL is then granted what the service needs.
    """
    with told() as settings:
        _with_database(settings)
        Console().print("[green]✓[/] the schema is at head")


@click.command()
def demo() -> None:
    """Load the demo data, or renew it when its campaigns' days are over.

    Two brands with a campaign each, seven days from today.
    """
    with told() as settings:
        _with_database(settings.with_demo_data(), _print_campaigns)


def _with_database(settings: Settings, then: Callable[[UseCases], Awaitable[None]] | None = None) -> None:
    async def work(url: str) -> None:
        async with running(settings, url) as service:
            await prepare(settings, url, service.use_cases, wait_for_schema=0)
            if then is not None:
                await then(service.use_cases)

    with database(settings) as url:
        asyncio.run(work(settings.migration_database_url or url))


async def _print_campaigns(use_cases: UseCases) -> None:
    console = Console(soft_wrap=True, highlight=False)  # ids stay whole, however narrow the terminal
    console.print("[green]✓[/] the demo campaigns are ready")
    for campaign_id in DEMO_CAMPAIGNS:
        campaign = await use_cases.catalog.get_campaign(campaign_id)
        days = f"{campaign.start_date} to {campaign.end_date}"
        console.print(f"  {campaign_id}  {escape(campaign.name)}")
        console.print(f"    {days}, {campaign.post_count} posts, {campaign.status}")
