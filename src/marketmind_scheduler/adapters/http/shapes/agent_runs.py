"""What was asked of a language model for a plan, as callers read it."""

from typing import Annotated, Self
from uuid import UUID

from msgspec import Meta, Struct

from marketmind_scheduler.adapters.http.shapes.fields import Moment
from marketmind_scheduler.domain.agent.questions import Purpose
from marketmind_scheduler.domain.agent.records import Decision, Exchange, KeptEntry
from marketmind_scheduler.domain.planning.agent_part import FallbackReason, InstructionStanding, ScheduledBy
from marketmind_scheduler.domain.planning.emphasis import Emphasis

_DIGEST = "9c3d2e1f0a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a1b5f2b8d0c7e1a4f6b"


class ExchangeOut(Struct, frozen=True, kw_only=True):
    purpose: Annotated[Purpose, Meta(description="What the model was asked for")]
    prompt_version: Annotated[int, Meta(description="Of the fixed texts, schemas and facts")]
    request_hash: Annotated[str, Meta(description="SHA-256 of the whole question", examples=[_DIGEST])]
    schema_hash: Annotated[str, Meta(description="SHA-256 of the schema of the reply", examples=[_DIGEST])]
    reply_hash: Annotated[str | None, Meta(description="SHA-256 of the reply; null: none came", examples=[_DIGEST])]
    seed: Annotated[int, Meta(description="What the model was asked to draw its chances from", examples=[20270310])]
    max_output_tokens: Annotated[int, Meta(description="How long the reply might be at most", examples=[64])]
    asked_model: Annotated[str, Meta(description="The model that was asked for", examples=["small"])]
    answered_model: Annotated[
        str | None, Meta(description="The model that the endpoint says it was", examples=["small"])
    ]
    fingerprint: Annotated[str | None, Meta(description="What the endpoint says of its own version", examples=["fp_1"])]
    host: Annotated[str, Meta(description="Of the endpoint", examples=["127.0.0.1"])]
    finish_reason: Annotated[
        str | None, Meta(description="Why the reply ended, in the endpoint's words", examples=["stop"])
    ]
    tokens_in: Annotated[int, Meta(description="Of the question, as the endpoint counts them", examples=[412])]
    tokens_out: Annotated[int, Meta(description="Of the reply", examples=[21])]
    reserved: Annotated[int, Meta(description="What was counted to the brand's day before it was sent, in millionths")]
    cost: Annotated[int, Meta(description="What it came to, in millionths of the operator's currency")]
    milliseconds: Annotated[int, Meta(description="How long it took")]
    wrong: Annotated[list[str], Meta(description="Why the reply could not be read", examples=[["not_json"]])]
    failure: Annotated[FallbackReason | None, Meta(description="Why there is no reply to read")]

    @classmethod
    def of(cls, said: Exchange) -> Self:
        found = {name: getattr(said, name) for name in cls.__struct_fields__ if name != "wrong"}
        return cls(wrong=list(said.wrong), **found)


class DecisionOut(Struct, frozen=True, kw_only=True):
    scheduled_by: Annotated[ScheduledBy, Meta(description="Whether the model chose the plan")]
    reason: Annotated[FallbackReason | None, Meta(description="Why it is the exact plan")]
    instruction: Annotated[InstructionStanding | None, Meta(description="What was made of the instruction")]
    emphasis: Annotated[Emphasis | None, Meta(description="What the chosen plan puts its weight on")]
    because: Annotated[str | None, Meta(description="Why the model says that it chose it", examples=["evenly_spread"])]
    before: Annotated[int, Meta(description="What the exact plan without the instruction is worth, in millionths")]
    best: Annotated[int, Meta(description="What the exact plan with it is worth")]
    value: Annotated[int, Meta(description="What this plan is worth")]
    brief_hash: Annotated[str, Meta(description="Of all that the plan was made of", examples=[_DIGEST])]
    plan_hash: Annotated[str, Meta(description="Of the plan", examples=[_DIGEST])]
    patch_hash: Annotated[str | None, Meta(description="Of what was understood", examples=[_DIGEST])]
    release: Annotated[str, Meta(description="The release of this service", examples=["0.9.0"])]
    repaired: Annotated[list[UUID], Meta(description="The posts that kept their time where others were solved again")]

    @classmethod
    def of(cls, said: Decision) -> Self:
        return cls(
            scheduled_by=said.scheduled_by,
            reason=said.reason,
            instruction=said.standing,
            emphasis=said.chosen,
            because=said.because,
            before=said.before,
            best=said.best,
            value=said.value,
            brief_hash=said.brief_hash,
            plan_hash=said.plan_hash,
            patch_hash=said.patch_hash,
            release=said.release,
            repaired=list(said.repaired),
        )


class TextsOut(Struct, frozen=True, kw_only=True):
    request: Annotated[str | None, Meta(description="What was sent, with the instruction in it", examples=[None])]
    reply: Annotated[str | None, Meta(description="What came back, untrusted: a model has written it", examples=[None])]
    instruction: Annotated[str | None, Meta(description="What was asked for in words", examples=[None])]


class RunEntryOut(Struct, frozen=True, kw_only=True):
    run_id: Annotated[UUID, Meta(description="UUIDv7; all entries of one run have the same")]
    at: Moment
    exchange: Annotated[ExchangeOut | None, Meta(description="A question and what came of it")]
    decision: Annotated[DecisionOut | None, Meta(description="How the run has ended")]
    texts: Annotated[TextsOut | None, Meta(description="For the scope `admin` alone; null once they are forgotten")]
    chain_hash: Annotated[
        str, Meta(description="SHA-256 of this entry and of the brand's entry before it", examples=[_DIGEST])
    ]

    @classmethod
    def of(cls, entry: KeptEntry, *, with_texts: bool) -> Self:
        said, texts = entry.said, entry.texts if with_texts else None
        return cls(
            run_id=entry.run_id,
            at=entry.at,
            exchange=ExchangeOut.of(said) if isinstance(said, Exchange) else None,
            decision=DecisionOut.of(said) if isinstance(said, Decision) else None,
            texts=texts and TextsOut(request=texts.request, reply=texts.reply, instruction=texts.instruction),
            chain_hash=entry.chain_hash,
        )


class RunsOut(Struct, frozen=True, kw_only=True):
    items: Annotated[list[RunEntryOut], Meta(description="In their order")]
