"""What Publisher promises, kept by each of its adapters."""

import asyncio
from collections.abc import Mapping

import pytest

from marketmind_scheduler.adapters.publishers.dry_run import DryRunPublisher
from marketmind_scheduler.adapters.publishers.none import NoPublisher
from marketmind_scheduler.adapters.webhooks.publisher import WebhookPublisher
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.verdict import Accepted, Unsent
from marketmind_scheduler.entrypoints.choices import PublisherKind
from marketmind_scheduler.entrypoints.wiring.publishers import PUBLISHERS
from marketmind_scheduler.ports.publisher import Publisher
from tests.builders import BRAND_ID
from tests.publishers.given import an_attempt


@pytest.fixture(name="any_publisher", params=[kind for kind in PublisherKind if kind is not PublisherKind.NONE])
def _any_publisher(request: pytest.FixtureRequest, publisher: WebhookPublisher) -> Publisher:  # pyright: ignore[reportUnusedFunction]
    of_kind: Mapping[PublisherKind, Publisher] = {
        PublisherKind.DRY_RUN: DryRunPublisher(),
        PublisherKind.WEBHOOK: publisher,
    }
    return of_kind[request.param]


def test_each_kind_is_wired() -> None:
    assert PUBLISHERS.keys() == set(PublisherKind)


async def test_nobody_publishes_nothing_nowhere() -> None:
    nobody = NoPublisher()

    assert [nobody.routes(platform) for platform in Platform] == [()] * len(Platform)
    assert nobody.target_of(BRAND_ID, Platform.TWITTER) is None
    assert isinstance(await nobody.publish(an_attempt()), Unsent)


@pytest.mark.parametrize("platform", Platform)
async def test_where_a_post_goes_is_one_of_the_targets_of_its_platform(
    any_publisher: Publisher, platform: Platform
) -> None:
    target = any_publisher.target_of(BRAND_ID, platform)

    assert target in {route.target for route in any_publisher.routes(platform)}


async def test_a_post_that_is_taken_is_accepted_with_its_external_id(any_publisher: Publisher) -> None:
    verdict = await any_publisher.publish(an_attempt())

    assert isinstance(verdict, Accepted)
    assert verdict.external_id


async def test_sends_at_once_do_not_take_each_others_answers(any_publisher: Publisher) -> None:
    attempts = [an_attempt() for _ in range(50)]

    verdicts = await asyncio.gather(*map(any_publisher.publish, attempts))

    ids = [verdict.external_id for verdict in verdicts if isinstance(verdict, Accepted)]
    assert [(external_id or "")[-36:] for external_id in ids] == [attempt.key for attempt in attempts]


async def test_another_attempt_of_one_schedule_has_the_same_external_id(any_publisher: Publisher) -> None:
    attempt = an_attempt()

    first = await any_publisher.publish(attempt)
    second = await any_publisher.publish(an_attempt(schedule_id=attempt.claim.schedule_id, retry_count=1))

    assert first == second
