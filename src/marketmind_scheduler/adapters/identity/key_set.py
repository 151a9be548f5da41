"""The keys that an identity provider signs with, out of its JSON Web Key Set (RFC 7517)."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeAlias

import msgspec
from jwt import PyJWK, PyJWTError

from marketmind_scheduler.adapters.identity.key_sources import KeysUnreadable

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""With public keys alone: whoever can check a token cannot make one."""

KeySet: TypeAlias = Mapping[tuple[str, str], PyJWK]
"""Each key under its id and the one algorithm that it is for (RFC 8725, section 3.1)."""


class _Document(msgspec.Struct, frozen=True):
    keys: list[dict[str, Any]]


class _Declared(msgspec.Struct, frozen=True):
    """What a key must say of itself. Without ``alg`` it is for what its type and curve say, RSA for RS256."""

    kid: str
    alg: str | None = None
    use: Literal["sig"] = "sig"
    key_ops: list[str] | None = None


def read_key_set(document: bytes) -> KeySet:
    """The keys that can be used here; others, and private ones, are passed over. Raises KeysUnreadable when none is
    left."""
    try:
        members = msgspec.json.decode(document, type=_Document).keys
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise KeysUnreadable('is not a JSON Web Key Set, {"keys": [...]}') from None
    keys = dict(_usable(members))
    if not keys:
        raise KeysUnreadable(f"has no public key with a kid for one of {', '.join(ALGORITHMS)}")
    return keys


def _usable(members: list[dict[str, Any]]) -> Iterator[tuple[tuple[str, str], PyJWK]]:
    for member in members:
        try:
            declared = msgspec.convert(member, _Declared)
            key = PyJWK(member)
        except (msgspec.ValidationError, PyJWTError):
            continue
        checks = declared.key_ops is None or "verify" in declared.key_ops
        if checks and key.algorithm_name in ALGORITHMS and "d" not in member:
            yield (declared.kid, key.algorithm_name), key
