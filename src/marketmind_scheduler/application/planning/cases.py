"""A campaign that is to be planned, with all that its plan depends on."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from marketmind_scheduler.application.lanes import lock_lanes
from marketmind_scheduler.application.zone_rules import check_zone_rules
from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.brand import Brand
from marketmind_scheduler.domain.campaign import Campaign
from marketmind_scheduler.domain.planning.agent_part import AgentPart
from marketmind_scheduler.domain.planning.forecast import REACH
from marketmind_scheduler.domain.planning.plan import Brief, Placement, Plan, PostToPlace
from marketmind_scheduler.domain.planning.preview import Asked, Preview
from marketmind_scheduler.domain.planning.replanning import Decision, decide, moment_of_its_own
from marketmind_scheduler.domain.post import Platform, Post
from marketmind_scheduler.domain.rules.caps import CapScope
from marketmind_scheduler.domain.rules.limits import limits, longest_window
from marketmind_scheduler.domain.rules.violations import BrandRules, Occupied
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.domain.wall_clock import days_in
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.ports.storage import LostRace, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A campaign as it was read, before anything is decided. ``rules`` are the brand's, with what an instruction
    adds."""

    campaign: Campaign
    brand: Brand
    asked: Asked
    posts: Sequence[Post]
    standing: Sequence[Schedule]
    published: Collection[UUID]  # by schedules that were forgotten
    rules: BrandRules
    occupied: Sequence[Occupied]
    profiles: Mapping[Platform, Profile]
    now: datetime
    elsewhere: Mapping[Platform, Sequence[datetime]] = field(default_factory=dict[Platform, Sequence[datetime]])
    """When other brands post on platforms that cap all brands together, as far as that was asked for."""

    @property
    def decision(self) -> Decision:
        return decide(self.posts, self.standing, self.asked.renewal, self.published)

    @property
    def shown_posts(self) -> Sequence[Post]:
        """Without those of which only a forgotten schedule knew."""
        shown = {each.post_id for each in self.standing}
        return [post for post in self.posts if post.post_id in shown or post.post_id not in self.published]

    @property
    def is_over(self) -> bool:
        """Whether some of it is forgotten, and nothing is ahead: the plan that it had cannot be asked for again."""
        is_ahead = self.decision.open_posts or not all(each.may_be_out for each in self.standing)
        return bool(self.published) and not is_ahead

    def brief(self, posts: Sequence[Post], kept: Sequence[Schedule], now: datetime, zones: ZoneCatalog) -> Brief:
        """What a scheduler is told who is to place ``posts`` round ``kept``. Raises UnknownZone."""
        zones.check(self.brand.content.default_zone)
        platforms = {post.platform for post in posts}
        first_day, last_day = self.asked.patch.within(self.campaign.start_date, self.campaign.end_date)
        return Brief(
            campaign_id=self.campaign.campaign_id,
            brand=self.brand.content,
            tz_release=zones.release,
            first_day=first_day,
            last_day=last_day,
            now=now,
            posts=tuple(PostToPlace(post_id=post.post_id, platform=post.platform) for post in posts),
            kept=tuple(_placed(each) for each in kept if each.platform in platforms),
            occupied=(*self.occupied, *(_stood(each) for each in kept if each.platform not in platforms)),
            rules=self.rules,
            profiles={platform: profile for platform, profile in self.profiles.items() if platform in platforms},
            grid_minutes=self.asked.grid_minutes,
            objective=self.asked.objective,
            explores=self.asked.explores,
        )

    def brief_of_open_posts(self, zones: ZoneCatalog) -> Brief:
        """What a scheduler is told now. Raises UnknownZone."""
        decision = self.decision
        return self.brief(decision.open_posts, decision.kept, self.now, zones)

    @property
    def beside(self) -> Sequence[Occupied]:
        """All that stands beside what is to be placed, with the ids of what stands."""
        return [*self.occupied, *map(_stood, self.decision.kept)]

    def brief_of(self, preview: Preview, zones: ZoneCatalog) -> Brief:
        """What the scheduler of a preview is told now, as if nothing stood for its posts yet. Raises UnknownZone."""
        spoken_of = set(preview.post_ids)
        posts = [post for post in self.posts if post.post_id in spoken_of]
        kept = [each for each in self.decision.kept if each.post_id not in spoken_of]
        return self.brief(posts, kept, self.now, zones)

    def preview(self, plan_id: UUID, brief: Brief, plan: Plan, agent: AgentPart | None = None) -> Preview:
        """The preview of a plan that was made of this brief, and what part a language model had in it."""
        return Preview.of(
            plan_id,
            brand_id=self.brand.brand_id,
            asked=self.asked,
            brief=brief,
            decision=self.decision,
            plan=plan,
            elsewhere=self.elsewhere,
            agent=agent,
        )


