"""Events over HTTP: every change of every schedule and every deletion, in their final order."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.params import QueryParameter

from marketmind_scheduler.adapters.http.envelope.access import ForCaller, needs
from marketmind_scheduler.adapters.http.envelope.shares import WAITS
from marketmind_scheduler.adapters.http.envelope.time_limit import LONG_POLL, LONGER
from marketmind_scheduler.adapters.http.problem_sets import LIST
from marketmind_scheduler.adapters.http.problems import documented
from marketmind_scheduler.adapters.http.shapes.events import EventsOut
from marketmind_scheduler.adapters.http.shapes.parameters import BrandFilter
from marketmind_scheduler.application.event_feed import EventFeed
from marketmind_scheduler.domain.access import Scope
from marketmind_scheduler.domain.errors import Deleted, HistoryChanged

After = Annotated[
    int,
    QueryParameter(ge=0, le=2**53 - 1, description="Only events behind this position; 0 starts at the first there is"),
]
EventLimit = Annotated[int, QueryParameter(name="limit", ge=1, le=1000, description="How many to return at most")]
Known = Annotated[
    UUID | None,
    QueryParameter(
        name="history",
        description="The `history` of the answer that `after` is from: where the database has gone back since, by "
        "a failover or a restore, 409 `history_changed` says so",
    ),
]
WaitSeconds = Annotated[
    int, QueryParameter(ge=0, le=30, description="Where there is none yet, how long to wait for the first")
]


class EventController(Controller):
    tags = ("Events",)
    opt = LONGER

    @get(
        LONG_POLL,
        **needs(Scope.EVENTS_READ, **WAITS),
        summary="Read events, or wait for them",
        response_description="Events in their final order, none where nothing happened in time",
        responses=documented(*LIST, Deleted, HistoryChanged),
    )
    async def list_events(
        self,
        event_feed: ForCaller[EventFeed],
        after: After = 0,
        brand_id: BrandFilter = None,
        limit: EventLimit = 100,
        wait_seconds: WaitSeconds = 0,
        known: Known = None,
    ) -> EventsOut:
        """Send `next_after` as `after`, and `history`, to go on. Positions only rise: what was read up to one is
        complete for good, so a reader that remembers it misses nothing and can start anew from any point. Where events
        are not kept for ever, a reader whose `after` lies before what was removed is told so by 410 `gone`. One that
        has read what a failover or a restore took back is told so by 409 `history_changed`: whoever sends `history`,
        wherever it is, and everybody whose `after` lies beyond the last event."""
        page = await event_feed.read(
            brand_id=brand_id, after=after, limit=limit, wait=timedelta(seconds=wait_seconds), known=known
        )
        return EventsOut.of(page.events, next_after=page.go_on, history=page.mark)
