"""How long what is over is kept."""

from dataclasses import dataclass
from datetime import timedelta

from marketmind_scheduler.domain.access import KEYS_KEPT

PREVIEWS_KEPT = timedelta(days=30)
AGENT_TEXTS_KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """For how long after its end each is kept; None: for ever."""

    keys: timedelta = KEYS_KEPT
    previews: timedelta = PREVIEWS_KEPT  # those that never ended: after they were made, or held
    agent_texts: timedelta = AGENT_TEXTS_KEPT
    schedules: timedelta | None = None  # after their publish time, too
    events: timedelta | None = None


DEFAULT_RETENTION = Retention()
