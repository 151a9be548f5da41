"""What becomes of each schedule in the way of a deletion."""

from itertools import product

from marketmind_scheduler.domain.deletion import called_off
from marketmind_scheduler.domain.schedule import ACTIVE, ScheduleStatus
from marketmind_scheduler.domain.standing import Standing
from tests.loops import on_each

PENDING, UNCONFIRMED = ScheduleStatus.PENDING, ScheduleStatus.UNCONFIRMED


@on_each(("status", "is_doubtful", "forgets"), product(sorted(ACTIVE), (False, True), (False, True)))
def test_only_what_is_certainly_not_out_is_cancelled_and_nothing_is_ever_sent_again(
    *, status: ScheduleStatus, is_doubtful: bool, forgets: bool
) -> None:
    step = called_off(Standing(status=status, is_doubtful=is_doubtful), forgets=forgets)

    if status is ScheduleStatus.PUBLISHING:
        assert step is None
    elif status is PENDING and not is_doubtful:
        assert step is not None
        assert (step.to.status, step.revokes) == (ScheduleStatus.CANCELLED, True)
    elif forgets:
        assert step is not None
        assert (step.to.status, step.revokes, step.closes) == (UNCONFIRMED, True, True)
    else:
        assert step is None
