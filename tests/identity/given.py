"""An identity provider: its keys, its tokens, and what it publishes."""

import json
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    SECP521R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from jwt import PyJWS
from jwt.algorithms import get_default_algorithms

from marketmind_scheduler.adapters.identity.jwt_verifier import JwtVerifier
from marketmind_scheduler.adapters.identity.key_sources import KeySource
from marketmind_scheduler.adapters.identity.provider_keys import ProviderKeys
from marketmind_scheduler.ports.clock import Clock

Json = dict[str, Any]

ISSUER = "https://login.example.com/"
AUDIENCE = "https://scheduler.example.com"
CURVES = {"ES256": SECP256R1, "ES384": SECP384R1, "ES512": SECP521R1}


class Missing(Enum):
    MISSING = auto()


MISSING = Missing.MISSING


@dataclass(frozen=True, slots=True)
class Signer:
    """A key of the provider and what is signed with it."""

    kid: str
    algorithm: str
    private: RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey

    def jwk(self, **changed: object) -> Json:
        """The public half, as the provider shows it."""
        public = get_default_algorithms()[self.algorithm].to_jwk(self.private.public_key(), as_dict=True)
        return changes({**public, "kid": self.kid, "alg": self.algorithm, "use": "sig"}, changed)

    def private_jwk(self) -> Json:
        return get_default_algorithms()[self.algorithm].to_jwk(self.private, as_dict=True)

    def sign(self, payload: Json | bytes, **header: object) -> str:
        content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return PyJWS().encode(content, self.private, self.algorithm, changes({"kid": self.kid}, header))


def a_signer(kid: str = "first", algorithm: str = "ES256") -> Signer:
    if algorithm == "EdDSA":
        return Signer(kid, algorithm, Ed25519PrivateKey.generate())
    if algorithm in CURVES:
        return Signer(kid, algorithm, generate_private_key(CURVES[algorithm]()))
    return Signer(kid, algorithm, generate_rsa_key(65537, 2048))


def key_set(*signers: Signer) -> bytes:
    return document(*(signer.jwk() for signer in signers))


def document(*jwks: Json) -> bytes:
    return json.dumps({"keys": jwks}).encode()


def put(path: Path, content: bytes | None) -> None:
    """Let this be in the file from now on; None: let there be no file."""
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)


def claims(clock: Clock, **changed: object) -> Json:
    """What a good token says, of five minutes from now on; ``MISSING`` leaves a claim out."""
    now = int(clock.now().timestamp())
    good = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + 300}
    return changes(good, changed)


def changes(members: Json, changed: Json) -> Json:
    return {name: value for name, value in {**members, **changed}.items() if value is not MISSING}


def a_verifier(source: KeySource, clock: Clock) -> JwtVerifier:
    """One that goes by ``clock`` in everything."""
    return JwtVerifier(
        keys=ProviderKeys(source, monotonic=lambda: clock.now().timestamp()),
        clock=clock,
        issuer=ISSUER,
        audience=AUDIENCE,
        scopes_claim="scope",
        brands_claim="brands",
    )
