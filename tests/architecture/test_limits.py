"""Which limit contains which: each wait is shorter than the one round it. docs/operation.md tells them as a table."""

# ruff: noqa: SLF001  # the numbers are nobody else's business
# pyright: reportPrivateUsage=false

from collections.abc import Iterator
from datetime import timedelta

from marketmind_scheduler.adapters.http.envelope import time_limit
from marketmind_scheduler.adapters.postgres import errors, pool, storage
from marketmind_scheduler.adapters.postgres.requests import reaching as reaching_requests
from marketmind_scheduler.adapters.postgres.requests.idempotency import LONGEST_REQUEST_SECONDS
from marketmind_scheduler.adapters.webhooks import reaching, transport
from marketmind_scheduler.application.dispatch.sending import DispatchLimits
from marketmind_scheduler.entrypoints.processes import http_server
from marketmind_scheduler.entrypoints.settings import Settings
from tests.loops import telling_all_misses

KILLED_AFTER, POOLS = 30, 3
SEND_TIMEOUTS = range(1, 21)


def of_settings() -> Iterator[tuple[int, DispatchLimits]]:
    for seconds in SEND_TIMEOUTS:
        yield seconds, Settings(send_timeout_seconds=seconds, lease_seconds=3 * seconds).dispatch_limits


def test_whatever_a_send_may_take_each_limit_round_it_is_longer() -> None:
    with telling_all_misses() as trying:
        for seconds, limits in of_settings():
            with trying(send_timeout=seconds):
                written = timedelta(seconds=errors._WITHIN_SECONDS)
                assert limits.send_timeout == timedelta(seconds=seconds)
                assert limits.send_timeout < limits.given_up_after <= limits.least_lease
                assert 2 * limits.least_lease <= limits.lease
                assert limits.given_up_after + written <= limits.grace


def test_a_process_ends_before_it_is_killed() -> None:
    grace = max(limits.grace for _, limits in of_settings()).total_seconds()

    assert http_server._GRACE_SECONDS + grace + POOLS * pool._CLOSE_SECONDS < KILLED_AFTER


def test_an_answer_is_read_and_a_connection_made_within_a_usual_send() -> None:
    assert Settings().send_timeout_seconds > transport._CONNECT_SECONDS + transport._BODY_SECONDS
    assert reaching._CONNECT_SECONDS < reaching._SECONDS


def test_a_statement_ends_within_its_turn_and_two_turns_within_a_request() -> None:
    statement = int(pool._SERVER_SETTINGS["statement_timeout"]) / 1000
    assert int(pool._SERVER_SETTINGS["lock_timeout"]) / 1000 < statement < pool._COMMAND_SECONDS
    assert max(pool._COMMAND_SECONDS, storage._POOL_SECONDS, pool._CONNECT_SECONDS) < errors._WITHIN_SECONDS
    assert 2 * errors._WITHIN_SECONDS < time_limit.SECONDS
    assert errors._WITHIN_SECONDS < storage._PATIENT_SECONDS < time_limit.LONGER["seconds"]


def test_a_request_is_heard_of_twice_before_it_counts_as_broken_off() -> None:
    assert reaching_requests._LEASE.total_seconds() > 2 * reaching_requests._RENEWED_EVERY_SECONDS
    assert errors._WITHIN_SECONDS < reaching_requests._RENEWED_EVERY_SECONDS


def test_requests_that_wait_by_design_contain_a_send_and_a_key_contains_them() -> None:
    longest = time_limit.LONGER["seconds"]
    given_up_after = max(limits.given_up_after for _, limits in of_settings()).total_seconds()

    assert given_up_after + 4 * pool._COMMAND_SECONDS < longest
    assert longest + time_limit.BODY_SECONDS < LONGEST_REQUEST_SECONDS
