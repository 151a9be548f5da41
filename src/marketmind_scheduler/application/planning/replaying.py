"""Runs made again from what was recorded of them, without asking anybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from marketmind_scheduler.application.agent.conversation import RunIds
from marketmind_scheduler.application.agent.model import ConfiguredModel, GaveUp
from marketmind_scheduler.application.agent.outcomes import Instruction
from marketmind_scheduler.application.planning.agentic import AgenticScheduler
from marketmind_scheduler.domain.agent.limits import AgentLimits, Prices
from marketmind_scheduler.domain.agent.questions import Answer, Question
from marketmind_scheduler.domain.agent.records import (
    Decision,
    Exchange,
    KeptEntry,
    RunEntry,
    Texts,
    answer_of,
    decision,
)
from marketmind_scheduler.domain.errors import RunForgotten, RunNotFound
from marketmind_scheduler.domain.planning.agent_part import FallbackReason
from marketmind_scheduler.domain.planning.digests import brief_hash, parts_of, plan_hash
from marketmind_scheduler.domain.planning.plan import Brief
from marketmind_scheduler.domain.rules.tightening import Patch
from marketmind_scheduler.ports.language_model import ModelUnavailable
from marketmind_scheduler.ports.storage import Storage

_NOBODY_ASKED = frozenset({FallbackReason.SELF_TEST_FAILED, FallbackReason.BREAKER_OPEN, FallbackReason.BUSY})
_NOT_SENT = frozenset(
    {
        FallbackReason.BUDGET_SPENT,
        FallbackReason.BRIEF_TOO_LARGE,
        FallbackReason.TIMEOUT,
        FallbackReason.NO_ALTERNATIVES,  # the solver had no time for them then
    }
)
_AS_LONG_AS_IT_TAKES = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """The decision of a run as it was recorded, and as it is made again by this release. ``unknown`` are questions that
    were not asked then: a text of ours, a schema or the facts are others by now."""

    then: Decision
    now: Decision
    unknown: int
    first_broken: KeptEntry | None

    @property
    def is_same(self) -> bool:
        """Whether it comes to the same plan by the same decision, in whatever release."""
        return replace(self.now, release=self.then.release) == self.then


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaying:
    """``scheduler`` plans exactly as it does for requests; its model is never asked."""

    storage: Storage
    scheduler: AgenticScheduler
    release: str

    async def replay(self, run_id: UUID) -> Replayed:
        """Raises RunNotFound, RunForgotten where any of its texts are gone, and SchedulerUnavailable."""
        async with self.storage.reading() as repositories:
            entries = await repositories.agent_runs.of_run(run_id)
            last = entries[-1] if entries else None
            if last is None or not isinstance(last.said, Decision):
                raise RunNotFound(run_id)
            if last.texts is None or last.texts.brief is None or any(each.texts is None for each in entries):
                raise RunForgotten(run_id)
            broken = await repositories.agent_runs.first_broken(last.brand_id)
        recorded = RecordedAnswers(_answers(entries), last.said.reason)
        now = await self._decided(last.texts, last.texts.brief, last, recorded)
        return Replayed(then=last.said, now=now, unknown=recorded.unknown, first_broken=broken)

    async def _decided(
        self,
        texts: Texts,
        brief: Brief,
        last: KeptEntry,
        recorded: "RecordedAnswers",
    ) -> Decision:
        limits = replace(texts.limits or AgentLimits(), seconds_per_run=_AS_LONG_AS_IT_TAKES)
        scheduler = AgenticScheduler(self.scheduler.exact, _configured(recorded, limits))
        words = texts.instruction
        instruction = None if words is None else Instruction(words=words, accepted=texts.accepted)
        ids = RunIds(run_id=last.run_id, plan_id=last.plan_id, brand_id=last.brand_id, campaign_id=brief.campaign_id)

        async def as_it_stood(patch: Patch) -> Brief:
            return texts.later or brief.tightened(patch)

        outcome = await scheduler.run(brief, instruction, ids, as_it_stood)
        return decision(
            outcome.part,
            before=outcome.before,
            because=outcome.because,
            repaired=[each.post.post_id for each in outcome.repaired],
            brief=outcome.brief,
            plan_hash=plan_hash(brief_hash(parts_of(outcome.brief)), outcome.plan),
            release=self.release,
        )


class RecordedAnswers:
    """A language model that gives each question, by its hash, the answer that it had. One that was never asked has
    none; ``reason`` is why the run ended then."""

    def __init__(self, answers: Mapping[str, Answer | ModelUnavailable], reason: FallbackReason | None) -> None:
        self.unknown = 0
        self.reason = reason
        self._answers = answers

    async def ask(self, question: Question, *, seconds: float) -> Answer:
        del seconds
        found = self._answers.get(question.request_hash)
        if found is None:
            if self.reason is not None and self.reason in _NOT_SENT:
                raise ModelUnavailable(self.reason, "nor was it sent then")
            self.unknown += 1
            raise ModelUnavailable(FallbackReason.UNAVAILABLE, "this was never asked")
        if isinstance(found, ModelUnavailable):
            raise found
        return found


class _NoBook:
    """Keeps nothing, and allows whatever was allowed to a run that ended for this ``reason``."""

    def __init__(self, reason: FallbackReason | None) -> None:
        self._reason = reason

    async def start_asking(self, brand_id: UUID, run_id: UUID, *, within: timedelta) -> bool:
        del brand_id, run_id, within
        if self._reason is not None and self._reason in _NOBODY_ASKED:
            raise GaveUp(self._reason)
        return True

    async def stop_asking(self, brand_id: UUID, run_id: UUID) -> None:
        del brand_id, run_id

    async def reserve(self, brand_id: UUID, cost: int, *, most: int) -> date | None:
        del brand_id, cost, most
        return datetime.min.replace(tzinfo=UTC).date()

    async def correct(self, brand_id: UUID, day: date, *, by: int) -> None:
        del brand_id, day, by

    async def keep(self, entry: RunEntry) -> None:
        del entry


def _configured(recorded: RecordedAnswers, limits: AgentLimits) -> ConfiguredModel:
    return ConfiguredModel(
        model=recorded,
        book=_NoBook(recorded.reason),
        name="recorded",
        host="",
        monotonic=lambda: 0,
        limits=limits,
        prices=Prices(tokens_in=0, tokens_out=0),
    )


def _answers(entries: Sequence[KeptEntry]) -> Mapping[str, Answer | ModelUnavailable]:
    found: dict[str, Answer | ModelUnavailable] = {}
    for entry in entries:
        said, texts = entry.said, entry.texts
        if isinstance(said, Exchange):
            reply = texts.reply if texts else None
            if said.failure is not None:
                found[said.request_hash] = ModelUnavailable(said.failure, "as it was recorded")
            elif reply is not None:
                found[said.request_hash] = answer_of(said, reply)
    return found
