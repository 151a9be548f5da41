"""Whether what is scheduled would be sent at all, as far as this process can know when it is scheduled."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.ports.publisher import Publisher


@dataclass(frozen=True, slots=True, kw_only=True)
class Reachability:
    """What this process publishes, and where to. ``dispatch`` goes by the same publisher and the same platforms."""

    publisher: Publisher
    platforms: Collection[Platform]

    @property
    def is_for_pullers(self) -> bool:
        """Whether nothing at all is published from here, so that whoever pulls is the receiver."""
        return not any(self.publisher.targets(platform) for platform in Platform)

    @property
    def without_receiver(self) -> Collection[Platform]:
        """The platforms that are to be published from here and have no way out for any brand."""
        if self.is_for_pullers:
            return ()
        return [platform for platform in self.platforms if not self.publisher.targets(platform)]

    def dead_ends(self) -> str | None:
        """The same in words, for a person; None: there are none."""
        return no_receiver(*without, brands="any brand") if (without := self.without_receiver) else None

    def obstacle(self, brand_id: UUID, platform: Platform) -> str | None:
        """Why nothing of this lane would be sent from here; None: it would."""
        if self.is_for_pullers:
            return None
        if platform not in self.platforms:
            return f"{platform} is not published from here (SCHEDULER_PLATFORMS): another process or a puller has to"
        if self.publisher.target_of(brand_id, platform) is None:
            return no_receiver(platform)
        return None


def no_receiver(*platforms: Platform, brands: str = "this brand") -> str:
    return (
        f"no receiver on {', '.join(platforms)} for {brands}: posts wait until there is one, unless they are too "
        "late then"
    )
