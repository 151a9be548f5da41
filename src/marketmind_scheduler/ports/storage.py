"""Where the repositories come from: for reading, or in one transaction."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.errors import StorageUnavailable
from marketmind_scheduler.ports.agent_runs import AgentRuns
from marketmind_scheduler.ports.bookings import Bookings
from marketmind_scheduler.ports.catalog import BrandRepository, CampaignRepository, PostRepository
from marketmind_scheduler.ports.derivations import Derivations
from marketmind_scheduler.ports.erasures import Erasures
from marketmind_scheduler.ports.events import EventRepository
from marketmind_scheduler.ports.forgotten import Forgotten
from marketmind_scheduler.ports.lanes import Lanes
from marketmind_scheduler.ports.observations import Observations
from marketmind_scheduler.ports.policies import PolicyRepository
from marketmind_scheduler.ports.post_bookings import PostBookings
from marketmind_scheduler.ports.preparations import Preparations
from marketmind_scheduler.ports.previews import Previews
from marketmind_scheduler.ports.retryables import Retryables
from marketmind_scheduler.ports.schedule_search import ScheduleSearch
from marketmind_scheduler.ports.schedules import ScheduleRepository
from marketmind_scheduler.ports.transitions import Transitions
from marketmind_scheduler.ports.tz_releases import TzReleaseRepository


class LostRace(StorageUnavailable):
    """Another transaction got in the way of this one; the whole unit of work can be done again."""

    code = StorageUnavailable.code


class Past(Protocol):
    """What is known of what has happened."""

    @property
    def events(self) -> EventRepository: ...

    @property
    def forgotten(self) -> Forgotten: ...


class Planned(Protocol):
    """What is kept of plans, and of how they were made."""

    @property
    def previews(self) -> Previews: ...

    @property
    def preparations(self) -> Preparations: ...

    @property
    def agent_runs(self) -> AgentRuns: ...


class Repositories(Past, Planned, Protocol):
    @property
    def brands(self) -> BrandRepository: ...

    @property
    def campaigns(self) -> CampaignRepository: ...

    @property
    def posts(self) -> PostRepository: ...

    @property
    def schedules(self) -> ScheduleRepository: ...

    @property
    def searches(self) -> ScheduleSearch: ...

    @property
    def derivations(self) -> Derivations: ...

    @property
    def observations(self) -> Observations: ...

    @property
    def tz_releases(self) -> TzReleaseRepository: ...


class UnitOfWork(Repositories, Protocol):
    @property
    def bookings(self) -> Bookings: ...

    @property
    def post_bookings(self) -> PostBookings: ...

    @property
    def transitions(self) -> Transitions: ...

    @property
    def erasures(self) -> Erasures: ...

    @property
    def lanes(self) -> Lanes: ...

    @property
    def policies(self) -> PolicyRepository: ...

    @property
    def retryables(self) -> Retryables: ...

    async def commit(self) -> None:
        """Make everything since the unit began durable, all or nothing."""
        ...


class AtOnce(UnitOfWork, Protocol):
    """For whoever writes with one statement, and ends with it: what it writes may be durable before ``commit``, which
    is called all the same. Each look before sees what is committed at that moment, and what is locked may be free again
    at once."""

    def in_turn(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """A unit of work as usual in the time of this one, for whoever has to lock after all."""
        ...


class Storage(Protocol):
    """All contexts raise StorageUnavailable when the storage cannot be used, and within 5 s when it hangs."""

    def within(self, reach: Reach) -> "Storage":
        """The same storage where only these brands exist, and what is theirs.

        Lists leave out the others, looking for anything of theirs finds nothing, and naming it raises its NotFound,
        also where something is to be made under its id.
        """
        ...

    def acting(self, actor: str) -> "Storage":
        """The same storage, whose units of work tell their events as ``actor``'s."""
        ...

    def patient(self) -> "Storage":
        """The same storage for those who go over as many rows as a campaign may have: they may take as long as a
        request that is given more time. A storage that hangs is still told within 5 s."""
        ...

    def reading(self) -> AbstractAsyncContextManager[Repositories]:
        """Repositories to read with, without a transaction: each call sees what is committed at that moment."""
        ...

    def unit_of_work(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """Repositories in one transaction, which may end in LostRace at any call.

        Leaving without ``commit`` leaves nothing behind. A unit of work never waits for anything but the storage.
        """
        ...

    def at_once(self) -> AbstractAsyncContextManager[AtOnce]:
        """Repositories without a transaction, for one statement that writes."""
        ...
