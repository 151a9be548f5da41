"""What a language model is asked, and what it answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from marketmind_scheduler.domain.planning.digests import digest

PROMPT_VERSION = 1
"""Another one as soon as a text of ours, a schema or the facts are others: what was asked before is another question
then."""


class Purpose(StrEnum):
    INTENT = "intent"  # what an instruction in words wants, as closed fields
    CHOOSE_PLAN = "choose_plan"  # one of the solver's plans
    SELF_TEST = "self_test"  # whether it keeps schema and cap


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """``instructions`` is a fixed text of ours, ``facts`` canonical JSON, ``schema`` the JSON Schema of the reply.
    Nothing of a user is in the schema."""

    purpose: Purpose
    instructions: str
    facts: str
    schema: Mapping[str, object]
    max_output_tokens: int
    seed: int

    @property
    def request_hash(self) -> str:
        """The same for the same question, on any machine."""
        return digest((PROMPT_VERSION, self))

    @property
    def schema_hash(self) -> str:
        return digest(self.schema)

    @property
    def tokens(self) -> int:
        """How many it is taken for before it is sent: one for every three bytes, rounded up."""
        return -(-len(f"{self.instructions}{self.facts}{json.dumps(self.schema)}".encode()) // 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One reply as raw text. ``fingerprint`` is what the endpoint says of its own version; ``finish_reason`` is in its
    words, ``seconds`` is how long it took."""

    text: str
    model: str
    fingerprint: str | None
    tokens_in: int
    tokens_out: int
    finish_reason: str
    seconds: float
