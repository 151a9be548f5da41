"""The dry run says what it would have published, and nothing of what the post says."""

from structlog.testing import capture_logs

from marketmind_scheduler.adapters.publishers.dry_run import DryRunPublisher
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.verdict import Accepted
from tests.publishers.given import an_attempt


async def test_a_post_is_logged_without_its_title_and_accepted() -> None:
    attempt = an_attempt(platform=Platform.REDDIT, title="hush")

    with capture_logs() as lines:
        verdict = await DryRunPublisher().publish(attempt)

    assert verdict == Accepted(external_id=f"dry-run-{attempt.key}")
    assert lines == [
        {
            "event": "would have been posted",
            "log_level": "info",
            "publisher": "dry_run",
            "schedule_id": attempt.key,
            "post_id": str(attempt.post_id),
            "platform": Platform.REDDIT,
        }
    ]


def test_every_platform_has_the_one_target_where_repeats_are_not_dropped() -> None:
    publisher = DryRunPublisher()

    targets = {route.target for platform in Platform for route in publisher.routes(platform)}

    assert [(target.name, target.sends_at_once, target.resend_window) for target in targets] == [("dry_run", 100, None)]