async def read_case(
    work: UnitOfWork,
    campaign_id: UUID,
    asked: Asked,
    *,
    zones: ZoneCatalog,
    now: datetime,
) -> Case:
    """Nothing is locked. What is held for the campaign is not in its way. Raises CampaignNotFound, ZoneRulesOutdated,
    UnknownZone, and LostRace where the brand's rules change meanwhile."""
    await check_zone_rules(work, zones)
    campaign = await work.campaigns.get(campaign_id)
    brand = await work.brands.get(campaign.brand_id)
    zones.check(brand.content.default_zone)
    posts = await work.posts.list_of_campaign(campaign_id, platforms=asked.platforms)
    standing = await work.schedules.standing_of_campaign(campaign_id, platforms=asked.platforms)
    published = await work.forgotten.published([post.post_id for post in posts])
    rules = asked.patch.added_to((await work.lanes.lock({campaign.brand_id: ()}))[campaign.brand_id])
    return Case(
        campaign=campaign,
        brand=brand,
        asked=asked,
        posts=posts,
        standing=standing,
        published=published.keys(),
        rules=rules,
        occupied=await _occupied(work, rules, campaign, asked.platforms, standing),
        profiles=await profiles_of(work, campaign.brand_id, asked.platforms) if asked.looks_at_audiences else {},
        now=moment_of_its_own(standing, now),
    )


async def profiles_of(work: UnitOfWork, brand_id: UUID, platforms: Collection[Platform]) -> Mapping[Platform, Profile]:
    """What is believed of the hours of lanes that have learned something."""
    found = {platform: await work.observations.newest((brand_id, platform)) for platform in sorted(platforms)}
    return {platform: snapshot.profile for platform, snapshot in found.items() if snapshot}


async def beside_others(work: UnitOfWork, case: Case) -> Case:
    """The case with what others have on its lanes by now. Raises LostRace where the brand's rules have changed."""
    occupied = await _occupied(work, case.rules, case.campaign, case.asked.platforms, case.standing)
    return replace(case, occupied=occupied)


async def beside_other_brands(work: UnitOfWork, case: Case) -> Case:
    """The case with what all other brands have on platforms that cap them together."""
    platforms = {
        post.platform
        for post in case.posts
        if any(cap.scope is CapScope.APP for cap in case.rules.caps.get(post.platform, ()))
    }
    if not platforms:
        return case
    begin, over = days_in(case.campaign.start_date, case.campaign.end_date, case.rules.zone)
    elsewhere = await work.lanes.elsewhere(
        case.brand.brand_id, platforms=platforms, begin=begin - REACH, end=over + REACH
    )
    return replace(case, elsewhere=elsewhere)


async def _occupied(
    work: UnitOfWork,
    rules: BrandRules,
    campaign: Campaign,
    platforms: Collection[Platform],
    standing: Sequence[Schedule],
) -> Sequence[Occupied]:
    besides = [*(each.schedule_id for each in standing), campaign.campaign_id]
    days = days_in(campaign.start_date, campaign.end_date, rules.zone)
    return await surroundings(work, rules, platforms, days, besides=besides)


async def surroundings(
    work: UnitOfWork,
    rules: BrandRules,
    platforms: Collection[Platform],
    window: tuple[datetime, datetime],
    *,
    besides: Collection[UUID] = (),
) -> Sequence[Occupied]:
    """What stands on the lanes that count with these, out to the longest window on both sides of this one. Raises
    LostRace where the brand's rules have changed."""
    counting = limits(rules, platforms)
    begin, over = window
    reach = max(REACH, longest_window(counting))
    counted = {platform for limit in counting for platform in limit.platforms}
    return await work.lanes.occupied(
        rules, platforms=counted | set(platforms), begin=begin - reach, end=over + reach, besides=besides
    )


async def lock_campaign(
    work: UnitOfWork, asked: Asked, *, campaign_id: UUID, brand_id: UUID
) -> tuple[Sequence[UUID], Mapping[UUID, BrandRules]]:
    """Let nobody else change the campaign, its posts, what stands for them or on their lanes; return the posts in their
    order, and the brand's rules."""
    posts = await work.posts.lock_of_campaign(campaign_id, platforms=asked.platforms)
    rules = await lock_lanes(work, [(brand_id, platform) for platform in asked.platforms])
    await work.campaigns.lock(campaign_id)
    return posts, rules


async def check_unchanged(work: UnitOfWork, case: Case) -> Mapping[UUID, BrandRules]:
    """Lock what ``case`` was read from, and raise LostRace if anything of it changed since; return the brand's
    rules."""
    campaign_id, platforms = case.campaign.campaign_id, case.asked.platforms
    posts, rules = await lock_campaign(work, case.asked, campaign_id=campaign_id, brand_id=case.brand.brand_id)
    standing = await work.schedules.standing_of_campaign(campaign_id, platforms=platforms)
    if list(posts) != [post.post_id for post in case.posts] or list(standing) != list(case.standing):
        raise LostRace
    return rules


def _stood(kept: Schedule) -> Occupied:
    return Occupied(holder_id=kept.schedule_id, platform=kept.platform, publish_time=kept.publish_time)


def _placed(kept: Schedule) -> Placement:
    return Placement(post=PostToPlace(post_id=kept.post_id, platform=kept.platform), slot=kept.slot)
