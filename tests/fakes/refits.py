"""Refits in memory."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from marketmind_scheduler.application.refitting import Refitting
from marketmind_scheduler.domain.audience.observations import Arm, History, LaneHistory, Measurement, Observation
from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.audience.refitting import Refit
from marketmind_scheduler.domain.lanes import Lane
from marketmind_scheduler.ports.dispatch_observer import UpkeepObserver
from marketmind_scheduler.ports.observations import Snapshot
from tests.builders import NOW
from tests.fakes.clock import FrozenClock
from tests.fakes.observations import arm_of, published_at
from tests.fakes.profile_fitter import DirectProfileFitter
from tests.fakes.rows import Rows
from tests.fakes.storage import InMemoryStorage


class InMemoryRefits:
    def __init__(self, storage: InMemoryStorage) -> None:
        self._storage = storage

    async def begin_due(self, *, limit: int, lease: timedelta) -> Sequence[Refit]:
        now = self._storage.clock.now()
        with self._storage.changing() as rows:
            due = sorted((due_at, lane) for lane, (due_at, _) in rows.refits.items() if due_at <= now)
            return [_begun(rows, lane, now, lease) for _, lane in due if _is_free(rows, lane, now)][:limit]

    async def begin(self, lane: Lane, *, lease: timedelta) -> Refit | None:
        now = self._storage.clock.now()
        with self._storage.changing() as rows:
            return _begun(rows, lane, now, lease) if _is_free(rows, lane, now) else None

    async def history(self, refit: Refit, *, most: int) -> LaneHistory:
        with self._storage.changing() as rows:
            of_lane = [each for each in rows.observations.values() if each.lane == (refit.brand_id, refit.platform)]
            latest = sorted(of_lane, key=lambda each: each.measured_at)[-most:]
            return LaneHistory(
                platform=refit.platform,
                zone=refit.zone,
                as_of=refit.begun_at.date(),
                measurements=[*_measured(rows, latest)],
                arms={str(each.of): arm for each in latest if (arm := _arm(rows, each))},
            )

    async def finish(self, refit: Refit, profile: Profile) -> None:
        lane = refit.brand_id, refit.platform
        with self._storage.changing() as rows:
            due_at, leased_until = rows.refits.get(lane, (refit.leased_until, None))
            if leased_until != refit.leased_until:
                return
            rows.refits[lane] = (due_at if due_at < refit.leased_until else refit.next_at), None
            newest = rows.profiles.get(lane)
            if newest is None or newest.digest != profile.digest:
                fitted_at = self._storage.clock.now()
                rows.profiles[lane] = Snapshot(profile=profile, digest=profile.digest, fitted_at=fitted_at)


def nothing_to_learn(observer: UpkeepObserver) -> Refitting:
    """For suites that are about something else."""
    storage = InMemoryStorage(FrozenClock(NOW))
    return Refitting(refits=InMemoryRefits(storage), fitter=DirectProfileFitter(is_installed=False), observer=observer)


def _is_free(rows: Rows, lane: Lane, now: datetime) -> bool:
    _, leased_until = rows.refits.get(lane, (now, None))
    return leased_until is None or leased_until <= now


def _begun(rows: Rows, lane: Lane, now: datetime, lease: timedelta) -> Refit:
    brand_id, platform = lane
    rows.refits[lane] = now + lease, now + lease
    zone = rows.brands[brand_id].content.default_zone
    return Refit(brand_id=brand_id, platform=platform, zone=zone, begun_at=now, leased_until=now + lease)


def _measured(rows: Rows, observations: Iterable[Observation]) -> Iterable[Measurement]:
    for each in observations:
        went_out = _went_out(rows, each)
        if went_out is not None and not each.is_paid:
            yield Measurement(
                str(each.of) if isinstance(each.of, UUID) else f"history {each.of.reference or each.observation_id}",
                each.figure,
                int(went_out.timestamp()),
                int(each.measured_at.timestamp()),
                each.value,
            )


def _arm(rows: Rows, each: Observation) -> Arm | None:
    return None if isinstance(each.of, History) else arm_of(rows, each.of, by=each.measured_at)


def _went_out(rows: Rows, each: Observation) -> datetime | None:
    return each.of.published_at if isinstance(each.of, History) else published_at(rows, each.of, by=each.measured_at)
