"""What is kept of a run for good, and the chain that shows that nothing of it was changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from marketmind_scheduler.domain.agent.limits import AgentLimits, Prices
from marketmind_scheduler.domain.agent.questions import PROMPT_VERSION, Answer, Purpose, Question
from marketmind_scheduler.domain.planning.agent_part import (
    AgentPart,
    FallbackReason,
    Instructed,
    InstructionStanding,
    ScheduledBy,
)
from marketmind_scheduler.domain.planning.digests import brief_hash, parts_of
from marketmind_scheduler.domain.planning.emphasis import Emphasis
from marketmind_scheduler.domain.planning.plan import Brief


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One question and what came of it, without their texts. ``wrong`` are the codes of what could not be decoded;
    ``failure`` says why there is no answer. ``reserved`` and ``cost`` are in millionths of the operator's currency."""

    purpose: Purpose
    prompt_version: int
    request_hash: str
    schema_hash: str
    seed: int
    max_output_tokens: int
    asked_model: str
    host: str
    reserved: int
    cost: int
    answered_model: str | None = None
    fingerprint: str | None = None
    reply_hash: str | None = None
    finish_reason: str | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    milliseconds: int = 0
    wrong: tuple[str, ...] = ()
    failure: FallbackReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """How a run ended. ``before`` is what the exact plan was worth without the instruction, ``best`` with it, ``value``
    what the plan is worth; ``repaired`` are the posts that kept the time that was chosen where others were solved
    again."""

    scheduled_by: ScheduledBy
    reason: FallbackReason | None
    standing: InstructionStanding | None
    chosen: Emphasis | None
    because: str | None
    before: int
    best: int
    value: int
    brief_hash: str
    profiles: Mapping[str, str]
    plan_hash: str
    patch_hash: str | None
    release: str
    repaired: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """What was written by people or by a model, and what a replay needs; forgotten sooner than the rest. ``accepted``
    is what its giver had agreed to before, ``limits`` are those that held, and ``later`` is the brief as things stood
    at the end, where the plan was made again for that."""

    request: str | None = None
    reply: str | None = None
    instruction: str | None = None
    accepted: Instructed | None = None
    limits: AgentLimits | None = None
    brief: Brief | None = None
    later: Brief | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEntry:
    run_id: UUID
    plan_id: UUID
    brand_id: UUID
    campaign_id: UUID
    said: Exchange | Decision
    texts: Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptEntry:
    """As it is stored: ``at`` by the storage's clock. Its texts are None once they are forgotten."""

    run_id: UUID
    plan_id: UUID
    brand_id: UUID
    at: datetime
    said: Exchange | Decision
    texts: Texts | None
    chain_hash: str


def exchange(
    question: Question, *, asked_model: str, host: str, reserved: int, answer: Answer | None, prices: Prices
) -> Exchange:
    """Of an answer; without one, what was reserved counts as its cost."""
    asked = Exchange(
        purpose=question.purpose,
        prompt_version=PROMPT_VERSION,
        request_hash=question.request_hash,
        schema_hash=question.schema_hash,
        seed=question.seed,
        max_output_tokens=question.max_output_tokens,
        asked_model=asked_model,
        host=host,
        reserved=reserved,
        cost=reserved,
    )
    if answer is None:
        return asked
    return replace(
        asked,
        cost=prices.of_answer(answer),
        answered_model=answer.model,
        fingerprint=answer.fingerprint,
        reply_hash=sha256(answer.text.encode(errors="surrogatepass")).hexdigest(),
        finish_reason=answer.finish_reason,
        tokens_in=answer.tokens_in,
        tokens_out=answer.tokens_out,
        milliseconds=round(answer.seconds * 1_000),
    )


def answer_of(said: Exchange, reply: str) -> Answer:
    """The answer of an exchange, whose text was kept."""
    return Answer(
        text=reply,
        model=said.answered_model or said.asked_model,
        fingerprint=said.fingerprint,
        tokens_in=said.tokens_in,
        tokens_out=said.tokens_out,
        finish_reason=said.finish_reason or "",
        seconds=said.milliseconds / 1_000,
    )


def decision(
    part: AgentPart,
    *,
    before: int,
    because: str | None,
    repaired: Sequence[UUID],
    brief: Brief,
    plan_hash: str,
    release: str,
) -> Decision:
    """Of a plan that was made of this brief."""
    return Decision(
        scheduled_by=part.scheduled_by,
        reason=part.reason,
        standing=part.instructed and part.instructed.standing,
        chosen=part.chosen,
        because=because,
        before=before,
        best=part.best,
        value=part.value,
        brief_hash=brief_hash(parts_of(brief)),
        profiles={str(platform): profile.digest for platform, profile in sorted(brief.profiles.items())},
        plan_hash=plan_hash,
        patch_hash=part.instructed and part.instructed.patch_hash,
        release=release,
        repaired=tuple(repaired),
    )


def chained(previous: str | None, *said: str) -> str:
    """The digest of an entry behind another one, whose digest is ``previous``; None: it is the first of its brand."""
    return sha256("\0".join([previous or "", *said]).encode()).hexdigest()
