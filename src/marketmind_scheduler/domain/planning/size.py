"""How much is planned at once."""

from datetime import datetime

from marketmind_scheduler.domain.campaign import Campaign
from marketmind_scheduler.domain.errors import PlanTooLarge
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.wall_clock import local_day

MOST_POSTS = 10_000
MOST_DAYS = 366


def check_size(campaign: Campaign, scheduler: SchedulerKind, *, posts: int, zone: str, now: datetime) -> None:
    """Raise PlanTooLarge for more than a scheduler chooses slots for at once; days that are over do not count. The
    naive rule chooses none, so it has no limit but its own: a day for each post of a platform."""
    if scheduler is SchedulerKind.NAIVE:
        return
    days = (campaign.end_date - max(campaign.start_date, local_day(now, zone))).days + 1
    for what, found, most in (("posts", posts, MOST_POSTS), ("days", days, MOST_DAYS)):
        if found > most:
            raise PlanTooLarge(campaign.campaign_id, what=what, found=found, most=most)
