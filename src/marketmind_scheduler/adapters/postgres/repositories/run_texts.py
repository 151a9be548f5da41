"""How what is kept of a run stands in its tables, as JSON."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from marketmind_scheduler.adapters.postgres.repositories.rule_rows import of_window, to_cap, to_json, to_rules
from marketmind_scheduler.domain.agent.limits import AgentLimits
from marketmind_scheduler.domain.agent.records import Decision, Exchange, Texts
from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.brand import BrandContent
from marketmind_scheduler.domain.planning.agent_part import Instructed
from marketmind_scheduler.domain.planning.plan import Brief, Placement, PostToPlace
from marketmind_scheduler.domain.planning.problem import Objective
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.caps import Grade, PlatformCap
from marketmind_scheduler.domain.rules.platform_caps import caps_of_brand
from marketmind_scheduler.domain.rules.policy import Policy
from marketmind_scheduler.domain.rules.violations import BrandRules, Occupied


class _Said(msgspec.Struct, frozen=True, kw_only=True):
    """One of both."""

    exchange: Exchange | None = None
    decision: Decision | None = None


class _Rules(msgspec.Struct, frozen=True, kw_only=True):
    brand_id: UUID
    version: int
    rules: str
    own_caps: list[dict[str, Any]]
    zone: str
    caps_revision: int


class _Brief(msgspec.Struct, frozen=True, kw_only=True):
    campaign_id: UUID
    brand: BrandContent
    tz_release: str
    first_day: date
    last_day: date
    now: datetime
    posts: tuple[PostToPlace, ...]
    kept: tuple[Placement, ...]
    occupied: tuple[Occupied, ...]
    rules: _Rules
    profiles: Mapping[Platform, Profile]
    grid_minutes: int
    objective: Objective
    explores: bool


class _Texts(msgspec.Struct, frozen=True, kw_only=True):
    request: str | None = None
    reply: str | None = None
    instruction: str | None = None
    accepted: Instructed | None = None
    limits: AgentLimits | None = None
    brief: _Brief | None = None
    later: _Brief | None = None


def to_text(said: Exchange | Decision) -> str:
    kept = _Said(exchange=said) if isinstance(said, Exchange) else _Said(decision=said)
    return msgspec.json.encode(kept, order="deterministic").decode()


def to_said(text: str) -> Exchange | Decision:
    said = msgspec.json.decode(text, type=_Said)
    if said.exchange is not None:
        return said.exchange
    if said.decision is not None:
        return said.decision
    raise ValueError(text)


def texts_to_json(texts: Texts) -> str:
    kept = _Texts(
        request=_storable(texts.request),
        reply=_storable(texts.reply),
        instruction=texts.instruction,
        accepted=texts.accepted,
        limits=texts.limits,
        brief=texts.brief and _of_brief(texts.brief),
        later=texts.later and _of_brief(texts.later),
    )
    return msgspec.json.encode(kept).decode()


def to_texts(text: str) -> Texts:
    kept = msgspec.json.decode(text, type=_Texts)
    return Texts(
        request=kept.request,
        reply=kept.reply,
        instruction=kept.instruction,
        accepted=kept.accepted,
        limits=kept.limits,
        brief=kept.brief and _to_brief(kept.brief),
        later=kept.later and _to_brief(kept.later),
    )


def _storable(text: str | None) -> str | None:
    """Whatever a model has said, as text that can be kept."""
    return text and text.encode("utf-8", "replace").decode()


_LIKE_BRIEFS = tuple(name for name in _Brief.__struct_fields__ if name not in {"rules", "posts"})


def _of_brief(brief: Brief) -> _Brief:
    alike = {name: getattr(brief, name) for name in _LIKE_BRIEFS}
    return _Brief(posts=brief.posts, rules=_of_rules(brief.binding), **alike)


def _to_brief(kept: _Brief) -> Brief:
    alike = {name: getattr(kept, name) for name in _LIKE_BRIEFS}
    return Brief(posts=kept.posts, rules=_to_rules(kept.rules), **alike)


def _of_rules(rules: BrandRules) -> _Rules:
    own = {cap.platform: cap for caps in rules.caps.values() for cap in caps if cap.grade is Grade.BRAND}
    return _Rules(
        brand_id=rules.policy.brand_id,
        version=rules.policy.version,
        rules=to_json(rules.policy.rules),
        own_caps=[_of_cap(cap) for _, cap in sorted(own.items())],
        zone=rules.zone,
        caps_revision=rules.caps_revision,
    )


def _to_rules(kept: _Rules) -> BrandRules:
    policy = Policy(brand_id=kept.brand_id, version=kept.version, rules=to_rules(kept.rules))
    caps = caps_of_brand([to_cap(each) for each in kept.own_caps])
    return BrandRules(policy=policy, caps=caps, zone=kept.zone, caps_revision=kept.caps_revision)


def _of_cap(cap: PlatformCap) -> dict[str, object]:
    seconds, zone = of_window(cap.window)
    return {
        "platform": cap.platform,
        "most": cap.limit,
        "window_seconds": seconds,
        "window_zone": zone,
        "reason": cap.source,
        "updated_at": f"{cap.observed_on}T00:00:00+00:00",
        "revision": cap.revision,
    }
