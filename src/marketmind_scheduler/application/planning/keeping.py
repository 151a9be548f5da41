"""Previews are kept, and their slots held where that is asked for."""

from collections.abc import Awaitable, Callable

from marketmind_scheduler.application.planning.cases import Case, lock_campaign, read_case
from marketmind_scheduler.application.planning.proposing import in_the_way
from marketmind_scheduler.application.planning.shown import Shown, shown_of
from marketmind_scheduler.domain.errors import TooManyHeld
from marketmind_scheduler.domain.planning.preview import MOST_HELD, Preview
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.storage import LostRace, Storage, UnitOfWork


async def kept(
    storage: Storage,
    preview: Preview,
    *,
    zones: ZoneCatalog,
    clock: Clock,
    also: Callable[[UnitOfWork], Awaitable[None]] | None = None,
) -> Shown:
    """Keep a preview, and its slots for it, and do something ``also`` in the same transaction. Raises LostRace where
    its times cannot stand any more, and TooManyHeld."""
    async with storage.unit_of_work() as work:
        if preview.asked.hold:
            await _check_holdable(work, preview, zones=zones, clock=clock)
        stored = await work.previews.add(preview)
        if also:
            await also(work)
        shown = await shown_of(stored, work)
        await work.commit()
    return shown


async def case_of(work: UnitOfWork, preview: Preview, *, zones: ZoneCatalog, clock: Clock) -> Case:
    """The campaign of a preview as it is now."""
    return await read_case(work, preview.campaign_id, preview.asked, zones=zones, now=clock.now())


async def _check_holdable(work: UnitOfWork, preview: Preview, *, zones: ZoneCatalog, clock: Clock) -> None:
    """Let nobody else into the preview's lanes. Raises LostRace, and TooManyHeld."""
    await lock_campaign(work, preview.asked, campaign_id=preview.campaign_id, brand_id=preview.brand_id)
    case = await case_of(work, preview, zones=zones, clock=clock)
    brief = case.brief_of_open_posts(zones)
    if preview.changed_in(brief) and (await in_the_way(preview.plan, brief, case)).sentences():
        raise LostRace
    await work.brands.lock(preview.brand_id)
    held, adding = await work.previews.count_held(preview.brand_id), len(preview.plan.placements)
    if held + adding > MOST_HELD:
        raise TooManyHeld(preview.brand_id, held=held, adding=adding, most=MOST_HELD)
