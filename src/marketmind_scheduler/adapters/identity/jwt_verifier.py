"""JSON Web Tokens as access tokens, checked after RFC 8725 and RFC 9068."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, NoReturn, TypeAlias

import msgspec
import structlog
from jwt import PyJWS, PyJWTError
from jwt.utils import base64url_decode
from msgspec import Meta

from marketmind_scheduler.adapters.identity.key_set import ALGORITHMS
from marketmind_scheduler.adapters.identity.provider_keys import ProviderKeys
from marketmind_scheduler.domain.access import EVERYWHERE, JWT_PREFIX, Caller, Reach, Scope
from marketmind_scheduler.domain.errors import InvalidCredentials
from marketmind_scheduler.domain.ids import read_id
from marketmind_scheduler.ports.clock import Clock

EVERY_BRAND = "*"

_MOST_CHARACTERS = 8_000
_LEEWAY_SECONDS = 30
_LAST_MOMENT = 253_402_300_799  # 9999-12-31T23:59:59Z

_Moment: TypeAlias = Annotated[float, Meta(ge=0, le=_LAST_MOMENT)]
_Subject: TypeAlias = Annotated[str, Meta(pattern=r"\A[ -~]{1,255}\Z")]  # as OpenID Connect bounds it

_COMPACT = re.compile(r"[\w-]*\.[\w-]*\.[\w-]*", re.ASCII)  # RFC 7515, section 2: no padding
_signatures = PyJWS(ALGORITHMS, {"enforce_minimum_key_length": True})

log = structlog.get_logger()


class _Header(msgspec.Struct, frozen=True):
    """Of ``jku``, ``x5u``, ``jwk`` and ``x5c`` nothing is known here: a token does not say where its key is."""

    alg: str
    kid: str
    typ: str = "JWT"


class _Claims(msgspec.Struct, frozen=True):
    iss: str
    aud: str | list[str]
    sub: _Subject
    exp: _Moment
    iat: _Moment
    nbf: _Moment = 0


class _Refused(Exception):  # noqa: N818  # it becomes InvalidCredentials
    """Says what is wrong with a token, for the log; it repeats nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtVerifier:
    """Tokens of one issuer for one audience. A claim that grants something and has another shape grants nothing.

    ``scopes_claim``: names of scopes, as text with spaces between or as a list; unknown ones are passed over.
    ``longest``: from ``iat`` to ``exp``; a token cannot be revoked.
    ``brands_claim``: a list of brand ids, or ``"*"`` for every brand.
    """

    keys: ProviderKeys
    clock: Clock
    issuer: str
    audience: str
    scopes_claim: str
    brands_claim: str
    longest: timedelta = timedelta(hours=48)

    async def verify(self, token: str) -> Caller:
        try:
            payload = _members(await self._signed_payload(token), "payload")
            return self._caller(self._checked(payload), payload)
        except _Refused as refused:
            log.warning("token refused", why=str(refused))
            raise InvalidCredentials from None

    async def _signed_payload(self, token: str) -> bytes:
        if len(token) > _MOST_CHARACTERS or not _COMPACT.fullmatch(token):
            raise _Refused("it is too long, or no JWT")
        try:
            header = msgspec.convert(_members(base64url_decode(token.partition(".")[0]), "header"), _Header)
        except (ValueError, msgspec.ValidationError) as malformed:
            raise _Refused(f"its header cannot be used: {type(malformed).__name__}") from None
        if header.alg not in ALGORITHMS or not _is_access_token(header.typ):
            raise _Refused("its alg or its typ is not accepted")
        key = await self.keys.find(header.kid, header.alg)
        if key is None:
            raise _Refused("the identity provider has no such key for its alg")
        try:
            payload: bytes = _signatures.decode_complete(token, key, [header.alg])["payload"]
        except PyJWTError as wrong:
            raise _Refused(f"its signature does not hold: {type(wrong).__name__}") from None
        return payload

    def _checked(self, payload: dict[str, object]) -> _Claims:
        try:
            claims = msgspec.convert(payload, _Claims)
        except msgspec.ValidationError as wrong:
            raise _Refused(f"a registered claim is missing or wrong: {wrong}") from None
        if claims.iss != self.issuer:
            raise _Refused("another issuer")
        if self.audience not in ([claims.aud] if isinstance(claims.aud, str) else claims.aud):
            raise _Refused("another audience")
        if claims.exp - claims.iat > self.longest.total_seconds():
            raise _Refused("it is valid for longer than a token may be; see SCHEDULER_JWT_LONGEST_HOURS")
        now = self.clock.now().timestamp()
        if now >= claims.exp + _LEEWAY_SECONDS:
            raise _Refused("it has expired")
        if max(claims.iat, claims.nbf) > now + _LEEWAY_SECONDS:
            raise _Refused("it is not valid yet")
        return claims

    def _caller(self, claims: _Claims, payload: dict[str, object]) -> Caller:
        return Caller(
            name=f"{JWT_PREFIX}{claims.sub}",
            scopes=_scopes(payload.get(self.scopes_claim)),
            reach=_reach(payload.get(self.brands_claim)),
        )


def _is_access_token(typ: str) -> bool:
    """Whether RFC 9068's type is named, or the general one that many providers write instead."""
    return typ.lower().removeprefix("application/") in ("jwt", "at+jwt")


def _members(part: bytes, name: str) -> dict[str, object]:
    """Of header or payload, by its ``name``. Strict where RFC 7519, section 4, leaves a choice: a name that stands
    there twice is refused. So is what is not UTF-8 (section 7.2), and a number that JSON does not know."""
    try:
        text = part.decode()
        return msgspec.convert(json.loads(text, object_pairs_hook=_once, parse_constant=_none), dict[str, object])
    except (ValueError, RecursionError, msgspec.ValidationError):
        raise _Refused(f"its {name} is no JSON object, or a name stands in it twice") from None


def _none(name: str) -> NoReturn:
    raise _Refused(f"a number in it is wrong: {name} is not JSON")


def _once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name stands twice")
    return members


def _scopes(claim: object) -> frozenset[Scope]:
    try:
        given = msgspec.convert(claim, str | list[str])
    except msgspec.ValidationError:
        return frozenset()
    names = given.split() if isinstance(given, str) else given
    return frozenset(scope for scope in Scope if scope in names)


def _reach(claim: object) -> Reach:
    if claim == EVERY_BRAND:
        return EVERYWHERE
    try:
        ids = [read_id(text) for text in msgspec.convert(claim, list[str])]
    except msgspec.ValidationError:
        ids = []
    return Reach(frozenset(filter(None, ids)) if None not in ids else frozenset())
