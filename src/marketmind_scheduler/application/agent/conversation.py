"""What one run asks a language model: within its limits, recorded, and read strictly."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar
from uuid import UUID

from marketmind_scheduler.application.agent.model import ConfiguredModel, GaveUp, no_answer
from marketmind_scheduler.domain.agent.decoding import Choices, Undecodable, decoded
from marketmind_scheduler.domain.agent.questions import Answer, Question
from marketmind_scheduler.domain.agent.records import Decision, Exchange, RunEntry, Texts, exchange
from marketmind_scheduler.domain.planning.agent_part import FallbackReason

T = TypeVar("T")

_TRIES = 2
_CUT_OFF = "length"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunIds:
    run_id: UUID
    plan_id: UUID
    brand_id: UUID
    campaign_id: UUID

    def entry(self, said: Exchange | Decision, texts: Texts) -> RunEntry:
        return RunEntry(
            run_id=self.run_id,
            plan_id=self.plan_id,
            brand_id=self.brand_id,
            campaign_id=self.campaign_id,
            said=said,
            texts=texts,
        )


class Conversation:
    """``until`` is the reading of the monotonic clock at which the run has to be over."""

    def __init__(self, configured: ConfiguredModel, ids: RunIds, *, until: float) -> None:
        self._configured = configured
        self._ids = ids
        self._until = until
        self._requests = 0
        self._tokens = 0

    async def told(
        self,
        ask: Callable[[Sequence[str]], Question],
        choices: Choices,
        read: Callable[[Mapping[str, str]], T],
    ) -> T:
        """What is read of the reply to the question. One that cannot be decoded is asked again once, with the codes of
        what was wrong with it. Raises GaveUp, and StorageUnavailable."""
        wrong: Sequence[str] = ()
        for _ in range(_TRIES):
            question = ask(wrong)
            answer, record = await self._answer(question)
            try:
                found = read(decoded(answer.text, choices))
            except Undecodable as undecodable:
                wrong = undecodable.codes
                await self._keep(replace(record, wrong=undecodable.codes), question, answer)
                continue
            await self._keep(record, question, answer)
            return found
        raise GaveUp(FallbackReason.UNDECODABLE)

    async def _answer(self, question: Question) -> tuple[Answer, Exchange]:
        """An answer that is whole, its cost counted. Raises GaveUp."""
        self._check_limits(question)
        configured, reserved = self._configured, self._configured.prices.at_worst(question)
        day = await self._reserved(reserved)
        self._requests += 1
        self._tokens += question.tokens + question.max_output_tokens
        seconds = min(configured.limits.seconds_per_call, self._until - configured.monotonic())
        try:
            async with asyncio.timeout(seconds):
                answer = await configured.model.ask(question, seconds=seconds)
        except Exception as failed:  # whatever it raises, there is a plan
            unavailable = no_answer(failed)
            cost = reserved if unavailable.may_have_cost else 0
            await self._failed(question, unavailable.reason, day, reserved=reserved, cost=cost)
            raise GaveUp(unavailable.reason) from failed
        record = self._record(question, answer, reserved)
        await self._correct(day, by=record.cost - reserved)
        self._tokens += record.tokens_in + record.tokens_out - question.tokens - question.max_output_tokens
        if answer.finish_reason == _CUT_OFF:  # whole JSON or not, it was to go on
            await self._keep(replace(record, failure=FallbackReason.CUT_OFF), question, answer)
            raise GaveUp(FallbackReason.CUT_OFF)
        configured.answered()
        return answer, record

    def _check_limits(self, question: Question) -> None:
        limits, most = self._configured.limits, question.tokens + question.max_output_tokens
        if question.tokens > limits.tokens_in_per_request:
            raise GaveUp(FallbackReason.BRIEF_TOO_LARGE)
        if self._requests >= limits.requests_per_run or self._tokens + most > limits.tokens_per_run:
            raise GaveUp(FallbackReason.BUDGET_SPENT)
        if self._configured.monotonic() >= self._until:
            raise GaveUp(FallbackReason.TIMEOUT)

    async def _failed(self, question: Question, reason: FallbackReason, day: date, *, reserved: int, cost: int) -> None:
        self._configured.failed(reason)
        await self._correct(day, by=cost - reserved)
        record = replace(self._record(question, None, reserved), failure=reason, cost=cost)
        await self._keep(record, question, None)

    def _record(self, question: Question, answer: Answer | None, reserved: int) -> Exchange:
        of = self._configured
        return exchange(question, asked_model=of.name, host=of.host, reserved=reserved, answer=answer, prices=of.prices)

    async def _reserved(self, cost: int) -> date:
        most = self._configured.limits.cost_per_day
        day = await self._configured.book.reserve(self._ids.brand_id, cost, most=most)
        if day is None:
            raise GaveUp(FallbackReason.BUDGET_SPENT)
        return day

    async def _correct(self, day: date, *, by: int) -> None:
        if by:
            await self._configured.book.correct(self._ids.brand_id, day, by=by)

    async def _keep(self, record: Exchange, question: Question, answer: Answer | None) -> None:
        texts = Texts(request=f"{question.instructions}\n\n{question.facts}", reply=answer and answer.text)
        await self._configured.book.keep(self._ids.entry(record, texts))
