"""Where webhooks go, read once from the TOML file that SCHEDULER_WEBHOOKS names."""

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from marketmind_scheduler.adapters.webhooks.targets import (
    MOST_BODY_BYTES,
    BadTarget,
    WebhookTarget,
    WebhookTargets,
)
from marketmind_scheduler.domain.addresses import AllowedNetwork
from marketmind_scheduler.domain.ids import EXAMPLE_ID, read_id
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.entrypoints.choices import SettingsError

_Table = dict[str, Any]
_Read = TypeVar("_Read", bound=Struct)


class _Receiver(Struct, frozen=True, kw_only=True):
    url: str
    secrets: list[str] = []
    secret_files: list[str] = []
    resend_window_seconds: Annotated[int, Meta(ge=1, le=31_536_000)] | None = None
    sends_at_once: Annotated[int, Meta(ge=1, le=500)] = 100
    most_body_bytes: Annotated[int, Meta(ge=1_000, le=MOST_BODY_BYTES)] = MOST_BODY_BYTES
    media: list[str] = []
    allow_http: bool = False


class _File(Struct, frozen=True, kw_only=True):
    allow: list[str] = []
    default: _Table | None = None
    platforms: dict[str, _Table] = {}
    brands: dict[str, _Table] = {}


_TAKES = {
    "allow": 'a list of networks, each with a port: ["10.0.0.0/8:8443"]',
    "default": "a table: [default]",
    "platforms": "a table for each platform: [platforms.TWITTER]",
    "brands": 'a table for each brand: [brands."<brand_id>"] or [brands."<brand_id>".platforms.TWITTER]',
    "url": 'the URL of a receiver: "https://publisher.example.com/posts"',
    "secrets": 'a list of texts: ["whsec_..."]',
    "secret_files": 'a list of paths: ["/run/secrets/webhook"]',
    "resend_window_seconds": "a whole number from 1 to 31536000: for how long the receiver drops repeats",
    "sends_at_once": "a whole number from 1 to 500",
    "most_body_bytes": f"a whole number from 1000 to {MOST_BODY_BYTES}",
    "media": 'a list of places: ["s3://", "https://cdn.example.com"]',
    "allow_http": "true or false",
}


class _Wrong(Exception):  # noqa: N818  # it becomes a SettingsError as soon as the file is known
    """``key`` takes something else."""

    def __init__(self, key: str, takes: str) -> None:
        super().__init__(f"{key}: {takes}")


def load_webhooks(path: str, *, signs: bool = True) -> WebhookTargets:
    """Read the file; raises SettingsError for the first thing that is wrong. Messages repeat no secret. Where nothing
    ``signs`` by itself, files of secrets may be left out."""
    try:
        text = Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as unreadable:
        raise SettingsError(f"SCHEDULER_WEBHOOKS={path}: the file cannot be read: {_why(unreadable)}") from None
    try:
        return _targets(tomllib.loads(text), _Secrets(may_be_missing=not signs))
    except tomllib.TOMLDecodeError as invalid:
        raise SettingsError(f"{path} is not valid TOML: {invalid}") from None
    except _Wrong as wrong:
        raise SettingsError(f"{path}: {wrong}") from None


def _targets(content: _Table, secrets: "_Secrets") -> WebhookTargets:
    file = _convert(content, _File, place="")
    allowed = tuple(_allowed(text) for text in file.allow)
    brands = {_brand_id(name): table for name, table in file.brands.items()}
    lanes = {brand_id: table.pop("platforms", {}) for brand_id, table in brands.items()}
    return WebhookTargets(
        default=_target("default", file.default, allowed, secrets) if file.default is not None else None,
        platforms=_by_platform("platforms", file.platforms, allowed, secrets),
        brands={
            brand_id: _target(f"brands.{brand_id}", table, allowed, secrets)
            for brand_id, table in brands.items()
            if table or not lanes[brand_id]
        },
        lanes={
            (brand_id, platform): target
            for brand_id, tables in lanes.items()
            for platform, target in _by_platform(f"brands.{brand_id}.platforms", tables, allowed, secrets).items()
        },
        allowed=allowed,
        missing=next(iter(secrets.missing), None),
    )


