"""What several processes have measured, added up: nothing counted goes back, and nothing is counted twice."""

from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from marketmind_scheduler.adapters.added_metrics import Adding, Family, added_up, families_of


def measured(*, requests: int, waits: int = 0, breaker: int | None = None) -> CollectorRegistry:
    registry = CollectorRegistry()
    seconds = Histogram("seconds", "How long", ["route"], buckets=(1, 5), registry=registry)
    for _ in range(requests):
        seconds.labels("/brands").observe(2)
    Counter("claims", "How many", registry=registry).inc(requests)
    Gauge("http_server_waits", "How many", registry=registry).set(waits)
    Gauge("http_server_largest_share", "How many", registry=registry).set(waits)
    if breaker is not None:
        Gauge("breaker", "How it is", ["target"], registry=registry).labels("x").set(breaker)
    return registry


def shown(registry: CollectorRegistry, *others: Family) -> dict[str, float]:
    added = added_up(registry.collect(), others)
    return {f"{each.name} {each.labels.get('le', '')}".strip(): each.value for one in added for each in one.samples}


def test_counters_and_what_there_is_are_added_and_of_everything_else_one_is_shown() -> None:
    one, other = measured(requests=2, waits=3), measured(requests=5, waits=4, breaker=2)

    assert {
        "claims_total": 7,
        "seconds_bucket 1.0": 0,
        "seconds_bucket 5.0": 7,
        "seconds_bucket +Inf": 7,
        "seconds_count": 7,
        "seconds_sum": 14,
        "http_server_waits": 7,
        "http_server_largest_share": 4,
        "breaker": 2,
    }.items() <= shown(one, *families_of(other)).items()


def test_what_one_has_counted_is_shown_after_its_end_and_its_gauges_are_not(tmp_path: Path) -> None:
    own, ended = measured(requests=1), measured(requests=5, waits=9)
    alive = [1]
    adding = Adding(tmp_path, own, lambda: alive)
    ask_of = adding.others
    adding._last[1] = families_of(ended)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # nobody listens there
    before = shown(own, *ask_of())

    alive.clear()
    after = [shown(own, *ask_of()) for _ in range(2)]

    assert before["claims_total"] == 6
    assert [each["claims_total"] for each in after] == [6, 6]
    assert [each["seconds_count"] for each in after] == [6, 6]
    assert (before["http_server_waits"], after[0]["http_server_waits"]) == (9, 0)
