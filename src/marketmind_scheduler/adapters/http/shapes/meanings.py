"""What fields mean whose names mean the same wherever they stand; every other field says it where it is declared."""

from collections.abc import Iterator, Mapping
from typing import Any

MEANINGS: Mapping[str, str] = {
    "brand_id": "The id of the brand",
    "brand_name": "What people call the brand",
    "campaign_id": "The id of the campaign; null where it is in none",
    "checks": "What was checked, each `ok` or what is wrong",
    "claims": "Each as it was handed out",
    "disambiguation": "What to do when the wall time does not exist or exists twice; null for an instant",
    "duration_ms": "From the beginning of the send to its verdict, in milliseconds",
    "error": "Why the latest attempt did not succeed; null where nothing is to be said",
    "events": "In their final order",
    "external_id": "What the platform calls the published post; null where it is not known",
    "goal": "What the campaign is for, in words for people",
    "items": "One page of the list, in its order",
    "kind": "What happened",
    "meaning": "What it means, in words for people",
    "message": "What would be right there",
    "name": "What people call the campaign",
    "platform": "Where the post goes out; it never changes",
    "post_id": "The id of the post",
    "posts": "The posts, in the order that they are to have among themselves",
    "preview": "Whether this only shows what would be, and nothing changed",
    "reason": "What is known of it, in words for people",
    "results": "What became of each",
    "retry_count": "How many sends had to be repeated",
    "schedules": "How many there are",
    "service": "The name of the service",
    "settlements": "What became of claims, one verdict for each",
    "status": "How it stands",
    "title": "What the post says",
    "tone_profile": "How the brand speaks, in words for whoever writes its posts",
    "version": "The release of the service",
}


def undescribed(schemas: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every field without a description, with the names of its schema and its own."""
    for name, schema in schemas.items():
        for field, of in schema.get("properties", {}).items():
            if "description" not in of:
                yield name, field, of


def give_meanings(schemas: Mapping[str, Any]) -> None:
    for _, field, schema in undescribed(schemas):
        if field in MEANINGS:
            schema["description"] = MEANINGS[field]
