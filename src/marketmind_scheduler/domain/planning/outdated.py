"""What has changed since a plan was made, in words."""

from collections.abc import Iterator

from marketmind_scheduler.domain.planning.digests import Part, parts_of
from marketmind_scheduler.domain.planning.plan import Brief
from marketmind_scheduler.domain.planning.preview import Preview


def changes(preview: Preview, brief: Brief) -> Iterator[str]:
    """A clause for each thing that ``brief``, which is as things stand now, has otherwise."""
    for part in preview.changed_in(brief):
        match part:
            case Part.POSTS:
                yield "the campaign's posts changed"
            case Part.POLICY:
                yield f"the brand's rules changed, from version {preview.policy_version} to {_version(brief)}"
            case Part.CAPS:
                yield "what platforms allow changed"
            case Part.OCCUPIED:
                yield "what stands on the lanes changed"
            case Part.PROFILES:
                yield "what is known of the audience changed"
            case Part.TZ:
                yield _zone(preview, brief)
            case Part.WINDOW:
                yield from _days_and_time(preview, brief)
            case Part.OBJECTIVE:
                yield "the objective changed"


def _version(brief: Brief) -> int:
    return brief.rules.policy.version if brief.rules else 0


def _zone(preview: Preview, brief: Brief) -> str:
    then = {each.slot.intent.zone for each in preview.plan.placements} - {brief.zone}
    if then:
        return f"the brand's zone changed, from {' and '.join(sorted(then))} to {brief.zone}"
    return f"the zone rules changed, to those of {brief.tz_release}"


def _days_and_time(preview: Preview, brief: Brief) -> Iterator[str]:
    if parts_of(preview.brief_then(brief))[Part.WINDOW] != preview.parts[Part.WINDOW]:
        yield f"the campaign's days changed, to {brief.first_day} to {brief.last_day}"
    over = sum(each.slot.publish_time <= brief.now for each in preview.plan.placements)
    if over:
        yield f"the time of {over} of its {len(preview.plan.placements)} posts has passed"