def _by_platform(
    place: str, tables: Any, allowed: Collection[AllowedNetwork], secrets: "_Secrets"
) -> Mapping[Platform, WebhookTarget]:
    try:
        checked = msgspec.convert(tables, dict[str, _Table])
    except msgspec.ValidationError:
        raise _Wrong(place, "it takes a table for each platform") from None
    return {
        _platform(f"{place}.{name}", name): _target(f"{place}.{name}", table, allowed, secrets)
        for name, table in checked.items()
    }


def _target(place: str, table: _Table, allowed: Collection[AllowedNetwork], secrets: "_Secrets") -> WebhookTarget:
    receiver = _convert(table, _Receiver, place=f"{place}.")
    window = receiver.resend_window_seconds
    in_files = secrets.in_files(f"{place}.secret_files", receiver.secret_files)
    try:
        return WebhookTarget.read(
            place=place,
            url=receiver.url,
            secrets=[*receiver.secrets, *in_files],
            may_lack_secrets=len(in_files) < len(receiver.secret_files),
            allow_http=receiver.allow_http,
            allowed=allowed,
            drops_repeats_for=timedelta(seconds=window) if window else None,
            sends_at_once=receiver.sends_at_once,
            most_body_bytes=receiver.most_body_bytes,
            media=receiver.media,
        )
    except BadTarget as bad:
        raise _Wrong(f"{place}.{bad.key}", f"it takes {bad.takes}") from None


def _convert(table: _Table, kind: type[_Read], *, place: str) -> _Read:
    known = [field.name for field in msgspec.structs.fields(kind)]
    for name in table:
        if name not in known:
            raise _Wrong(f"{place}{name}", f"there is no such key; {_meant(name, known)}")
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as invalid:
        name = re.search(r" - at `\$\.(\w+)", str(invalid))
        key = name[1] if name else "url"  # the only one that may not be missing
        raise _Wrong(f"{place}{key}", f"it takes {_TAKES[key]}") from None


def _allowed(text: str) -> AllowedNetwork:
    try:
        return AllowedNetwork.read(text)
    except ValueError as wrong:
        raise _Wrong("allow", f"it takes {_TAKES['allow']}; {wrong}") from None


def _brand_id(name: str) -> UUID:
    brand_id = read_id(name)
    if brand_id is None or str(brand_id) != name:  # in one spelling only, so that no brand can be named twice
        raise _Wrong(f"brands.{name}", f"a brand is named by its brand_id, as the API shows it, such as {EXAMPLE_ID}")
    return brand_id


def _platform(place: str, name: str) -> Platform:
    if name not in list(Platform):
        raise _Wrong(place, f"there is no such platform; {_meant(name, list(Platform))}")
    return Platform(name)


class _Secrets:
    """Those in files of their own; ``missing`` says which are not there."""

    def __init__(self, *, may_be_missing: bool) -> None:
        self.missing: list[str] = []
        self._may_be_missing = may_be_missing

    def in_files(self, place: str, paths: Sequence[str]) -> Sequence[str]:
        found: list[str] = []
        for path in paths:
            try:
                found.append(Path(path).read_text("utf-8").strip())
            except (OSError, UnicodeDecodeError) as unreadable:
                if not (self._may_be_missing and isinstance(unreadable, FileNotFoundError)):
                    raise _Wrong(place, f"{path} cannot be read: {_why(unreadable)}") from None
                self.missing.append(f"{place}: {path} is not there")
        return found


def _meant(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"


def _why(unreadable: OSError | UnicodeDecodeError) -> str:
    return (unreadable.strerror or "unknown error") if isinstance(unreadable, OSError) else "it is not UTF-8"
