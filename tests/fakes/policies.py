"""Rules and lanes in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.errors import PolicyVersionNotFound
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.caps import PlatformCap
from marketmind_scheduler.domain.rules.platform_caps import caps_of_brand
from marketmind_scheduler.domain.rules.policy import Policy
from marketmind_scheduler.domain.rules.violations import BrandRules, Occupied, Wanted
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.lanes import Ahead
from marketmind_scheduler.ports.storage import LostRace
from tests.fakes.previews import reserved
from tests.fakes.rows import Rows, View, in_time_order


class InMemoryPolicyRepository:
    def __init__(self, view: View, reach: Reach) -> None:
        self._view = view
        self._reach = reach

    async def get(self, brand_id: UUID, *, version: int | None = None) -> Policy:
        known = (Policy(brand_id=brand_id), *self._view().policies.get(brand_id, ()))
        if version is not None and version >= len(known):
            raise PolicyVersionNotFound(brand_id, version=version, latest=len(known) - 1)
        return known[-1 if version is None else version]

    async def add(self, policy: Policy) -> None:
        rows = self._view()
        known = rows.policies.get(policy.brand_id, ())
        if policy.version <= len(known):
            raise LostRace
        rows.policies[policy.brand_id] = (*known, policy)

    async def caps_of(self, brand_id: UUID) -> Sequence[PlatformCap]:
        return own_caps(self._view(), brand_id)

    async def set_cap(self, brand_id: UUID, platform: Platform, cap: PlatformCap | None, *, at: datetime) -> None:
        rows = self._view()
        known = rows.own_caps.get(brand_id, ())
        stored = cap and replace(cap, revision=len(known) + 1, observed_on=at.astimezone(UTC).date())
        rows.own_caps[brand_id] = (*known, (platform, stored))

    async def ruled_brands(self, *, among: Collection[UUID]) -> Sequence[UUID]:
        rows = self._view()
        ruled = {brand_id for brand_id, versions in rows.policies.items() if versions[-1].rules}
        ruled |= {brand_id for brand_id, caps in rows.own_caps.items() if any(cap for _, cap in caps)}
        covered = (each for each in ruled - rows.deleted if self._reach.covers(each))
        return sorted(each for each in covered if each in among)


class InMemoryLanes:
    def __init__(self, view: View, clock: Clock) -> None:
        self._view = view
        self._clock = clock

    async def lock(self, lanes: Mapping[UUID, Collection[Platform]]) -> Mapping[UUID, BrandRules]:
        rows = self._view()
        return {brand_id: rules_of(rows, brand_id) for brand_id in lanes if brand_id in rows.brands}

    async def lock_brand(self, brand_id: UUID) -> None:
        del brand_id  # whoever commits second loses the race

    async def occupied(
        self,
        rules: BrandRules,
        *,
        platforms: Collection[Platform],
        begin: datetime,
        end: datetime,
        besides: Collection[UUID] = (),
    ) -> Sequence[Occupied]:
        brand_id = rules.policy.brand_id
        now = rules_of(self._view(), brand_id)
        if (now.policy.version, now.caps_revision) != (rules.policy.version, rules.caps_revision):
            raise LostRace
        standing = (row.schedule for row in self._view().schedules.values())
        scheduled = [
            Occupied(holder_id=each.schedule_id, platform=each.platform, publish_time=each.publish_time)
            for each in standing
            if each.brand_id == brand_id and (each.is_active or each.status is ScheduleStatus.COMPLETED)
        ]
        return [
            each
            for each in (*scheduled, *reserved(self._view(), brand_id, now=self._clock.now(), besides=besides))
            if each.platform in platforms and begin <= each.publish_time <= end and each.holder_id not in besides
        ]

    async def elsewhere(
        self, brand_id: UUID, *, platforms: Collection[Platform], begin: datetime, end: datetime
    ) -> Mapping[Platform, Sequence[datetime]]:
        rows = self._view()
        scheduled = [
            (each.platform, each.publish_time)
            for each in (row.schedule for row in rows.schedules.values())
            if each.brand_id != brand_id and (each.is_active or each.status is ScheduleStatus.COMPLETED)
        ]
        others = [other for other in rows.brands if other != brand_id]
        held = [each for other in others for each in reserved(rows, other, now=self._clock.now())]
        there = sorted([*scheduled, *((each.platform, each.publish_time) for each in held)])
        return {
            platform: [at for lane, at in there if lane is platform and begin <= at <= end] for platform in platforms
        }

    async def ahead(self, brand_id: UUID) -> Sequence[Ahead]:
        return [
            Ahead(
                schedule_id=each.schedule_id,
                place=Wanted(post_id=each.post_id, platform=each.platform, publish_time=each.publish_time),
                overridden=each.overridden,
            )
            for each in in_time_order(row.schedule for row in self._view().schedules.values())
            if each.brand_id == brand_id and each.status is ScheduleStatus.PENDING
        ]


def rules_of(rows: Rows, brand_id: UUID) -> BrandRules:
    known = rows.policies.get(brand_id, ())
    return BrandRules(
        policy=known[-1] if known else Policy(brand_id=brand_id),
        caps=caps_of_brand(own_caps(rows, brand_id)),
        zone=rows.brands[brand_id].content.default_zone,
        caps_revision=len(rows.own_caps.get(brand_id, ())),
    )


def own_caps(rows: Rows, brand_id: UUID) -> Sequence[PlatformCap]:
    latest = dict(rows.own_caps.get(brand_id, ()))
    return [cap for _, cap in sorted(latest.items()) if cap is not None]
