"""Whoever understands words and chooses among plans."""

from typing import Protocol

from marketmind_scheduler.domain.agent.questions import Answer, Question
from marketmind_scheduler.domain.planning.agent_part import FallbackReason


class ModelUnavailable(Exception):  # noqa: N818  # named after what happened
    """No reply that can be used. ``reason`` is UNAVAILABLE, TIMEOUT, CUT_OFF or REFUSED_BY_MODEL; the text says what
    was seen of it and names no key. ``may_have_cost`` says whether the endpoint may have begun to answer; ``answer`` is
    what came all the same, where something did."""

    def __init__(
        self, reason: FallbackReason, said: str, *, may_have_cost: bool = True, answer: Answer | None = None
    ) -> None:
        super().__init__(said)
        self.reason = reason
        self.may_have_cost = may_have_cost
        self.answer = answer


class LanguageModel(Protocol):
    async def ask(self, question: Question, *, seconds: float) -> Answer:
        """Return one reply as raw text with its usage.

        At most one request goes on the wire. Nothing is retried, parsed or repaired here. Raises ModelUnavailable, with
        a reason, on refusal, after so many ``seconds``, and for a reply that is cut off or empty.
        """
        ...
