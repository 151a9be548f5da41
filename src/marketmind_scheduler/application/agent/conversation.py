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
from marketmind_scheduler.ports.language_model import ModelUnavailable

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

    def in_time(self) -> asyncio.Timeout:
        """Ends with TimeoutError what takes longer than the run may. Not to be put round a question: that keeps to the
        time by itself, and what came of it is recorded after it."""
        return asyncio.timeout(self._until - self._configured.monotonic())

    async def _answer(self, question: Question) -> tuple[Answer, Exchange]:
        """An answer that is whole, its cost counted. Raises GaveUp."""
        self._check_limits(question)
        configured, reserved = self._configured, self._configured.prices.at_worst(question)
        day = await self._reserved(reserved)
        self._requests += 1
        self._tokens += question.tokens + question.max_output_tokens
        seconds = min(configured.limits.seconds_per_call, self._until - configured.monotonic())
        try:
            answer = await self._asked(question, seconds=seconds)
        except Exception as failed:  # whatever it raises, there is a plan
            unavailable = no_answer(failed)
            await self._failed(question, unavailable, day, reserved=reserved)
            raise GaveUp(unavailable.reason) from failed
        record = self._record(question, answer, reserved)
        await self._correct(day, by=record.cost - reserved)
        self._tokens += record.tokens_in + record.tokens_out - question.tokens - question.max_output_tokens
        configured.answered()
        return answer, record

    async def _asked(self, question: Question, *, seconds: float) -> Answer:
        """A whole answer. Raises what the model does, and TimeoutError."""
        async with asyncio.timeout(seconds):
            answer = await self._configured.model.ask(question, seconds=seconds)
        if answer.finish_reason == _CUT_OFF:  # whole JSON or not, it was to go on
            raise ModelUnavailable(FallbackReason.CUT_OFF, "the answer ended at the cap", answer=answer)
        return answer

    def _check_limits(self, question: Question) -> None:
        limits, most = self._configured.limits, question.tokens + question.max_output_tokens
        if question.tokens > limits.tokens_in_per_request:
            raise GaveUp(FallbackReason.BRIEF_TOO_LARGE)
        if self._requests >= limits.requests_per_run or self._tokens + most > limits.tokens_per_run:
            raise GaveUp(FallbackReason.BUDGET_SPENT)
        if self._configured.monotonic() >= self._until:
            raise GaveUp(FallbackReason.TIMEOUT)

    async def _failed(self, question: Question, failed: ModelUnavailable, day: date, *, reserved: int) -> None:
        """What came all the same is recorded, and has cost what it says; where nothing did, what was reserved counts,
        unless nothing can have begun."""
        self._configured.failed(failed.reason)
        record = replace(self._record(question, failed.answer, reserved), failure=failed.reason)
        if failed.answer is None and not failed.may_have_cost:
            record = replace(record, cost=0)
        await self._correct(day, by=record.cost - reserved)
        await self._keep(record, question, failed.answer)

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
