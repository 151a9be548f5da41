"""Taking in what audiences did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketmind_scheduler.application.lost_races import repeats_lost_races
from marketmind_scheduler.domain.audience.observations import (
    Figure,
    History,
    Observation,
    Unlearned,
    impossible,
    unlearned,
)
from marketmind_scheduler.domain.errors import Fault, Gone, NotFound, ObservationsRefused
from marketmind_scheduler.domain.lanes import Lane
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.observations import ObservedPost
from marketmind_scheduler.ports.storage import Storage, UnitOfWork

_TWICE = "observations[{}] has the same id and measured_at and says otherwise; send one of them"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An observation as it was sent. Whoever tells of a lane's history names the ``lane``."""

    observation_id: str
    of: UUID | History
    figure: Figure
    value: int
    measured_at: datetime
    is_paid: bool = False
    lane: Lane | None = None

    def on(self, lane: Lane) -> Observation:
        brand_id, platform = lane
        return Observation(
            observation_id=self.observation_id,
            brand_id=brand_id,
            platform=platform,
            of=self.of,
            figure=self.figure,
            value=self.value,
            measured_at=self.measured_at,
            is_paid=self.is_paid,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """How many were new, took the place of an earlier one, or changed nothing; and which of those that were sent and
    are kept are not learned from as they stand, by their ids."""

    added: int
    replaced: int
    unchanged: int
    unlearned: Sequence[tuple[str, Unlearned]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observing:
    storage: Storage
    clock: Clock

    @repeats_lost_races
    async def observe(self, told: Sequence[Told]) -> Observed:
        """Store all of them or none, and have their lanes fitted anew. The same again changes nothing.

        Raises ObservationsRefused, with the place of each that cannot be: of a post or brand that is not there,
        measured before it was out or at an instant that is still ahead, or under an id that stands for another of the
        same request.
        """
        async with self.storage.unit_of_work() as work:
            posts = await work.observations.posts({each.of for each in told if isinstance(each.of, UUID)})
            observations = _placed(told, posts, await _absent_brands(work, told), now=self.clock.now())
            await work.observations.lock({each.lane for each in observations})
            stored = {each.key: each for each in await work.observations.find_all([each.key for each in observations])}
            latest = _latest(observations, stored)
            await work.observations.save([*latest.values()])
            await work.commit()
        kept = {**stored, **latest}
        replaced = len(latest.keys() & stored.keys())
        return Observed(
            added=len(latest) - replaced,
            replaced=replaced,
            unchanged=len(observations) - len(latest),
            unlearned=_unlearned([each for each in observations if each == kept[each.key]], posts),
        )


async def _absent_brands(work: UnitOfWork, told: Sequence[Told]) -> Mapping[UUID, str]:
    """Which of the brands named are not there, and what to say of them; the others stay until the unit of work ends."""
    absent: dict[UUID, str] = {}
    for brand_id in sorted({each.lane[0] for each in told if each.lane}):
        try:
            await work.brands.lock(brand_id)
            await work.brands.get(brand_id)
        except (NotFound, Gone) as refused:
            absent[brand_id] = str(refused)
    return absent


def _placed(
    told: Sequence[Told], posts: Mapping[UUID, ObservedPost], absent_brands: Mapping[UUID, str], *, now: datetime
) -> Sequence[Observation]:
    """All of them on their lanes; raises ObservationsRefused."""
    faults: list[Fault] = []
    placed: dict[tuple[UUID, str, datetime], tuple[int, Observation]] = {}
    observations: list[Observation] = []
    for nth, each in enumerate(told):
        lane = _lane(each, posts, absent_brands)
        if isinstance(lane, str):
            faults.append(Fault(nth, "post_id" if each.lane is None else "brand_id", lane))
            continue
        observation = each.on(lane)
        first, known = placed.setdefault((*observation.key, each.measured_at), (nth, observation))
        if known != observation:
            faults.append(Fault(nth, "observation_id", _TWICE.format(first)))
        faults += (Fault(nth, field, wrong) for field, wrong in impossible(observation, now=now))
        observations.append(observation)
    if faults:
        raise ObservationsRefused(faults)
    return observations


def _lane(each: Told, posts: Mapping[UUID, ObservedPost], absent_brands: Mapping[UUID, str]) -> Lane | str:
    """Its lane, or why it has none."""
    if each.lane is not None:
        return absent_brands.get(each.lane[0], each.lane)
    if isinstance(each.of, UUID) and each.of in posts:
        return posts[each.of].lane
    return f"there is no post {each.of}; register it, or send its brand_id, platform, published_at and reference"


def _latest(
    observations: Sequence[Observation], stored: Mapping[tuple[UUID, str], Observation]
) -> Mapping[tuple[UUID, str], Observation]:
    """Those that are to be stored, by their keys."""
    latest: dict[tuple[UUID, str], Observation] = {}
    for each in observations:
        known = latest.get(each.key) or stored.get(each.key)
        if known is None or each.supersedes(known):
            latest[each.key] = each
    return latest


def _unlearned(
    observations: Sequence[Observation], posts: Mapping[UUID, ObservedPost]
) -> Sequence[tuple[str, Unlearned]]:
    judged = ((each.observation_id, unlearned(each, _published_at(each, posts))) for each in observations)
    return [(observation_id, why) for observation_id, why in judged if why]


def _published_at(each: Observation, posts: Mapping[UUID, ObservedPost]) -> datetime | None:
    return each.of.published_at if isinstance(each.of, History) else posts[each.of].published_at
