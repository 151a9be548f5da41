"""What a time that is not clear could mean."""

from datetime import datetime
from typing import TypedDict


class Reading(TypedDict):
    """One instant that an unclear time could mean, in UTC and as RFC 9557 text in its zone."""

    publish_time: datetime
    publish_time_local: str
