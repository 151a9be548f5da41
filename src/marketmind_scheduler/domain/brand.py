"""A brand: who speaks."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """Who speaks. ``default_zone`` is where its campaign days and its wall times are read unless a caller says so."""

    brand_id: UUID
    name: str
    default_zone: str
    tone_profile: str
    created_at: datetime
    updated_at: datetime
