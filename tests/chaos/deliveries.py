"""What a receiver does with each post, and what it remembers of it."""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from uuid import UUID

from tests.receivers import BLACK_HOLE, RESET, Answer, Received


class Conduct(Enum):
    """Whether a delivery is taken, which is when the post is out, and how it is answered then."""

    TAKE = (True, Answer())
    TAKE_SLOWLY = (True, Answer(delay=0.3))
    TAKE_AND_RESET = (True, RESET)
    TAKE_AND_HANG = (True, BLACK_HOLE)
    TAKE_AND_FAIL = (True, Answer(status=500))
    FAIL = (False, Answer(status=502))
    THROTTLE = (False, Answer(status=429, headers={"retry-after": "1"}))
    BE_BUSY = (False, Answer(status=503, headers={"retry-after": "2"}))
    REFUSE = (False, Answer(status=422))

    @property
    def takes(self) -> bool:
        return self.value[0]

    @property
    def answer(self) -> Answer:
        return self.value[1]

    @property
    def puts_off(self) -> bool:
        """Whether the answer says when to come again, so that no retry is used."""
        return "retry-after" in self.answer.headers

    @property
    def is_unclear(self) -> bool:
        """Whether the sender cannot know from the answer what became of the post."""
        return self in (Conduct.TAKE_AND_RESET, Conduct.TAKE_AND_HANG, Conduct.TAKE_AND_FAIL, Conduct.FAIL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A request as it came in whole. ``at`` is by the clock of this machine, which is the database's too."""

    at: datetime
    key: str
    schedule_id: UUID
    post_id: UUID
    publish_time: datetime
    is_signed: bool
    conduct: Conduct


@dataclass(slots=True)
class Script:
    """How deliveries of a schedule are met, one after another; those that are not in it are taken."""

    conducts: Mapping[UUID, Sequence[Conduct]] = field(default_factory=dict[UUID, Sequence[Conduct]])
    deliveries: list[Delivery] = field(default_factory=list[Delivery])
    _counts: defaultdict[UUID, int] = field(default_factory=lambda: defaultdict[UUID, int](int))

    def decide(self, received: Received) -> Answer:
        content = received.content
        schedule_id = UUID(content["schedule_id"])
        nth = self._counts[schedule_id]
        self._counts[schedule_id] += 1
        conducts = self.conducts.get(schedule_id, ())
        delivery = Delivery(
            at=datetime.fromtimestamp(time.time(), UTC),
            key=received.key,
            schedule_id=schedule_id,
            post_id=UUID(content["post_id"]),
            publish_time=datetime.fromisoformat(content["publish_time"]),
            is_signed=received.is_signed,
            conduct=conducts[nth] if nth < len(conducts) else Conduct.TAKE,
        )
        self.deliveries.append(delivery)
        return delivery.conduct.answer
