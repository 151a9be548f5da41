"""Audiences over HTTP: what they did, and what is believed of them since."""

from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import JSONBody

from marketmind_scheduler.adapters.http.envelope.access import ForCaller, needs
from marketmind_scheduler.adapters.http.envelope.time_limit import LONGER
from marketmind_scheduler.adapters.http.openapi import body_like, shown_as_pictures
from marketmind_scheduler.adapters.http.problem_sets import BODY, POSTED, READ
from marketmind_scheduler.adapters.http.problems import documented
from marketmind_scheduler.adapters.http.shapes import examples
from marketmind_scheduler.adapters.http.shapes.audience_svg import picture_of
from marketmind_scheduler.adapters.http.shapes.audience_text import table_of
from marketmind_scheduler.adapters.http.shapes.audiences import AudienceOut
from marketmind_scheduler.adapters.http.shapes.observations import ObservationsIn, ObservedOut
from marketmind_scheduler.adapters.http.shapes.parameters import BrandInPath, Format, FormatParameter, OnPlatform
from marketmind_scheduler.application.audiences import Audience, Audiences
from marketmind_scheduler.application.observing import Observing
from marketmind_scheduler.domain.access import Scope
from marketmind_scheduler.domain.errors import BrandNotFound, ObservationsRefused, SchedulerUnavailable


class AudienceController(Controller):
    tags = ("Audience",)

    @post(
        "/engagement-observations",
        status_code=200,
        operation_class=body_like(*examples.OBSERVATIONS),
        **needs(Scope.ENGAGEMENT_WRITE),
        summary="Tell what audiences did",
        response_description="What was new of it, and what is not learned from",
        responses=documented(*BODY, *POSTED, ObservationsRefused),
    )
    async def tell_observations(self, observing: ForCaller[Observing], data: JSONBody[ObservationsIn]) -> ObservedOut:
        """Up to 1,000 figures of published posts in a body of at most 1 MB, all or none, in any order; the same again
        changes nothing. Each is compared with the posts of its lane before it, so growth is no matter. What is told
        shows in `GET /brands/{brand_id}/audience` within ten seconds. A figure that should not have been sent: send it
        again as `paid`, and nothing is learned from it."""
        return ObservedOut.of(await observing.observe(data.told()))

    @get(
        "/brands/{brand_id:uuid}/audience",
        operation_class=shown_as_pictures("Audience of TWITTER, brand 11111111-1111-1111-1111-111111111111 …"),
        **needs(Scope.SCHEDULES_READ),
        summary="Read when a brand's audience reacts",
        response_description="Each hour of the week",
        responses=documented(*READ, BrandNotFound),
    )
    async def get_audience(
        self,
        audiences: ForCaller[Audiences],
        brand_id: BrandInPath,
        platform: OnPlatform,
        format_: FormatParameter = Format.JSON,
    ) -> Response[AudienceOut]:
        """For each hour of the week how a post does against the lane's usual post, how sure that is, and how much of it
        comes from the brand's own posts; the rest is a weak prior from published studies. `format=text` is a table for
        a terminal, `format=svg` a picture."""
        return _shown(await audiences.show((brand_id, platform)), format_)

    @post(
        "/brands/{brand_id:uuid}/audience/refit",
        status_code=200,
        **needs(Scope.ENGAGEMENT_WRITE, **LONGER),
        summary="Learn now what was observed",
        response_description="Each hour of the week",
        responses=documented(*READ, *POSTED, BrandNotFound, SchedulerUnavailable),
    )
    async def refit_audience(
        self, audiences: ForCaller[Audiences], brand_id: BrandInPath, platform: OnPlatform
    ) -> AudienceOut:
        """It is learned by itself, seconds after it is told and once a night; this is for whoever cannot wait. While
        another process is at it, the answer is what was believed before."""
        return AudienceOut.of(await audiences.refit((brand_id, platform)))


def _shown(audience: Audience, format_: Format) -> Response[Any]:
    match format_:
        case Format.JSON:
            return Response(AudienceOut.of(audience))
        case Format.TEXT:
            return Response(table_of(audience), media_type="text/plain")
        case Format.SVG:
            return Response(picture_of(audience), media_type="image/svg+xml")
