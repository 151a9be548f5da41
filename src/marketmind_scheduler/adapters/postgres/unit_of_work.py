"""What one connection, or one transaction, gives a use case to work with."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.adapters.postgres.repositories.agent_runs import PostgresAgentRuns
from marketmind_scheduler.adapters.postgres.repositories.bookings import PostgresBookings
from marketmind_scheduler.adapters.postgres.repositories.brands import PostgresBrandRepository
from marketmind_scheduler.adapters.postgres.repositories.campaigns import PostgresCampaignRepository
from marketmind_scheduler.adapters.postgres.repositories.derivations import PostgresDerivations
from marketmind_scheduler.adapters.postgres.repositories.erasures import PostgresErasures
from marketmind_scheduler.adapters.postgres.repositories.events import PostgresEventRepository
from marketmind_scheduler.adapters.postgres.repositories.forgotten import PostgresForgotten
from marketmind_scheduler.adapters.postgres.repositories.lane_entries import PostgresLanes
from marketmind_scheduler.adapters.postgres.repositories.observations import PostgresObservations
from marketmind_scheduler.adapters.postgres.repositories.policies import PostgresPolicyRepository
from marketmind_scheduler.adapters.postgres.repositories.post_bookings import PostgresPostBookings
from marketmind_scheduler.adapters.postgres.repositories.posts import PostgresPostRepository
from marketmind_scheduler.adapters.postgres.repositories.preparations import PostgresPreparations
from marketmind_scheduler.adapters.postgres.repositories.previews import PostgresPreviews
from marketmind_scheduler.adapters.postgres.repositories.retryables import PostgresRetryables
from marketmind_scheduler.adapters.postgres.repositories.schedule_search import PostgresScheduleSearch
from marketmind_scheduler.adapters.postgres.repositories.schedules import PostgresScheduleRepository
from marketmind_scheduler.adapters.postgres.repositories.transitions import PostgresTransitions
from marketmind_scheduler.adapters.postgres.repositories.tz_releases import PostgresTzReleaseRepository
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.event import SERVICE


class PostgresUnitOfWork:
    """The repositories over one connection, each made when it is asked for: most use cases need two or three. Without
    a transaction, each statement commits by itself."""

    def __init__(self, connection: Connection, reach: Reach, known_releases: set[str], actor: str = SERVICE) -> None:
        self.on = connection
        self.reach = reach
        self.known_releases = known_releases
        self.actor = actor
        self.tz_releases = PostgresTzReleaseRepository(connection, known_releases)  # knows what its unit has added

    @property
    def brands(self) -> PostgresBrandRepository:
        return PostgresBrandRepository(self.on, self.reach)

    @property
    def campaigns(self) -> PostgresCampaignRepository:
        return PostgresCampaignRepository(self.on, self.reach)

    @property
    def posts(self) -> PostgresPostRepository:
        return PostgresPostRepository(self.on, self.reach)

    @property
    def schedules(self) -> PostgresScheduleRepository:
        return PostgresScheduleRepository(self.on, self.reach)

    @property
    def searches(self) -> PostgresScheduleSearch:
        return PostgresScheduleSearch(self.on, self.reach)

    @property
    def forgotten(self) -> PostgresForgotten:
        return PostgresForgotten(self.on)

    @property
    def bookings(self) -> PostgresBookings:
        return PostgresBookings(self.on, self.reach)

    @property
    def post_bookings(self) -> PostgresPostBookings:
        return PostgresPostBookings(self.on, self.reach, self.actor)

    @property
    def derivations(self) -> PostgresDerivations:
        return PostgresDerivations(self.on)

    @property
    def transitions(self) -> PostgresTransitions:
        return PostgresTransitions(self.on)

    @property
    def erasures(self) -> PostgresErasures:
        return PostgresErasures(self.on)

    @property
    def lanes(self) -> PostgresLanes:
        return PostgresLanes(self.on)

    @property
    def policies(self) -> PostgresPolicyRepository:
        return PostgresPolicyRepository(self.on, self.reach)

    @property
    def retryables(self) -> PostgresRetryables:
        return PostgresRetryables(self.on, self.reach)

    @property
    def previews(self) -> PostgresPreviews:
        return PostgresPreviews(self.on, self.reach)

    @property
    def preparations(self) -> PostgresPreparations:
        return PostgresPreparations(self.on, self.reach)

    @property
    def agent_runs(self) -> PostgresAgentRuns:
        return PostgresAgentRuns(self.on, self.reach)

    @property
    def observations(self) -> PostgresObservations:
        return PostgresObservations(self.on, self.reach)

    @property
    def events(self) -> PostgresEventRepository:
        return PostgresEventRepository(self.on, self.reach)

    async def commit(self) -> None:
        await self.on.execute("COMMIT")

    @asynccontextmanager
    async def in_turn(self) -> AsyncGenerator["PostgresUnitOfWork"]:
        yield self
