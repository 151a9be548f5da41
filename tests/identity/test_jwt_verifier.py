"""A token is what the provider has signed, for us, at this time, or it is nothing."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from structlog.testing import capture_logs

from marketmind_scheduler.adapters.identity.jwt_verifier import JwtVerifier
from marketmind_scheduler.adapters.identity.key_set import ALGORITHMS
from marketmind_scheduler.domain.access import EVERYWHERE, Caller, Reach, Scope
from marketmind_scheduler.domain.errors import IdentityProviderUnavailable, InvalidCredentials
from tests.fakes.clock import FrozenClock
from tests.identity.given import AUDIENCE, ISSUER, MISSING, Json, Signer, a_signer, claims, document, key_set, put
from tests.receivers import receiving

NOON = 1_803_902_400
NOBODYS = Reach(frozenset())
BRAND = "a0000000-0000-4000-8000-000000000001"
OTHER = "a0000000-0000-4000-8000-000000000002"


async def refused(verifier: JwtVerifier, token: str) -> str:
    """Why, as the log says it."""
    with capture_logs() as logged, pytest.raises(InvalidCredentials):
        await verifier.verify(token)
    (line,) = logged
    assert line["event"] == "token refused"
    return line["why"]


def by_hand(header: Json, payload: Json, signature: Callable[[bytes], bytes]) -> str:
    """A token in the compact form of RFC 7515, section 7.1."""
    signed = b".".join(_encoded(json.dumps(part).encode()) for part in (header, payload))
    return b".".join((signed, _encoded(signature(signed)))).decode()


def _encoded(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")


SPOILT: Sequence[Callable[[str], str]] = [
    lambda token: token.rpartition(".")[0] + ".",
    lambda token: token.rpartition(".")[0],
    lambda token: token[:-1],
    lambda token: token[:-2] + ("AA" if token[-2:] != "AA" else "BB"),
    lambda token: token + "A",
    lambda token: token + ".",
    lambda token: token + "==",
    lambda token: token + " ",
    lambda token: token.replace(".", ".e", 1),
    lambda token: "".join(("e30", token[token.index(".") :])),
    lambda token: token + "\N{LATIN SMALL LETTER E WITH ACUTE}",
    lambda _: "",
    lambda _: "..",
    lambda _: "mms",
    lambda _: "a.b.c.d.e",
    lambda _: _encoded(b"[" * 5000).decode() + ".e30.AA",
]


async def test_a_good_token_tells_who_calls_what_they_may_do_and_where(
    verifier: JwtVerifier, signer: Signer, clock: FrozenClock
) -> None:
    token = signer.sign(claims(clock, scope="schedules:read schedules:write", brands=[BRAND]))

    assert await verifier.verify(token) == Caller(
        name="jwt:ada",
        scopes=frozenset({Scope.SCHEDULES_READ, Scope.SCHEDULES_WRITE}),
        reach=Reach(frozenset({UUID(BRAND)})),
    )


def named(value: object) -> str:
    """The same in every process, which the text of a set is not."""
    return "" if isinstance(value, set | Reach) else str(value)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_every_algorithm_of_the_list_works(
    verifier: JwtVerifier, key_file: Path, clock: FrozenClock, algorithm: str
) -> None:
    signer = a_signer(algorithm=algorithm)
    put(key_file, key_set(signer))

    assert (await verifier.verify(signer.sign(claims(clock)))).name == "jwt:ada"


@pytest.mark.parametrize("typ", [MISSING, "JWT", "jwt", "at+jwt", "application/at+jwt"])
async def test_the_type_of_access_tokens_is_accepted_and_not_demanded(
    verifier: JwtVerifier, signer: Signer, clock: FrozenClock, typ: object
) -> None:
    header = {"typ": "" if typ is MISSING else typ}  # the library leaves an empty one out

    assert await verifier.verify(signer.sign(claims(clock), **header))


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "logout+jwt"},
        {"typ": 7},
        {"kid": "second"},
        {"kid": MISSING},
        {"kid": 1},
        {"kid": "../first"},
        {"crit": ["exp"], "exp": 1},
        {"crit": []},
    ],
    ids=str,
)
async def test_a_header_that_means_something_else_is_refused(
    verifier: JwtVerifier, signer: Signer, clock: FrozenClock, header: Json
) -> None:
    if header.get("kid") == 1:  # the library does not sign this
        token = by_hand({"alg": "ES256", **header}, claims(clock), lambda _: bytes(64))
    else:
        token = signer.sign(claims(clock), **header)

    await refused(verifier, token)


@pytest.mark.parametrize("alg", ["none", "None", "NONE", ""])
async def test_an_unsigned_token_is_refused(verifier: JwtVerifier, clock: FrozenClock, alg: str) -> None:
    why = await refused(verifier, by_hand({"alg": alg, "kid": "first"}, claims(clock), lambda _: b""))

    assert why == "its alg or its typ is not accepted"


@pytest.mark.parametrize(("encoding", "form"), [(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), (None, None)])
async def test_the_public_key_is_no_secret_to_sign_with(
    verifier: JwtVerifier, signer: Signer, clock: FrozenClock, encoding: Encoding | None, form: PublicFormat | None
) -> None:
    public = json.dumps(signer.jwk()).encode()
    if encoding and form:
        public = signer.private.public_key().public_bytes(encoding, form)

    def sign(signed: bytes) -> bytes:
        return hmac.digest(public, signed, hashlib.sha256)

    why = await refused(verifier, by_hand({"alg": "HS256", "kid": "first"}, claims(clock), sign))

    assert why == "its alg or its typ is not accepted"


async def test_a_secret_among_the_keys_signs_nothing(
    verifier: JwtVerifier, key_file: Path, signer: Signer, clock: FrozenClock
) -> None:
    secret = {"kty": "oct", "kid": "secret", "alg": "HS256", "k": _encoded(bytes(32)).decode()}
    put(key_file, document(signer.jwk(), secret))

    def sign(signed: bytes) -> bytes:
        return hmac.digest(bytes(32), signed, hashlib.sha256)

    await refused(verifier, by_hand({"alg": "HS256", "kid": "secret"}, claims(clock), sign))


async def test_a_key_is_for_the_one_algorithm_that_it_names(
    verifier: JwtVerifier, key_file: Path, clock: FrozenClock
) -> None:
    signer = a_signer(algorithm="PS256")
    put(key_file, document(signer.jwk(alg="RS256")))

    why = await refused(verifier, signer.sign(claims(clock)))

    assert why == "the identity provider has no such key for its alg"


async def test_a_curve_is_for_the_algorithm_that_is_named_after_it(
    verifier: JwtVerifier, key_file: Path, signer: Signer, clock: FrozenClock
) -> None:
    put(key_file, document(signer.jwk(alg="ES384")))

    why = await refused(verifier, by_hand({"alg": "ES384", "kid": "first"}, claims(clock), lambda _: bytes(96)))

    assert why == "its signature does not hold: InvalidKeyError"


async def test_a_key_that_is_too_short_proves_nothing(
    verifier: JwtVerifier, key_file: Path, clock: FrozenClock
) -> None:
    short = Signer("first", "RS256", generate_rsa_key(65537, 1024))  # noqa: S505  # it is to be refused
    put(key_file, key_set(short))
    with pytest.warns(match="below the minimum"):
        token = short.sign(claims(clock))

    assert await refused(verifier, token) == "its signature does not hold: InvalidKeyError"


async def test_a_signature_of_somebody_else_under_the_same_name_does_not_hold(
    verifier: JwtVerifier, clock: FrozenClock
) -> None:
    assert "signature" in await refused(verifier, a_signer().sign(claims(clock)))


@pytest.mark.parametrize("spoil", SPOILT)
async def test_a_token_that_is_cut_changed_or_none_is_refused(
    verifier: JwtVerifier, signer: Signer, clock: FrozenClock, spoil: Callable[[str], str]
) -> None:
    token = signer.sign(claims(clock))
    assert await verifier.verify(token)

    await refused(verifier, spoil(token))


async def test_claims_cannot_be_exchanged_under_a_signature(
    verifier: JwtVerifier, signer: Signer, clock: FrozenClock
) -> None:
    header, _, signature = signer.sign(claims(clock)).split(".")
    payload = _encoded(json.dumps(claims(clock, scope="admin")).encode()).decode()

    assert "signature" in await refused(verifier, f"{header}.{payload}.{signature}")


async def test_a_token_is_not_read_beyond_eight_thousand_characters(
    verifier: JwtVerifier, signer: Signer, clock: FrozenClock
) -> None:
    longest = signer.sign(claims(clock, more="x" * 5600))
    longer = signer.sign(claims(clock, more="x" * 6000))
    assert 7500 < len(longest) <= 8000 < len(longer)

    assert await verifier.verify(longest)
    assert await refused(verifier, longer) == "it is too long, or no JWT"


@pytest.mark.parametrize("name", ["jku", "x5u"])
async def test_a_token_does_not_say_where_its_key_is(verifier: JwtVerifier, clock: FrozenClock, name: str) -> None:
    stranger = a_signer("theirs")
    async with receiving() as server:
        await refused(verifier, stranger.sign(claims(clock), **{name: server.url}))

        assert server.connections == 0


async def test_a_token_does_not_bring_its_own_key(verifier: JwtVerifier, clock: FrozenClock) -> None:
    stranger = a_signer()

    await refused(verifier, stranger.sign(claims(clock), jwk=stranger.jwk()))


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "exp", "iat"])
@pytest.mark.parametrize("value", [MISSING, None, {}, True], ids=str)
async def test_a_claim_that_must_be_there_is_there_in_its_type(
    verifier: JwtVerifier, signer: Signer, clock: FrozenClock, name: str, value: object
) -> None:
    assert name in await refused(verifier, signer.sign(claims(clock, **{name: value})))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"iss": "https://elsewhere.example.com/"}, "another issuer"),
        ({"iss": ISSUER.rstrip("/")}, "another issuer"),
        ({"iss": [ISSUER]}, "wrong"),
        ({"aud": "https://other.example.com"}, "another audience"),
        ({"aud": f"{AUDIENCE}/"}, "another audience"),
        ({"aud": f"prefix {AUDIENCE}"}, "another audience"),
        ({"aud": []}, "another audience"),
        ({"aud": [AUDIENCE, 1]}, "wrong"),
        ({"sub": 7}, "wrong"),
        ({"sub": ""}, "wrong"),
        ({"sub": "ada\nforged"}, "wrong"),
        ({"sub": "ada\n"}, "wrong"),
        ({"sub": "x" * 256}, "wrong"),
        ({"exp": NOON - 30}, "it has expired"),
        ({"exp": str(NOON + 300)}, "wrong"),
        ({"exp": float("inf")}, "wrong"),
        ({"exp": float("nan")}, "wrong"),
        ({"exp": 10**400}, "wrong"),
        ({"iat": NOON + 31}, "it is not valid yet"),
        ({"nbf": NOON + 31}, "it is not valid yet"),
        ({"nbf": None}, "wrong"),
        ({"more": float("nan")}, "wrong"),
        ({"more": [float("-inf")]}, "wrong"),
        ({"iat": NOON - 60, "exp": NOON + 48 * 3600}, "longer than a token may be"),
        ({"exp": 253_402_300_000}, "longer than a token may be"),
    ],
    ids=str,
)
async def test_a_token_for_somebody_else_or_another_time_is_refused(
    verifier: JwtVerifier, signer: Signer, clock: FrozenClock, changed: Json, why: str
) -> None:
    assert why in await refused(verifier, signer.sign(claims(clock, **changed)))


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": ["https://other.example.com", AUDIENCE]},
        {"exp": NOON - 29},
        {"iat": NOON + 30},
        {"nbf": NOON + 30},
        {"iat": NOON - 86400, "nbf": NOON - 86400.5},
        {"sub": "x" * 255},
        {"sub": "cn=Ada Lovelace,o=Tidal"},
    ],
    ids=str,
)
async def test_clocks_may_differ_by_half_a_minute_and_audiences_be_several(
    verifier: JwtVerifier, signer: Signer, clock: FrozenClock, changed: Json
) -> None:
    assert (await verifier.verify(signer.sign(claims(clock, **changed)))).name.startswith("jwt:")


@pytest.mark.parametrize(
    "payload",
    [
        b'{"sub": "ada", "sub": "admin", %s',
        b'{"brands": "*", "brands": [], %s',
        b'{"more": {"deep": 1, "deep": 2}, %s',
    ],
)
async def test_a_name_that_stands_twice_is_refused(
    verifier: JwtVerifier, signer: Signer, clock: FrozenClock, payload: bytes
) -> None:
    good = json.dumps(claims(clock, sub=MISSING if b"sub" in payload else "ada"))

    why = await refused(verifier, signer.sign(payload % good.removeprefix("{").encode()))

    assert why == "its payload is no JSON object, or a name stands in it twice"


async def test_a_name_that_stands_twice_in_the_header_is_refused(
    verifier: JwtVerifier, signer: Signer, clock: FrozenClock
) -> None:
    _, payload, signature = signer.sign(claims(clock)).split(".")
    header = _encoded(b'{"alg": "ES256", "kid": "other", "kid": "first"}').decode()

    assert "header" in await refused(verifier, f"{header}.{payload}.{signature}")


async def test_a_payload_is_utf_8_without_a_mark(verifier: JwtVerifier, signer: Signer, clock: FrozenClock) -> None:
    for encoding in ("utf-16", "utf-32-le", "utf-8-sig"):
        assert "no JSON object" in await refused(verifier, signer.sign(json.dumps(claims(clock)).encode(encoding)))


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b'"text"', b"{", b"\xff", b"1" * 5000, b"[" * 5000, "{}".encode("utf-16")], ids=len
)
async def test_a_payload_that_is_no_object_is_refused(verifier: JwtVerifier, signer: Signer, payload: bytes) -> None:
    assert "no JSON object" in await refused(verifier, signer.sign(payload))


@pytest.mark.parametrize(
    ("claim", "scopes"),
    [
        ("schedules:read", {Scope.SCHEDULES_READ}),
        ("openid schedules:read  profile", {Scope.SCHEDULES_READ}),
        (["schedules:read", "events:read", "unheard:of"], {Scope.SCHEDULES_READ, Scope.EVENTS_READ}),
        ("admin", {Scope.ADMIN}),
        ("", set[Scope]()),
        ("SCHEDULES:READ", set[Scope]()),
        ("schedules:read,events:read", set[Scope]()),
        (["schedules:read events:read"], set[Scope]()),
        (["schedules:read", 7], set[Scope]()),
        ({"schedules:read": True}, set[Scope]()),
        (True, set[Scope]()),
        (7, set[Scope]()),
        (None, set[Scope]()),
        (MISSING, set[Scope]()),
    ],
    ids=named,
)
async def test_scopes_are_those_we_know_and_another_shape_has_none(
    verifier: JwtVerifier, signer: Signer, clock: FrozenClock, claim: object, scopes: set[Scope]
) -> None:
    assert (await verifier.verify(signer.sign(claims(clock, scope=claim)))).scopes == scopes


@pytest.mark.parametrize(
    ("claim", "reach"),
    [
        ([BRAND, OTHER], Reach(frozenset({UUID(BRAND), UUID(OTHER)}))),
        ("*", EVERYWHERE),
        ([], NOBODYS),
        (["*"], NOBODYS),
        ([BRAND, "*"], NOBODYS),
        ([BRAND, 7], NOBODYS),
        (["tidal"], NOBODYS),
        (BRAND, NOBODYS),
        ({BRAND: True}, NOBODYS),
        (True, NOBODYS),
        ("", NOBODYS),
        (None, NOBODYS),
        (MISSING, NOBODYS),
    ],
    ids=named,
)
async def test_brands_are_listed_or_all_of_them_and_another_shape_has_none(
    verifier: JwtVerifier, signer: Signer, clock: FrozenClock, claim: object, reach: Reach
) -> None:
    assert (await verifier.verify(signer.sign(claims(clock, brands=claim)))).reach == reach


@pytest.mark.parametrize(
    "changed",
    [
        {"use": "enc"},
        {"key_ops": ["encrypt"]},
        {"key_ops": []},
        {"kid": MISSING},
        {"kid": 7},
        {"alg": ["ES256"]},
        {"alg": "RS256"},
        {"alg": "HS256"},
        {"crv": "P-384"},
        {"kty": "RSA"},
        {"x": "AA"},
        {"x": 7},
    ],
    ids=str,
)
async def test_a_key_that_is_not_for_this_is_no_key(
    verifier: JwtVerifier, key_file: Path, signer: Signer, clock: FrozenClock, changed: Json
) -> None:
    put(key_file, document(signer.jwk(**changed)))

    with pytest.raises(IdentityProviderUnavailable):
        await verifier.verify(signer.sign(claims(clock)))


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_a_private_key_that_is_shown_to_all_proves_nothing(
    verifier: JwtVerifier, key_file: Path, clock: FrozenClock, algorithm: str
) -> None:
    signer = a_signer(algorithm=algorithm)
    put(key_file, document(signer.jwk(**signer.private_jwk())))

    with pytest.raises(IdentityProviderUnavailable):
        await verifier.verify(signer.sign(claims(clock)))


@pytest.mark.parametrize(
    "content",
    [b'{"keys": []}', b'{"keys": {}}', b'{"keys": [7]}', b"[]", b"<html>", b"\xff", b"", b"[" * 50_000],
    ids=len,
)
async def test_a_document_without_keys_is_no_key_set(
    verifier: JwtVerifier, key_file: Path, signer: Signer, clock: FrozenClock, content: bytes
) -> None:
    put(key_file, content)

    with pytest.raises(IdentityProviderUnavailable):
        await verifier.verify(signer.sign(claims(clock)))


async def test_keys_that_cannot_be_used_do_not_spoil_the_others(
    verifier: JwtVerifier, key_file: Path, signer: Signer, clock: FrozenClock
) -> None:
    put(key_file, document({"kty": "unheard of", "kid": "new"}, signer.jwk(alg=MISSING, use=MISSING), {}))

    assert await verifier.verify(signer.sign(claims(clock)))
