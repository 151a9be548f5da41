"""A brand's rules and its own caps of platforms: read, put, taken back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from marketmind_scheduler.application.lost_races import repeats_lost_races
from marketmind_scheduler.application.rule_breaking import breaking_ids
from marketmind_scheduler.domain.expectation import ANYTHING, Expectation
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.caps import CalendarDay, CapScope, Grade, PlatformCap, Window
from marketmind_scheduler.domain.rules.checking import check_cap, check_rules
from marketmind_scheduler.domain.rules.platform_caps import TABLE, caps_of_brand
from marketmind_scheduler.domain.rules.policy import Policy, Rule
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.storage import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    storage: Storage
    zones: ZoneCatalog
    clock: Clock

    async def get(self, brand_id: UUID, *, version: int | None = None) -> Policy:
        """The policy in this version, else in its latest. Raises BrandNotFound, PolicyVersionNotFound."""
        async with self.storage.unit_of_work() as work:
            await work.brands.get(brand_id)
            return await work.policies.get(brand_id, version=version)

    @repeats_lost_races
    async def put(
        self, brand_id: UUID, rules: Sequence[Rule], *, expected: Expectation[Policy] = ANYTHING
    ) -> tuple[Policy, int]:
        """Let these rules hold from now on, as a new version; the same rules leave the version that there is. Schedules
        that stand stay as they are: returned is, too, how many PENDING ones break the rules.

        Raises BrandNotFound, InvalidRule, PreconditionFailed.
        """
        check_rules(rules)
        async with self.storage.unit_of_work() as work:
            await work.brands.get(brand_id)
            await work.lanes.lock_brand(brand_id)
            found = await work.policies.get(brand_id)
            expected.check(found)
            policy = found
            if tuple(rules) != found.rules:
                policy = Policy(
                    brand_id=brand_id, version=found.version + 1, rules=tuple(rules), updated_at=self.clock.now()
                )
                await work.policies.add(policy)
                await work.brands.get(brand_id)  # which may have been deleted before it got them
                await work.commit()
        return policy, len(await self.breaking(brand_id))

    async def breaking(self, brand_id: UUID) -> Collection[UUID]:
        """The PENDING schedules of a brand that break its rules, but for those that they may break."""
        async with self.storage.unit_of_work() as work:
            return await breaking_ids(work, brand_id, now=self.clock.now())

    async def caps(self, brand_id: UUID | None) -> Sequence[PlatformCap]:
        """All that is known of the platforms' caps; of a brand, what holds for it. Raises BrandNotFound."""
        if brand_id is None:
            return TABLE
        async with self.storage.unit_of_work() as work:
            await work.brands.get(brand_id)
            caps = caps_of_brand(await work.policies.caps_of(brand_id))
        return [cap for platform in Platform for cap in caps[platform]]

    @repeats_lost_races
    async def put_cap(
        self, brand_id: UUID, platform: Platform, *, limit: int, window: Window, reason: str
    ) -> PlatformCap:
        """Let a cap of the brand's own hold on a platform, in place of those of its lane there. The same cap again
        changes nothing. Raises BrandNotFound, InvalidRule, UnknownZone."""
        check_cap(limit, window)
        if isinstance(window, CalendarDay):
            self.zones.check(window.zone)
        now = self.clock.now()
        cap = _own_cap(platform, limit, window, reason, now)
        async with self.storage.unit_of_work() as work:
            await work.brands.get(brand_id)
            await work.lanes.lock_brand(brand_id)
            found = _on(platform, await work.policies.caps_of(brand_id))
            if found and replace(cap, revision=found.revision, observed_on=found.observed_on) == found:
                return found
            await work.policies.set_cap(brand_id, platform, cap, at=now)
            [stored] = [each for each in await work.policies.caps_of(brand_id) if each.platform is platform]
            await work.brands.get(brand_id)  # see put
            await work.commit()
        return stored

    @repeats_lost_races
    async def take_back_cap(self, brand_id: UUID, platform: Platform) -> None:
        """Let the platform's caps hold again; where there is none of the brand's own, nothing changes. Raises
        BrandNotFound."""
        async with self.storage.unit_of_work() as work:
            await work.brands.get(brand_id)
            await work.lanes.lock_brand(brand_id)
            if _on(platform, await work.policies.caps_of(brand_id)):
                await work.policies.set_cap(brand_id, platform, None, at=self.clock.now())
                await work.commit()


def _own_cap(platform: Platform, limit: int, window: Window, reason: str, now: datetime) -> PlatformCap:
    return PlatformCap(
        platform=platform,
        limit=limit,
        window=window,
        scope=CapScope.LANE,
        grade=Grade.BRAND,
        source=reason,
        observed_on=now.astimezone(UTC).date(),
    )


def _on(platform: Platform, caps: Sequence[PlatformCap]) -> PlatformCap | None:
    return next((cap for cap in caps if cap.platform is platform), None)
