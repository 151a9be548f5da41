"""What a brand's rules and its platforms' caps say of times: which are broken, with what, and what would be open."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.caps import PlatformCap
from marketmind_scheduler.domain.rules.policy import Policy, RuleKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupied:
    """What stands on a lane already: a schedule, or a slot reserved for a plan. ``holder_id`` is its id."""

    holder_id: UUID
    platform: Platform
    publish_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A post that is to stand at an instant."""

    post_id: UUID
    platform: Platform
    publish_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandRules:
    """All that binds the times of a brand's posts. ``zone`` is the brand's; ``caps`` has for each platform those that
    hold for this brand, its own before those of the table."""

    policy: Policy
    caps: Mapping[Platform, Sequence[PlatformCap]]
    zone: str
    caps_revision: int = 0
    """Rises with each change of the brand's own caps."""

    def without(self, kinds: Collection[RuleKind]) -> "BrandRules":
        """The same but for what is passed over."""
        if not kinds:
            return self
        caps: Mapping[Platform, Sequence[PlatformCap]] = {} if RuleKind.PLATFORM_CAP in kinds else self.caps
        return replace(self, policy=self.policy.without(kinds), caps=caps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A rule that a time would break. ``observed`` is what there would be, in the rule's own unit, beside its
    ``limit``; ``with_`` names what already stands; ``nearest`` are the closest open wall times before and after, None
    where there is none within two weeks, or where too much is broken to look for them."""

    rule: RuleKind
    policy_version: int
    post_id: UUID
    platform: Platform
    publish_time: datetime
    local_time: datetime
    limit: str
    observed: str
    sentence: str
    with_: tuple[UUID, ...] = ()
    nearest: tuple[datetime | None, datetime | None] = (None, None)

    def told(self) -> Mapping[str, object]:
        """As callers read it."""
        before, after = (each and each.isoformat() for each in self.nearest)
        return {
            "rule": self.rule,
            "policy_version": self.policy_version,
            "post_id": self.post_id,
            "platform": self.platform,
            "publish_time": self.publish_time,
            "local_time": self.local_time.isoformat(),
            "limit": self.limit,
            "observed": self.observed,
            "with": list(self.with_),
            "nearest": {"before": before, "after": after},
            "sentence": self.sentence,
        }
