"""Forgetting what is over for its age, over the rows of the storage in memory."""

from datetime import datetime
from itertools import takewhile

from marketmind_scheduler.domain.campaign import UNDER_WAY
from marketmind_scheduler.domain.planning.preview import Preview, PreviewStatus
from marketmind_scheduler.domain.retention import Retention
from marketmind_scheduler.domain.schedule import Schedule
from tests.fakes.rows import Rows


def forget(rows: Rows, kept: Retention, *, now: datetime, limit: int) -> int:
    schedules = 0 if kept.schedules is None else _forget_schedules(rows, by=now - kept.schedules, limit=limit)
    events = 0 if kept.events is None else _forget_events(rows, by=now - kept.events, limit=limit)
    texts = [each for each, (_, since) in rows.agent_texts.items() if since <= now - kept.agent_texts][:limit]
    rows.forget_agent_texts(texts)
    return max(len(texts), _forget_previews(rows, by=now - kept.previews, limit=limit), schedules, events)


def _forget_previews(rows: Rows, *, by: datetime, limit: int) -> int:
    old = [each for each in rows.previews.values() if _ended_at(each) <= by and not _is_used(each, rows)]
    for each in sorted(old, key=_ended_at)[:limit]:
        del rows.previews[each.plan_id]
        rows.forgotten_previews[each.plan_id] = each.brand_id
    return min(len(old), limit)


def _ended_at(preview: Preview) -> datetime:
    return preview.ended_at or preview.expires_at or preview.created_at


def _is_used(preview: Preview, rows: Rows) -> bool:
    campaign = rows.campaigns.get(preview.campaign_id)
    made = [rows.schedules[each].schedule for each in preview.schedule_ids if each in rows.schedules]
    is_under_way = campaign is not None and campaign.status in UNDER_WAY and campaign.campaign_id not in rows.deleted
    return preview.status is PreviewStatus.COMMITTED and (is_under_way or any(each.is_active for each in made))


def _forget_schedules(rows: Rows, *, by: datetime, limit: int) -> int:
    ended = [row.schedule for row in rows.schedules.values() if not row.schedule.is_active]
    old = sorted((each for each in ended if _over_at(each) <= by and not _is_needed(each, rows)), key=_over_at)[:limit]
    for each in old:
        rows.forgotten[each.schedule_id] = rows.schedules.pop(each.schedule_id).schedule
    rows.attempts = {key: record for key, record in rows.attempts.items() if key[0] not in rows.forgotten}
    return len(old)


def _over_at(schedule: Schedule) -> datetime:
    return max(schedule.updated_at, schedule.publish_time)


def _is_needed(schedule: Schedule, rows: Rows) -> bool:
    campaign_id = rows.posts[schedule.post_id].campaign_id
    campaign = rows.campaigns.get(campaign_id) if campaign_id and campaign_id not in rows.deleted else None
    return campaign is not None and campaign.status in UNDER_WAY


def _forget_events(rows: Rows, *, by: datetime, limit: int) -> int:
    old = list(takewhile(lambda event: event.occurred_at <= by, rows.events[:limit]))
    if old:
        rows.events, rows.forgotten_up_to = rows.events[len(old) :], old[-1].position
    return len(old)
