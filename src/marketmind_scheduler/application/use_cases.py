"""The table of contents: every use case of the service, ready to call."""

from dataclasses import dataclass

from marketmind_scheduler.application.access import Access, KeyRing
from marketmind_scheduler.application.campaign_scheduling import CampaignScheduling
from marketmind_scheduler.application.catalog import Catalog
from marketmind_scheduler.application.demo import Demo
from marketmind_scheduler.application.dispatch.dispatcher import Dispatcher
from marketmind_scheduler.application.dispatch.pulling import Pulling
from marketmind_scheduler.application.event_feed import EventFeed
from marketmind_scheduler.application.health import Health
from marketmind_scheduler.application.monitoring import Monitoring
from marketmind_scheduler.application.outcomes import Outcomes
from marketmind_scheduler.application.pausing import Pausing
from marketmind_scheduler.application.post_scheduling import PostScheduling
from marketmind_scheduler.application.zone_rules import ZoneRules


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCases:
    health: Health
    access: Access
    key_ring: KeyRing
    zone_rules: ZoneRules
    catalog: Catalog
    post_scheduling: PostScheduling
    campaign_scheduling: CampaignScheduling
    outcomes: Outcomes
    pausing: Pausing
    pulling: Pulling
    dispatcher: Dispatcher
    event_feed: EventFeed
    monitoring: Monitoring
    demo: Demo
