"""The table of contents: every use case of the service, ready to call."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from marketmind_scheduler.application.access import Access, KeyRing
from marketmind_scheduler.application.audiences import Audiences
from marketmind_scheduler.application.campaign_posts import CampaignPosts
from marketmind_scheduler.application.campaign_scheduling import CampaignScheduling
from marketmind_scheduler.application.catalog import Catalog
from marketmind_scheduler.application.deleting import Deleting
from marketmind_scheduler.application.demo import Demo
from marketmind_scheduler.application.dispatch.dispatcher import Dispatcher
from marketmind_scheduler.application.dispatch.pulling import Pulling
from marketmind_scheduler.application.dispatch.upkeeping import Upkeeping
from marketmind_scheduler.application.doubting import Doubting
from marketmind_scheduler.application.event_feed import EventFeed
from marketmind_scheduler.application.following import Following
from marketmind_scheduler.application.health import Health
from marketmind_scheduler.application.monitoring import Monitoring
from marketmind_scheduler.application.observing import Observing
from marketmind_scheduler.application.pausing import Pausing
from marketmind_scheduler.application.planning.preparing import Preparing
from marketmind_scheduler.application.planning.previewing import Previewing
from marketmind_scheduler.application.planning.replaying import Replaying
from marketmind_scheduler.application.planning.single_posts import PostPlanning
from marketmind_scheduler.application.policies import Policies
from marketmind_scheduler.application.post_scheduling import PostScheduling
from marketmind_scheduler.application.reachability import Reachability
from marketmind_scheduler.application.retrying import Retrying
from marketmind_scheduler.application.schedule_records import ScheduleRecords
from marketmind_scheduler.domain.access import Caller, Reach
from marketmind_scheduler.ports.storage import Storage

_REMEMBERED_CALLERS = 1_000


@dataclass(frozen=True, kw_only=True)
class UseCases:
    """As assembled they are those of whoever runs the service: every brand exists."""

    health: Health
    access: Access
    key_ring: KeyRing
    catalog: Catalog
    deleting: Deleting
    campaign_posts: CampaignPosts
    post_scheduling: PostScheduling
    post_planning: PostPlanning
    campaign_scheduling: CampaignScheduling
    previewing: Previewing
    preparing: Preparing
    replaying: Replaying
    schedule_records: ScheduleRecords
    observing: Observing
    audiences: Audiences
    retrying: Retrying
    reachability: Reachability
    following: Following
    policies: Policies
    pausing: Pausing
    pulling: Pulling
    upkeeping: Upkeeping
    dispatcher: Dispatcher
    doubting: Doubting
    event_feed: EventFeed
    monitoring: Monitoring
    demo: Demo

    def for_(self, caller: Caller, storage: Storage | None = None) -> "UseCases":
        """The use cases as they are for the caller: only what is within their reach exists, and events name them.
        ``storage`` is that of one request, where what the caller asks for is to be part of it."""
        if storage is not None:
            return self._acting(caller.name, caller.reach, storage)
        return self._shared(caller.name, caller.reach)

    @cached_property
    def _shared(self) -> Callable[[str, Reach], "UseCases"]:
        """The same for all requests of one caller."""
        return lru_cache(_REMEMBERED_CALLERS)(self._acting)

    def _acting(self, actor: str, reach: Reach, storage: Storage | None = None) -> "UseCases":
        def there(own: Storage) -> Storage:
            return (storage or own).within(reach).acting(actor)

        share = self.previewing.share.acting(actor)
        previewing = replace(
            self.previewing,
            share=share,
            storage=there(self.previewing.storage),
            beside=self.previewing.beside.within(reach).acting(actor),
        )
        pulled = self.pulling.queue.within(reach).acting(actor)
        return replace(
            self,
            catalog=replace(self.catalog, storage=there(self.catalog.storage)),
            deleting=replace(self.deleting, storage=there(self.deleting.storage)),
            campaign_posts=replace(self.campaign_posts, storage=there(self.campaign_posts.storage)),
            following=replace(self.following, storage=there(self.following.storage)),
            policies=replace(self.policies, storage=there(self.policies.storage)),
            post_scheduling=replace(self.post_scheduling, storage=there(self.post_scheduling.storage)),
            post_planning=replace(self.post_planning, storage=there(self.post_planning.storage), share=share),
            campaign_scheduling=replace(
                self.campaign_scheduling, storage=there(self.campaign_scheduling.storage), share=share
            ),
            previewing=previewing,
            preparing=replace(self.preparing, previewing=previewing),
            replaying=replace(self.replaying, storage=there(self.replaying.storage)),
            observing=replace(self.observing, storage=there(self.observing.storage)),
            audiences=replace(self.audiences, storage=there(self.audiences.storage)),
            retrying=replace(self.retrying, storage=there(self.retrying.storage)),
            schedule_records=replace(self.schedule_records, storage=there(self.schedule_records.storage)),
            pausing=replace(self.pausing, storage=there(self.pausing.storage), holds=self.pausing.holds.acting(actor)),
            pulling=replace(self.pulling, storage=there(self.pulling.storage), queue=pulled, reach=reach, puller=actor),
            dispatcher=self.dispatcher.within(reach),
            monitoring=replace(self.monitoring, reach=reach),
            event_feed=replace(self.event_feed, storage=there(self.event_feed.storage)),
        )
