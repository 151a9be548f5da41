"""How rules and a brand's own caps stand in their tables."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import UUID

import msgspec
from asyncpg import Record

from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.caps import CalendarDay, CapScope, Grade, PlatformCap, Rolling, Window
from marketmind_scheduler.domain.rules.platform_caps import caps_of_brand
from marketmind_scheduler.domain.rules.policy import Policy, Rule, RuleKind
from marketmind_scheduler.domain.rules.violations import BrandRules

_KINDS: Mapping[RuleKind, type[Rule]] = {kind.kind: kind for kind in get_args(Rule)}


def to_json(rules: Sequence[Rule]) -> str:
    return msgspec.json.encode([_described(rule) for rule in rules], order="deterministic").decode()


def to_policy(brand_id: UUID, row: Record) -> Policy:
    """Of a row that may have nothing of a policy in it."""
    if row["version"] is None:
        return Policy(brand_id=brand_id)
    return Policy(
        brand_id=brand_id,
        version=row["version"],
        rules=to_rules(row["rules"]),
        updated_at=row["ruled_at"],
    )


def to_brand_rules(row: Record) -> BrandRules:
    """Of a row with all that binds a brand's times."""
    own = [to_cap(each) for each in msgspec.json.decode(row["own"] or "[]")]
    return BrandRules(
        policy=to_policy(row["brand_id"], row),
        caps=caps_of_brand(own),
        zone=row["brand_default_timezone"],
        caps_revision=row["revision"] or 0,
    )


def to_rules(described: str) -> tuple[Rule, ...]:
    rules: list[dict[str, Any]] = msgspec.json.decode(described)
    return tuple(map(_to_rule, rules))


def to_cap(own: Mapping[str, Any]) -> PlatformCap:
    """Of a row, or of one that was made JSON of."""
    seconds: int | None = own["window_seconds"]
    window: Window = CalendarDay(own["window_zone"]) if seconds is None else Rolling(timedelta(seconds=seconds))
    at: str | datetime = own["updated_at"]
    observed = datetime.fromisoformat(at) if isinstance(at, str) else at
    return PlatformCap(
        platform=Platform(own["platform"]),
        limit=own["most"],
        window=window,
        scope=CapScope.LANE,
        grade=Grade.BRAND,
        source=own["reason"],
        observed_on=observed.astimezone(UTC).date(),
        revision=own["revision"],
    )


def of_window(window: Window | None) -> tuple[int | None, str | None]:
    match window:
        case Rolling():
            return round(window.length.total_seconds()), None
        case CalendarDay():
            return None, window.zone
        case None:
            return None, None


def _described(rule: Rule) -> Mapping[str, object]:
    return {"kind": rule.kind, **msgspec.to_builtins(rule, order="deterministic")}


def _to_rule(described: dict[str, Any]) -> Rule:
    kind = _KINDS[RuleKind(described.pop("kind"))]
    return msgspec.convert(described, kind)
