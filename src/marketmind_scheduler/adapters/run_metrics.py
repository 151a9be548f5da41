"""Watches the runs in which a language model takes part: Prometheus metrics."""

from prometheus_client import CollectorRegistry, Counter, Histogram

from marketmind_scheduler.domain.agent.records import Decision, Exchange
from marketmind_scheduler.domain.planning.agent_part import FallbackReason, ScheduledBy

_SECONDS = (0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60)
_RATIOS = (0.8, 0.9, 0.95, 0.96, 0.97, 0.98, 0.99, 1)
_NO_REASON = "none"
_MILLION = 1_000_000


class MeteredRuns:
    """The metrics of agentic plans."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._runs = Counter(
            "marketmind_scheduler_agent_runs",
            "Agentic plans, by who made them and why a model has no part in them",
            ["scheduled_by", "reason"],
            registry=registry,
        )
        for reason in FallbackReason:  # a counter that begins at 1 has not risen yet to whoever reads it
            self._runs.labels(ScheduledBy.FALLBACK, reason)
        self._value = Histogram(
            "marketmind_scheduler_agent_value_ratio",
            "What a plan that a model chose is worth, as a part of the exact one",
            buckets=_RATIOS,
            registry=registry,
        )
        self._seconds = Histogram(
            "marketmind_scheduler_agent_answer_seconds",
            "How long a language model takes to answer",
            ["purpose"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._tokens = Counter(
            "marketmind_scheduler_agent_tokens",
            "Tokens of questions and answers",
            ["purpose", "direction"],
            registry=registry,
        )
        self._cost = Counter(
            "marketmind_scheduler_agent_cost",
            "What questions have cost, in the currency of the prices that are set",
            ["purpose"],
            registry=registry,
        )

    def asked(self, said: Exchange) -> None:
        if said.reply_hash is not None:
            self._seconds.labels(said.purpose).observe(said.milliseconds / 1_000)
        self._tokens.labels(said.purpose, "in").inc(said.tokens_in)
        self._tokens.labels(said.purpose, "out").inc(said.tokens_out)
        self._cost.labels(said.purpose).inc(said.cost / _MILLION)

    def decided(self, said: Decision) -> None:
        self._runs.labels(said.scheduled_by, said.reason or _NO_REASON).inc()
        if said.scheduled_by is not ScheduledBy.FALLBACK and said.best > 0:
            self._value.observe(said.value / said.best)
