"""Posts for a scheduler to place."""

from uuid import UUID

from marketmind_scheduler.domain.planning.plan import PostToPlace
from marketmind_scheduler.domain.post import Platform


def some_posts(count: int, platform: Platform = Platform.TWITTER) -> tuple[PostToPlace, ...]:
    """Posts in the order of their ids."""
    first = 1000 * (1 + list(Platform).index(platform))
    return tuple(PostToPlace(post_id=UUID(int=first + number), platform=platform) for number in range(count))
