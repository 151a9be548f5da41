"""The tools: each is one use case and one shape."""

from uuid import UUID

from marketmind_scheduler.adapters.http.envelope.access import check_scope
from marketmind_scheduler.adapters.http.mcp.arguments import (
    CheckTime,
    CommitPlan,
    ExplainSchedule,
    FindBrands,
    FindCampaigns,
    FindPosts,
    ListSchedules,
    PreviewPlan,
    ReadAudience,
    ReadPlan,
    WhyNotThen,
)
from marketmind_scheduler.adapters.http.mcp.checked_times import CheckedTimeOut
from marketmind_scheduler.adapters.http.problems import Malformed
from marketmind_scheduler.adapters.http.shapes.agent import PreparationOut
from marketmind_scheduler.adapters.http.shapes.audiences import AudienceOut
from marketmind_scheduler.adapters.http.shapes.brands import BrandOut, BrandPage
from marketmind_scheduler.adapters.http.shapes.catalog import CampaignOut, CampaignPage, PostOut, PostPage
from marketmind_scheduler.adapters.http.shapes.cursors import (
    after_in_time,
    key_of,
    page_of,
    position_of,
)
from marketmind_scheduler.adapters.http.shapes.plan_answers import WhyOut
from marketmind_scheduler.adapters.http.shapes.plan_commits import CommittedOut
from marketmind_scheduler.adapters.http.shapes.plans import PlanOut, shown_so_far
from marketmind_scheduler.adapters.http.shapes.schedule_records import ScheduleRecordOut
from marketmind_scheduler.adapters.http.shapes.schedules import SchedulePage
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.access import Caller, Scope
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.ports.schedules import ScheduleFilter


async def find_brands(use_cases: UseCases, asked: FindBrands) -> BrandPage:
    rows = await use_cases.catalog.list_brands(limit=asked.limit + 1, after=key_of(asked.cursor, UUID))
    shown, next_cursor = page_of(rows, asked.limit, lambda brand: brand.brand_id)
    return BrandPage(items=[BrandOut.of(brand) for brand in shown], next_cursor=next_cursor)


async def find_campaigns(use_cases: UseCases, asked: FindCampaigns) -> CampaignPage:
    after = key_of(asked.cursor, UUID)
    rows = await use_cases.catalog.list_campaigns(
        brand_id=asked.brand_id, status=asked.status, limit=asked.limit + 1, after=after
    )
    shown, next_cursor = page_of(rows, asked.limit, lambda campaign: campaign.campaign_id)
    outside = await use_cases.catalog.count_outside(shown)
    items = [CampaignOut.of(campaign, outside.get(campaign.campaign_id, 0)) for campaign in shown]
    return CampaignPage(items=items, next_cursor=next_cursor)


async def find_posts(use_cases: UseCases, asked: FindPosts) -> PostPage:
    rows = await use_cases.catalog.list_posts(
        brand_id=asked.brand_id,
        campaign_id=asked.campaign_id,
        platform=asked.platform,
        limit=asked.limit + 1,
        after=position_of(asked.cursor),
    )
    shown, next_cursor = page_of(rows, asked.limit, lambda post: post.position)
    return PostPage(items=[PostOut.of(post) for post in shown], next_cursor=next_cursor)


async def list_schedules(use_cases: UseCases, asked: ListSchedules) -> SchedulePage:
    scheduling = use_cases.post_scheduling
    chosen = ScheduleFilter(
        brand_id=asked.brand_id,
        campaign_id=asked.campaign_id,
        status=asked.status,
        platform=asked.platform,
        from_time=asked.not_before and asked.not_before.instant(scheduling.zones),
        to_time=asked.before and asked.before.instant(scheduling.zones),
    )
    return SchedulePage.of(await scheduling.list(chosen, limit=asked.limit, after=after_in_time(asked.cursor)))


async def explain_schedule(use_cases: UseCases, asked: ExplainSchedule) -> ScheduleRecordOut:
    match asked.schedule_id, asked.post_id:
        case UUID() as schedule_id, None:
            pass
        case None, UUID() as post_id:
            schedule_id = (await use_cases.post_scheduling.get(post_id)).schedule_id
        case _:
            raise Malformed("give one of schedule_id and post_id", at="$")
    return ScheduleRecordOut.of_record(await use_cases.schedule_records.get(schedule_id))


async def preview_plan(use_cases: UseCases, asked: PreviewPlan) -> PlanOut | PreparationOut:
    if asked.scheduler is not SchedulerKind.AGENTIC:
        return PlanOut.of(await use_cases.previewing.preview(asked.campaign_id, asked.asked()))
    begun = await use_cases.preparing.begin(
        asked.campaign_id, asked.asked(), words=asked.instruction, accept_patch=asked.accept_patch
    )
    return shown_so_far(begun)


async def read_plan(use_cases: UseCases, asked: ReadPlan) -> PlanOut | PreparationOut:
    return shown_so_far(await use_cases.preparing.get(asked.plan_id))


async def why_not_then(use_cases: UseCases, asked: WhyNotThen) -> WhyOut:
    return WhyOut.of(await use_cases.previewing.why(asked.plan_id, asked.post_id, asked.in_one_text()))


async def check_time(use_cases: UseCases, asked: CheckTime) -> CheckedTimeOut:
    checked = await use_cases.post_scheduling.check(asked.post_id, asked.asked())
    return CheckedTimeOut.of(checked, asked.post_id)


async def read_audience(use_cases: UseCases, asked: ReadAudience) -> AudienceOut:
    return AudienceOut.of(await use_cases.audiences.show((asked.brand_id, asked.platform)))


async def commit_plan(use_cases: UseCases, asked: CommitPlan) -> CommittedOut:
    committed = await use_cases.previewing.commit(
        asked.plan_id, asked.plan_hash, ignore_instruction=asked.ignore_instruction
    )
    return CommittedOut.of(asked.plan_id, committed)


def check_reservation(caller: Caller, asked: PreviewPlan) -> None:
    """Whoever takes slots may write, and says under which key. Raises MissingScope and Malformed."""
    if asked.hold_seconds:
        check_scope(caller, Scope.SCHEDULES_WRITE)
        asked.check_key()
