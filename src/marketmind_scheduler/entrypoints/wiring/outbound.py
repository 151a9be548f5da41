"""What dispatch stands on."""

import random
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import uuid4

from marketmind_scheduler.application.dispatch.lost_and_late import LostAndLate
from marketmind_scheduler.application.dispatch.lost_claims import LostClaims
from marketmind_scheduler.application.dispatch.sending import DispatchLimits
from marketmind_scheduler.application.dispatch.upkeeping import Upkeeping
from marketmind_scheduler.application.health import Publishing
from marketmind_scheduler.application.refitting import Refitting
from marketmind_scheduler.domain.event import UPKEEP
from marketmind_scheduler.domain.pacing import RetryPolicy
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.ports.dispatch_observer import DispatchObserver
from marketmind_scheduler.ports.dispatch_queue import DispatchQueue
from marketmind_scheduler.ports.holds import Holds
from marketmind_scheduler.ports.metrics import Hearing, Metrics
from marketmind_scheduler.ports.profile_fitter import ProfileFitter
from marketmind_scheduler.ports.publisher import Publisher
from marketmind_scheduler.ports.queue_standing import QueueStandings
from marketmind_scheduler.ports.refits import Refits
from marketmind_scheduler.ports.statistics import Statistics
from marketmind_scheduler.ports.storage import Storage
from marketmind_scheduler.ports.tracing import Tracing
from marketmind_scheduler.ports.upkeep import Upkeep


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """``queue``, ``upkeep`` and ``storage`` have connections that only the dispatcher uses, so that a busy API does not
    stop it; ``pulled`` is the same queue for those who pull."""

    queue: DispatchQueue
    pulled: DispatchQueue
    upkeep: Upkeep
    storage: Storage
    holds: Holds
    standings: QueueStandings
    refits: Refits
    statistics: Statistics
    fitter: ProfileFitter
    publisher: Publisher
    publishing: Publishing
    platforms: Collection[Platform]
    observer: DispatchObserver
    metrics: Metrics
    tracing: Tracing
    limits: DispatchLimits = field(default_factory=DispatchLimits)
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    hearing: Hearing | None = None

    def upkeeping(self) -> Upkeeping:
        return Upkeeping(
            lost_claims=LostClaims(self.queue, new_id=uuid4, monotonic=time.monotonic),
            lost_and_late=LostAndLate(storage=self.storage.acting(UPKEEP), jitter=random.random),
            upkeep=self.upkeep,
            refitting=Refitting(refits=self.refits, fitter=self.fitter, observer=self.observer),
            statistics=self.statistics,
            observer=self.observer,
        )
