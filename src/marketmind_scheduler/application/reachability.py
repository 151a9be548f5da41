"""Whether what is scheduled would be sent, and taken, as far as this process can know before it asks anybody."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.ports.publisher import Publisher


@dataclass(frozen=True, slots=True, kw_only=True)
class Reachability:
    """What this process publishes, and where to. ``dispatch`` goes by the same publisher and the same platforms."""

    publisher: Publisher
    platforms: Collection[Platform]

    @property
    def is_for_pullers(self) -> bool:
        """Whether nothing at all is to be published from here, so that whoever pulls is the receiver."""
        return not self.platforms

    def dead_ends(self) -> str | None:
        """The platforms that are to be published from here and have no way out for some brand or for any, in words for
        a person; None: there are none."""
        without = [each for each in self.platforms if self.publisher.target_of(None, each) is None]
        of_any = [each for each in without if not self.publisher.routes(each)]
        of_some = [each for each in without if each not in of_any]
        found = ((of_any, "any brand"), (of_some, "brands without a table of their own"))
        return "; ".join(no_receiver(*platforms, brands=brands) for platforms, brands in found if platforms) or None

    def obstacle(self, brand_id: UUID, platform: Platform) -> str | None:
        """Why nothing of this lane would be sent from here; None: it would."""
        if self.is_for_pullers:
            return None
        if platform not in self.platforms:
            return (
                f"{platform} is not published from here, for SCHEDULER_PLATFORMS leaves it out; name it there, or let "
                "another process or a puller publish it"
            )
        if self.publisher.target_of(brand_id, platform) is None:
            return no_receiver(platform)
        return None

    def why_in_vain(self, schedule: Schedule) -> str | None:
        """Why this schedule, as it stands, would not be sent from here or would certainly FAIL; None: nothing is known
        of it."""
        return self.obstacle(schedule.brand_id, schedule.platform) or self.publisher.refusal(schedule.delivery)


def no_receiver(*platforms: Platform, brands: str = "this brand") -> str:
    return (
        f"no receiver on {', '.join(platforms)} for {brands}: posts wait until the file of SCHEDULER_WEBHOOKS names "
        "one, unless they are too late then"
    )
