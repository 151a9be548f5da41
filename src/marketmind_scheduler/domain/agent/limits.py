"""What a run may use, and what it costs."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from marketmind_scheduler.domain.agent.questions import Answer, Question

_MILLION = 1_000_000
LEAST_MIN_VALUE = 800
"""In thousandths: no setting lets a plan be worth less than that of the best."""


class Fitness(StrEnum):
    """What the self-test has found of the model."""

    UNTESTED = "untested"
    ENFORCED = "enforced"  # it keeps the schema
    UNENFORCED = "unenforced"  # it may not, so more answers are refused
    UNUSABLE = "unusable"  # no cap, no JSON, no answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """For a million tokens, in millionths of the currency that the operator counts in. Where a price is not known, it
    is taken for one that few models reach."""

    tokens_in: int = 20_000_000
    tokens_out: int = 100_000_000

    def of(self, tokens_in: int, tokens_out: int) -> int:
        """In millionths, rounded up."""
        return -(-(tokens_in * self.tokens_in + tokens_out * self.tokens_out) // _MILLION)

    def at_worst(self, question: Question) -> int:
        return self.of(question.tokens, question.max_output_tokens)

    def of_answer(self, answer: Answer) -> int:
        return self.of(answer.tokens_in, answer.tokens_out)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLimits:
    """``cost_per_day`` is of one brand, in millionths of the currency. ``min_value`` is the part of the best plan's
    worth, in thousandths, that another must have."""

    requests_per_run: int = 4
    tokens_in_per_request: int = 6_000
    tokens_per_run: int = 20_000
    cost_per_day: int = 5_000_000
    seconds_per_call: int = 20
    seconds_per_run: int = 60
    runs_at_once: int = 4
    min_value: int = 950


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Leaves a model alone for ten minutes that has failed five times in a row; the next failure after that does again.
    Times are readings of one monotonic clock."""

    failures: int = 0
    resting_until: timedelta | None = None

    def is_resting(self, now: timedelta) -> bool:
        return self.resting_until is not None and now < self.resting_until

    def after_failure(self, now: timedelta) -> "Patience":
        failures = self.failures + 1
        return Patience(failures=failures, resting_until=now + _REST if failures >= _MOST_FAILURES else None)


_MOST_FAILURES = 5
_REST = timedelta(minutes=10)
