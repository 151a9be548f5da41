"""All schedules over HTTP."""

from litestar import Controller, get

from marketmind_scheduler.adapters.http.envelope.access import ForCaller, needs
from marketmind_scheduler.adapters.http.problem_sets import LIST
from marketmind_scheduler.adapters.http.problems import documented
from marketmind_scheduler.adapters.http.shapes.cursors import (
    CursorParameter,
    Limit,
    after_in_time,
)
from marketmind_scheduler.adapters.http.shapes.parameters import (
    BrandFilter,
    BreaksPolicyFilter,
    CampaignFilter,
    DiffersFilter,
    FromFilter,
    PlatformFilter,
    StatusFilter,
    TitleFilter,
    ToFilter,
    differences_of,
)
from marketmind_scheduler.adapters.http.shapes.schedules import SchedulePage
from marketmind_scheduler.application.post_scheduling import PostScheduling
from marketmind_scheduler.domain.access import Scope
from marketmind_scheduler.domain.errors import (
    BeyondHorizon,
    CampaignNotFound,
    TimeInPast,
    UnreadableTime,
)
from marketmind_scheduler.domain.written_times import read_instant
from marketmind_scheduler.ports.schedules import ScheduleFilter


class ScheduleController(Controller):
    path = "/schedule"
    tags = ("Schedules",)

    @get(
        **needs(Scope.SCHEDULES_READ),
        summary="List schedules",
        response_description="A page of schedules",
        responses=documented(*LIST, CampaignNotFound, UnreadableTime, TimeInPast, BeyondHorizon),
    )
    async def list_schedules(
        self,
        post_scheduling: ForCaller[PostScheduling],
        brand_id: BrandFilter = None,
        campaign_id: CampaignFilter = None,
        status: StatusFilter = None,
        platform: PlatformFilter = None,
        from_time: FromFilter = None,
        to_time: ToFilter = None,
        in_title: TitleFilter = None,
        differs: DiffersFilter = None,
        breaks_policy: BreaksPolicyFilter = None,
        limit: Limit = 50,
        cursor: CursorParameter = None,
    ) -> SchedulePage:
        """In time order. `differs=dates` needs a `campaign_id`. With `in_title` or `differs`, and without a
        `campaign_id`, a page looks through some thousands of schedules, and with `breaks_policy`, without a `brand_id`,
        through a thousand: it may show fewer than `limit`, or none, and have a `next_cursor` nevertheless."""
        chosen = ScheduleFilter(
            brand_id=brand_id,
            campaign_id=campaign_id,
            status=status,
            platform=platform,
            from_time=None if from_time is None else read_instant(from_time),
            to_time=None if to_time is None else read_instant(to_time),
            in_title=in_title,
            differs=differences_of(differs, campaign_id),
        )
        found = await post_scheduling.list(
            chosen, breaks_policy=bool(breaks_policy), limit=limit, after=after_in_time(cursor)
        )
        return SchedulePage.of(found)
