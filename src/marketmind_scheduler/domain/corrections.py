"""What ended otherwise than was believed, as the steps of ``lifecycle``."""

from marketmind_scheduler.domain.event import EventKind
from marketmind_scheduler.domain.lifecycle import COMPLETED, FAILED, ended
from marketmind_scheduler.domain.schedule import Confirmation
from marketmind_scheduler.domain.standing import Standing, Step


def may_be_corrected(before: Standing, confirmation: Confirmation) -> bool:
    """To send again what has ended takes a new schedule."""
    return before.status in (COMPLETED, FAILED) and confirmation is not Confirmation.SEND_AGAIN


def corrected(before: Standing, confirmation: Confirmation) -> Step | None:
    """A person knows better how it ended: what was COMPLETED is not out after all, or what had FAILED is; None where it
    ended so already."""
    status = COMPLETED if confirmation is Confirmation.PUBLISHED else FAILED
    if status is before.status:
        return None
    return Step(to=ended(before, status), event=EventKind.CORRECTED, revokes=True, closes=True)


def annotated(before: Standing) -> Step:
    """A person adds what they know of one that has ended, such as its id on the platform; it stays as it ended."""
    return Step(to=before, event=EventKind.CORRECTED)
