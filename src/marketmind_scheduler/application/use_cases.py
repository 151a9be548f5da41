"""The table of contents: every use case of the service, ready to call."""

from dataclasses import dataclass

from marketmind_scheduler.application.campaign_scheduling import CampaignScheduling
from marketmind_scheduler.application.catalog import Catalog
from marketmind_scheduler.application.demo import Demo
from marketmind_scheduler.application.health import Health
from marketmind_scheduler.application.post_scheduling import PostScheduling
from marketmind_scheduler.application.zone_rules import ZoneRules


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCases:
    health: Health
    zone_rules: ZoneRules
    catalog: Catalog
    post_scheduling: PostScheduling
    campaign_scheduling: CampaignScheduling
    demo: Demo
