"""How much is planned at once."""

from datetime import datetime

from marketmind_scheduler.domain.campaign import Campaign
from marketmind_scheduler.domain.errors import CampaignOver, PlanTooLarge
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.wall_clock import local_day

MOST_POSTS = 10_000
MOST_DAYS = 366


def check_size(campaign: Campaign, scheduler: SchedulerKind, *, posts: int, zone: str, now: datetime) -> None:
    """Raise PlanTooLarge for more than a scheduler chooses slots for at once, CampaignOver where no day is left; days
    that are over do not count. The naive rule chooses no slots and has its own limits: a 19:00 for each post of a
    platform."""
    if scheduler is SchedulerKind.NAIVE:
        return
    days = (campaign.end_date - max(campaign.start_date, local_day(now, zone))).days + 1
    if days < 1:
        raise CampaignOver(campaign.campaign_id, last_day=campaign.end_date, zone=zone)
    for what, found, most in (("posts", posts, MOST_POSTS), ("days", days, MOST_DAYS)):
        if found > most:
            raise PlanTooLarge(campaign.campaign_id, what=what, found=found, most=most)
