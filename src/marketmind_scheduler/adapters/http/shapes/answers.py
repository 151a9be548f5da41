"""What successful answers look like: one post of the demo campaign, from its registration to what became of it."""

from collections.abc import Mapping
from typing import Any

from marketmind_scheduler.adapters.http.shapes.fields import DEMO_BRAND, DEMO_CAMPAIGN, DEMO_POST, EXAMPLE_SCHEDULE

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
    "attempts": [],
    "holds": [],
    "next_cursor": None,
    "warnings": [],
}
"""What a field of this name shows, wherever it is shown; every other one shows what its schema says."""


def example_of(schema: Mapping[str, Any], known: Mapping[str, Any]) -> Any:
    """An answer of this schema; ``known`` are the schemas that it may refer to."""
    match schema:
        case {"$ref": str(reference)}:
            return example_of(known[reference.rpartition("/")[2]], known)
        case {"oneOf": [first, *_]} | {"allOf": [first, *_]}:
            return example_of(first, known)
        case {"properties": properties}:
            return {name: _field(name, of, known) for name, of in properties.items() if name in schema["required"]}
        case {"type": "array", "items": items}:
            return [example_of(items, known)]
        case _:
            return _plain(schema)


def _field(name: str, schema: Mapping[str, Any], known: Mapping[str, Any]) -> Any:
    return _KNOWN[name] if name in _KNOWN and _may_be(_KNOWN[name], schema) else example_of(schema, known)


def _may_be(value: Any, schema: Mapping[str, Any]) -> bool:
    """Whether it is of this kind: a name may mean one thing here and another there."""
    kinds = {str: "string", int: "integer", list: "array", type(None): "null"}
    is_one_of = value in schema["enum"] if "enum" in schema else True
    return not schema.keys().isdisjoint({"oneOf", "allOf", "$ref"}) or (
        kinds[type(value)] in schema.get("type", ()) and is_one_of
    )


def _plain(schema: Mapping[str, Any]) -> Any:
    kind = schema.get("type")
    if shown := schema.get("examples") or schema.get("enum"):
        return shown[0]
    if isinstance(kind, list):  # or null
        return None
    of_kind: Mapping[str, object] = {"integer": schema.get("minimum", 0), "boolean": False, "object": {}}
    return of_kind.get(str(kind), "text")
