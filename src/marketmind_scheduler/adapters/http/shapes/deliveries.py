"""What receivers are sent, as the document tells it to whoever writes one."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from marketmind_scheduler.adapters.http.shapes.answers import example_of
from marketmind_scheduler.domain.delivery import Delivery

_ABOUT = """What the service sends, with `SCHEDULER_PUBLISHER=webhook`: each post that falls due, to the receiver of its
lane, signed after Standard Webhooks. The status of the answer alone decides what becomes of the schedule. Events are
not sent anywhere; read them with `GET /events`."""
_HEADERS = {
    "webhook-id": ("The `schedule_id`: the same at every repeat, by which repeats are known", {"format": "uuid"}),
    "webhook-timestamp": ("When this request was made, in seconds since 1970", {"pattern": "^[0-9]+$"}),
    "webhook-signature": (
        "`v1,` and the signature over id, timestamp and body, in base64; once for each secret, with spaces between",
        {"pattern": "^v1,"},
    ),
}
_EXTERNAL_ID = {
    "type": ["string", "integer"],
    "maxLength": 200,
    "description": "What the platform calls the published post; a whole number counts as its decimal digits",
}
_TAKEN = {
    "description": "It is out, or taken over for good: COMPLETED. 207 says neither, and leaves it UNCONFIRMED",
    "content": {
        "application/json": {
            "schema": {"type": "object", "properties": {"external_id": _EXTERNAL_ID}},
            "example": {"external_id": "1890"},
        }
    },
}
_NOT_TAKEN = {
    "4XX": "It is not out and never will be: FAILED. With `Retry-After`, and with 425 and 429, it is sent again later; "
    "401, 403, 404, 405, 407, 410, 421 and 426 speak of the receiver, and the post waits; 408 leaves it UNCONFIRMED",
    "5XX": "Nobody knows whether it is out: UNCONFIRMED. Only 503 says that it is not: it is sent again later",
}


def add_deliveries(document: dict[str, Any]) -> None:
    """Puts under ``webhooks`` what is posted to receivers."""
    known = document["components"]["schemas"]
    known["Delivery"] = _delivery(known["ClaimOut"]["properties"])
    document["webhooks"] = {"post_due": {"post": _operation(known)}}


def _delivery(shown: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same to a receiver as to a puller."""
    names = [each.name for each in fields(Delivery)]
    return {
        "type": "object",
        "description": "One post that is due. More fields may come.",
        "properties": {name: shown[name] for name in names},
        "required": names,
    }


def _operation(known: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = {"$ref": "#/components/schemas/Delivery"}
    return {
        "tags": ["Dispatch"],
        "summary": "A post that is due",
        "description": _ABOUT,
        "operationId": "post_due",
        "parameters": [
            {"name": name, "in": "header", "required": True, "description": said, "schema": {"type": "string", **of}}
            for name, (said, of) in _HEADERS.items()
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": reference, "example": example_of(reference, known)}},
        },
        "responses": {"2XX": _TAKEN, **{status: {"description": said} for status, said in _NOT_TAKEN.items()}},
        "security": [],
    }
