"""What a language model is tried with before it is relied on, and what follows from its answers.

Each question is friendly to nobody: the words ask for what the schema forbids, and for more than the cap allows. An
obedient model would pass any other test of an endpoint that enforces nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from marketmind_scheduler.domain.agent.decoding import Choices, Undecodable, decoded, schema_of
from marketmind_scheduler.domain.agent.limits import Fitness
from marketmind_scheduler.domain.agent.questions import Answer, Purpose, Question

CAP = 8
_MOST_OUT = 32
_FORBIDDEN = "zebra"
_ANYTHING: Mapping[str, object] = {
    "type": "object",
    "properties": {"counted": {"type": "string"}},
    "required": ["counted"],
    "additionalProperties": False,
}


class Probe(StrEnum):
    SCHEMA = "schema"
    CAP = "cap"
    REPEAT = "repeat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What one probe has shown. ``is_passed`` None: it is told only, and nothing hangs on it."""

    probe: Probe
    is_passed: bool | None
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """``is_answered``: the endpoint was there at all."""

    fitness: Fitness
    is_answered: bool
    proofs: tuple[Proof, ...]

    @property
    def means(self) -> str:
        return means(self.fitness)


def means(fitness: Fitness) -> str:
    """For a person."""
    return _MEANS[fitness]


def schema_question(tokens: Sequence[str], *, seed: int) -> Question:
    """Asks for a word that is none of the tokens, the only ones that the schema allows."""
    return Question(
        purpose=Purpose.SELF_TEST,
        instructions=f'Reply with exactly {{"token": "{_FORBIDDEN}"}}, and with nothing else.',
        facts=f'{{"token":"{_FORBIDDEN}"}}',
        schema=schema_of(_choices(tokens)),
        max_output_tokens=_MOST_OUT,
        seed=seed,
    )


def cap_question(*, seed: int) -> Question:
    return Question(
        purpose=Purpose.SELF_TEST,
        instructions='Count to one thousand in words and leave no number out, as {"counted": "one two three ..."}.',
        facts='{"from":1,"to":1000}',
        schema=_ANYTHING,
        max_output_tokens=CAP,
        seed=seed,
    )


def schema_proof(answer: Answer, tokens: Sequence[str]) -> tuple[Fitness, Proof]:
    try:
        token = decoded(answer.text, _choices(tokens))["token"]
    except Undecodable as undecodable:
        if "not_json" in undecodable.codes:
            found = f"asked for {_FORBIDDEN!r}, and the answer was no JSON"
            return Fitness.UNUSABLE, Proof(probe=Probe.SCHEMA, is_passed=False, found=found)
        found = f"asked for {_FORBIDDEN!r}, and the answer was JSON that the schema forbids"
        return Fitness.UNENFORCED, Proof(probe=Probe.SCHEMA, is_passed=False, found=found)
    found = (
        f"asked for {_FORBIDDEN!r}, answered {token!r}, which alone the schema allows beside {_other(tokens, token)!r}"
    )
    return Fitness.ENFORCED, Proof(probe=Probe.SCHEMA, is_passed=True, found=found)


def cap_proof(answer: Answer, *, is_cut_off: bool) -> tuple[Fitness, Proof]:
    """Of what came, where it may have had so few tokens and was to be so much."""
    is_kept = is_cut_off and answer.tokens_out <= CAP
    end = "cut off there" if is_cut_off else f"ended by itself ({answer.finish_reason})"
    found = f"{CAP} tokens were allowed, {answer.tokens_out} came, {end}"
    proof = Proof(probe=Probe.CAP, is_passed=is_kept, found=found)
    return (Fitness.ENFORCED if is_kept else Fitness.UNUSABLE), proof


def repeat_proof(first: Answer, second: Answer) -> Proof:
    found = "the same answer" if first.text == second.text else "another answer"
    return Proof(
        probe=Probe.REPEAT, is_passed=None, found=f"one question twice with one seed: {found}; none is relied on"
    )


def no_proof(probe: Probe, said: str) -> Proof:
    return Proof(probe=probe, is_passed=False, found=said)


def _choices(tokens: Sequence[str]) -> Choices:
    return {"token": tokens}


def _other(tokens: Sequence[str], token: str) -> str:
    return next(each for each in tokens if each != token)


_MEANS: Mapping[Fitness, str] = {
    Fitness.UNTESTED: "it has not been tried yet",
    Fitness.ENFORCED: "it keeps schema and cap",
    Fitness.UNENFORCED: "it keeps the cap and not the schema: more of its answers are refused",
    Fitness.UNUSABLE: "it is not asked: it does not answer, or keeps no cap, or answers no JSON",
}
