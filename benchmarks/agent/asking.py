"""The instructions, and what a model makes of one of them, asked as the service asks."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

from marketmind_scheduler.domain.agent.decoding import Undecodable, decoded
from marketmind_scheduler.domain.agent.facts import intent_question
from marketmind_scheduler.domain.agent.intent import UNCHANGED, Covers, Intent, intent_choices, intent_of
from marketmind_scheduler.domain.agent.questions import Answer
from marketmind_scheduler.domain.brand import BrandContent
from marketmind_scheduler.domain.planning.plan import Brief
from marketmind_scheduler.ports.language_model import LanguageModel, ModelUnavailable

FIRST, LAST = date(2027, 3, 1), date(2027, 3, 14)
CHOICES = intent_choices((LAST - FIRST).days + 1)
SEED = 7
_TRIES = 2
_BRIEF = Brief(
    campaign_id=UUID(int=1),
    brand=BrandContent(name="Bench", default_zone="Europe/Berlin", tone_profile=""),
    tz_release="",
    first_day=FIRST,
    last_day=LAST,
    now=datetime(2027, 2, 28, tzinfo=UTC),
    posts=(),
)
_FILE = Path(__file__).with_name("instructions.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    words: str
    right: Intent


@dataclass(slots=True, kw_only=True)
class Understood:
    """``intent`` None: there was no answer that could be read, and the instruction is asked back."""

    intent: Intent | None = None
    why_not: str = ""
    answers: list[Answer] = field(default_factory=list[Answer])


def instructions() -> Sequence[Instruction]:
    written = tomllib.loads(_FILE.read_text(encoding="utf-8"))["instruction"]
    return [Instruction(words=each["words"], right=_intent(each)) for each in written]


def _intent(written: Mapping[str, str]) -> Intent:
    """Raises ValueError where a field is none that a model could answer."""
    said = {name: written.get(name, UNCHANGED) for name in CHOICES} | {"covers": written.get("covers", Covers.ALL)}
    wrong = [name for name in written if name != "words" and written[name] not in CHOICES.get(name, ())]
    if wrong:
        raise ValueError(f"{written['words']}: {wrong[0]} = {written[wrong[0]]!r} is no choice")
    return intent_of(said, FIRST)


async def understood(model: LanguageModel, words: str, *, seconds: float) -> Understood:
    """Asked once, and again once where the answer cannot be read."""
    found, wrong = Understood(), ()
    for _ in range(_TRIES):
        try:
            answer = await model.ask(intent_question(words, _BRIEF, seed=SEED, wrong=wrong), seconds=seconds)
            found.answers.append(answer)
            intent = intent_of(decoded(answer.text, CHOICES), FIRST)
        except ModelUnavailable as unavailable:
            found.why_not = unavailable.reason
            return found
        except Undecodable as undecodable:
            wrong, found.why_not = undecodable.codes, "undecodable"
        else:
            found.intent, found.why_not = intent, "said to be no instruction" if intent.says_nothing else ""
            return found
    return found
