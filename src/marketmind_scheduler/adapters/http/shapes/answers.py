"""What successful answers look like: one post of the demo campaign, from its registration to what became of it."""

from collections.abc import Mapping
from typing import Any

from marketmind_scheduler.adapters.http.shapes.fields import DEMO_BRAND, DEMO_CAMPAIGN, DEMO_POST, EXAMPLE_SCHEDULE
from marketmind_scheduler.domain.attempt import digest_of

_KNOWN: Mapping[str, Any] = {
    "actor": "content-service",
    "brand_default_timezone": "America/Los_Angeles",
    "brand_id": DEMO_BRAND,
    "brand_name": "Demo Brand",
    "campaign_id": DEMO_CAMPAIGN,
    "created_at": "2030-03-01T17:04:11.250000Z",
    "disambiguation": "compatible",
    "duration_ms": 180,
    "end_date": "2030-03-21",
    "finished_at": "2030-03-19T02:00:00.420000Z",
    "goal": "Make the new line known",
    "intent": "wall",
    "kind": "schedule.scheduled",
    "local_time": "2030-03-18T19:00:00",
    "name": "Spring launch",
    "next_attempt_at": "2030-03-19T02:00:00Z",
    "occurred_at": "2030-03-01T17:04:11.250000Z",
    "platform": "TWITTER",
    "post_id": DEMO_POST,
    "publish_time": "2030-03-19T02:00:00Z",
    "publish_time_local": "2030-03-18T19:00:00-07:00[America/Los_Angeles]",
    "resolution": "exact",
    "s3_url": "s3://marketmind-demo/launch/meet.mp4",
    "schedule_id": EXAMPLE_SCHEDULE,
    "scheduler": "naive",
    "start_date": "2030-03-15",
    "started_at": "2030-03-19T02:00:00.240000Z",
    "timezone": "America/Los_Angeles",
    "timestamp": "2030-03-01T17:04:11.250000Z",
    "title": "Meet the new line",
    "tone_profile": "Warm, plain words, no exclamation marks",
    "tz_release": "2026f",
    "updated_at": "2030-03-01T17:04:11.250000Z",
    "verdict": "accepted",
    "changed": [],
    "ignored_looser": [],
    "in_the_way": [],
    "prior_sources": ["sprout-2023"],
    "with": [],
    "kept": [],
    "relaxations": [],
    "replaces": [],
    "unplaced": [],
    "violations": [],
    "attempts": [],
    "holds": [],
    "next_cursor": None,
    "repaired": [],
    "run_id": "019d3a5e-7c00-7a1b-8c2d-3e4f5a6b7c90",
    "warnings": [],
    "wrong": [],
}
"""What a field of this name shows, wherever it is shown; every other one shows what its schema says."""

_OUT = {"status": "COMPLETED", "external_id": "1890"}
_ATTEMPT = {
    "claim_token": 1,
    "started_at": _KNOWN["started_at"],
    "finished_at": _KNOWN["finished_at"],
    "duration_ms": 180,
    "verdict": "accepted",
    "reason": None,
    "external_id": "1890",
    "title": _KNOWN["title"],
    "s3_url": _KNOWN["s3_url"],
    "digest": digest_of(_KNOWN["title"], _KNOWN["s3_url"]),
}
_AFTER: Mapping[str, Mapping[str, Any]] = {
    "cancel_campaign": {"status": "CANCELLED"},
    "cancel_post": {"status": "CANCELLED", "version": 2},
    "confirm_schedule": {**_OUT, "note": "seen on the platform", "version": 2},
    "extend_claims": {"extended": [EXAMPLE_SCHEDULE], "lost": []},
    "follow_brand": {"followed": 1},
    "get_liveness": {"status": "alive"},
    "get_schedule": {**_OUT, "next_attempt_at": None, "attempts": [_ATTEMPT]},
    "list_events": {"status": "PENDING", "retry_count": 0},
    "move_post": {"scheduler": None, "version": 2},
    "pause_brand": {"paused_at": "2030-03-01T17:04:11.250000Z"},
    "pause_campaign": {"paused_at": "2030-03-01T17:04:11.250000Z"},
    "retry_schedule": {"scheduler": None, "retry_of": "019d3a5e-7c00-7a1b-8c2d-3e4f5a6b7c00"},
    "schedule_post": {"scheduler": None},
    "shift_campaign": {"moved": 1},
    "trigger_dispatch": _OUT,
}
"""What an operation shows otherwise than the others."""

_TEXTS = {
    "get_metrics": """\
# HELP marketmind_scheduler_oldest_unconfirmed_seconds How long the oldest UNCONFIRMED schedule waits for a confirmation
# TYPE marketmind_scheduler_oldest_unconfirmed_seconds gauge
marketmind_scheduler_oldest_unconfirmed_seconds{platform="TWITTER"} 0.0
"""
}


def answer_of(operation_id: str, schema: Mapping[str, Any], known: Mapping[str, Any]) -> Any:
    """What the operation answers, in this schema; ``known`` are the schemas that it may refer to."""
    if operation_id in _TEXTS:
        return _TEXTS[operation_id]
    return example_of(schema, known, {**_KNOWN, **_AFTER.get(operation_id, {})})


def example_of(schema: Mapping[str, Any], known: Mapping[str, Any], shown: Mapping[str, Any] = _KNOWN) -> Any:
    """A value of this schema, with what is ``shown`` in fields of these names."""
    match schema:
        case {"$ref": str(reference)}:
            return example_of(known[reference.rpartition("/")[2]], known, shown)
        case {"oneOf": [first, *_]} | {"allOf": [first, *_]}:
            return example_of(first, known, shown)
        case {"properties": properties}:
            required = [name for name in properties if name in schema["required"]]
            return {name: _field(name, properties[name], known, shown) for name in required}
        case {"type": "array", "items": items}:
            return [example_of(items, known, shown)] * schema.get("minItems", 1)
        case _:
            return _plain(schema)


def _field(name: str, schema: Mapping[str, Any], known: Mapping[str, Any], shown: Mapping[str, Any]) -> Any:
    is_shown = name in shown and _may_be(shown[name], schema, known)
    return shown[name] if is_shown else example_of(schema, known, shown)


def _may_be(value: Any, schema: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Whether it is of this kind: a name may mean one thing here and another there."""
    match schema:
        case {"$ref": str(reference)}:
            return _may_be(value, known[reference.rpartition("/")[2]], known)
        case {"oneOf": kinds} | {"allOf": kinds}:
            return any(_may_be(value, kind, known) for kind in kinds)
        case _:
            kinds = {str: "string", int: "integer", list: "array", type(None): "null"}
            choices = schema.get("enum", [schema.get("const", value)])
            return kinds[type(value)] in schema.get("type", ()) and value in choices


def _plain(schema: Mapping[str, Any]) -> Any:
    kind = schema.get("type")
    if shown := schema.get("examples") or schema.get("enum"):
        return shown[0]
    if "const" in schema:
        return schema["const"]
    if isinstance(kind, list):  # or null
        return None
    of_kind: Mapping[str, object] = {"integer": schema.get("minimum", 0), "number": 1.0, "boolean": False, "object": {}}
    return of_kind.get(str(kind), "text")
