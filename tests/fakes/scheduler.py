"""A scheduler that answers as it was told to."""

from collections import deque
from collections.abc import Awaitable, Callable

from marketmind_scheduler.domain.errors import SchedulerError
from marketmind_scheduler.domain.planning.plan import Brief, Plan
from tests.fakes.storage import InMemoryStorage

Answer = Plan | SchedulerError | Callable[[Brief], Awaitable[Plan]]


class ScriptedScheduler:
    """Gives its answers one after another (a plan, an error to raise, or a function to await, such as another
    scheduler's ``propose``) and keeps the briefs it was given.

    A scheduler may talk to a network, which nobody may wait for while holding a transaction: asked while a unit of
    work of ``storage`` is open, it fails. It fails as well when it is asked once more than it has answers.
    """

    def __init__(self, storage: InMemoryStorage, *answers: Answer) -> None:
        self.briefs: list[Brief] = []
        self._storage = storage
        self._answers = deque(answers)

    async def propose(self, brief: Brief) -> Plan:
        assert not self._storage.has_open_unit_of_work, "asked for a plan while a unit of work is open"
        assert self._answers, "asked for more plans than the script has"
        self.briefs.append(brief)
        answer = self._answers.popleft()
        if isinstance(answer, SchedulerError):
            raise answer
        return answer if isinstance(answer, Plan) else await answer(brief)
