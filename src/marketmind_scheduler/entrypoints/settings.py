"""Everything that can be configured."""

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import Annotated, Self
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec import Meta

from marketmind_scheduler.application.dispatch.sending import DispatchLimits
from marketmind_scheduler.domain.access import KEYS_KEPT
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.retention import Retention
from marketmind_scheduler.entrypoints.choices import (
    Auth,
    LogFormat,
    LogLevel,
    PublisherKind,
    SettingsError,
    Switch,
    TelemetryKind,
)
from marketmind_scheduler.entrypoints.edge_settings import EdgeSettings

_JWT = ("SCHEDULER_JWT_ISSUER", "SCHEDULER_JWT_AUDIENCE", "SCHEDULER_JWT_JWKS")


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """``jwks`` is the URL or the path of its key set."""

    issuer: str
    audience: str
    jwks: str


class Settings(EdgeSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One field a variable: ``port`` is SCHEDULER_PORT. Only DATABASE_URL and MIGRATION_DATABASE_URL have no prefix.
    What a field is for stands in its description; docs/configuration.md is made from them.

    Without ``database_url`` the service starts a PostgreSQL of its own. With ``migration_database_url`` the schema is
    changed over that one, and the user of ``database_url`` may only read and write rows.
    """

    database_url: Annotated[
        str | None, Meta(description="a PostgreSQL (tried with 15 and 18); unset: an embedded one")
    ] = None
    migration_database_url: Annotated[
        str | None,
        Meta(
            description="the same database as the owner of the schema; the user of `DATABASE_URL` then only reads and "
            "writes rows"
        ),
    ] = None
    data_dir: Annotated[
        str | None,
        Meta(
            description="where the embedded PostgreSQL keeps its data; unset: `~/.local/share/marketmind-scheduler`, "
            "for root `/var/lib/marketmind-scheduler`"
        ),
    ] = None
    host: Annotated[str, Meta(description="the address to listen on")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535, description="the port of the API")] = 8000
    auth: Annotated[
        Auth | None,
        Meta(description="`keys`: callers need a key; `off`: they need none; unset: none, and loopback addresses only"),
    ] = None
    jwt_issuer: Annotated[
        str | None,
        Meta(description="the `iss` of an identity provider whose tokens are accepted beside keys; needs the next two"),
    ] = None
    jwt_audience: Annotated[str | None, Meta(description="the `aud` of those tokens: a name of this service alone")] = (
        None
    )
    jwt_jwks: Annotated[str | None, Meta(description="the URL or the path of the provider's key set")] = None
    jwt_scopes_claim: Annotated[str, Meta(description="the claim of the tokens with the scopes")] = "scope"
    jwt_brands_claim: Annotated[str, Meta(description="the claim of the tokens with the brands")] = "brands"
    jwt_longest_hours: Annotated[
        int, Meta(ge=1, le=8760, description="how long such a token may be valid at most, from `iat` to `exp`")
    ] = 48
    requests_per_minute: Annotated[
        int,
        Meta(
            ge=0,
            le=10_000_000,
            description="how many requests a caller with a key or token may make, over all replicas; 0: no limit",
        ),
    ] = 6000
    docs_public: Annotated[
        bool, Meta(description="whether `/docs` is shown without a key where the API asks for keys")
    ] = True
    mcp_url: Annotated[
        str | None,
        Meta(
            description="the URL under which agents on other machines reach `/mcp`, such as "
            "`https://scheduler.example.com/mcp`; unset: `/mcp` answers under the names of its own machine only"
        ),
    ] = None
    mcp_commit: Annotated[
        Switch, Meta(description="whether agents may commit plans, with a key that has the scope `schedules:write`")
    ] = Switch.OFF
    mcp_key: Annotated[str | None, Meta(description="the API key with which `mcp` serves its one agent")] = None
    idempotency_hours: Annotated[
        int, Meta(ge=24, le=8760, description="how long the answer to an `Idempotency-Key` is kept")
    ] = 24
    idempotency_required: Annotated[bool, Meta(description="whether every POST must have an `Idempotency-Key`")] = False
    keep_keys_days: Annotated[
        int, Meta(ge=1, le=36500, description="how long an API key is still listed after it has expired or was revoked")
    ] = KEYS_KEPT.days
    keep_agent_texts_days: Annotated[
        int,
        Meta(
            ge=1,
            le=36500,
            description="how long texts are kept that a language model was given or came from it",
        ),
    ] = 90
    keep_schedules_days: Annotated[
        int,
        Meta(
            ge=0,
            le=36500,
            description="how long a schedule is still shown after its end and its publish time; 0: for ever",
        ),
    ] = 0
    keep_events_days: Annotated[
        int, Meta(ge=0, le=36500, description="how long an event can still be read; 0: for ever")
    ] = 0
    dispatch: Annotated[
        Switch,
        Meta(
            description="whether `serve` publishes what is due; `off` where `dispatch` runs beside it, or nobody should"
        ),
    ] = Switch.ON
    publisher: Annotated[
        PublisherKind,
        Meta(
            description="`dry_run` logs instead of posting, and its schedules end as COMPLETED all the same; `webhook` "
            "posts to receivers; `none` leaves what is due to those who pull it"
        ),
    ] = PublisherKind.DRY_RUN
    webhooks: Annotated[str | None, Meta(description="the TOML file with the receivers")] = None
    platforms: Annotated[
        str,
        Meta(description="the platforms that are published from here, with commas between; posts on the others wait"),
    ] = ",".join(Platform)
    send_timeout_seconds: Annotated[
        int,
        Meta(ge=1, le=20, description="how long a receiver may take to answer"),
    ] = 10
    lease_seconds: Annotated[
        int,
        Meta(
            ge=3,
            le=600,
            description="how long a claimed post stays with one process; at least three times the send timeout",
        ),
    ] = 30
    metrics_port: Annotated[
        int, Meta(ge=0, le=65535, description="where `dispatch` shows `/metrics` and `/health`; 0: nowhere")
    ] = 0
    demo_data: Annotated[
        bool | None,
        Meta(
            description="load the demo data, and renew it when its days are over; unset: where PostgreSQL is embedded"
        ),
    ] = None
    reset_on_start: Annotated[
        bool, Meta(description="clear every table at each start; refused unless the demo data is on")
    ] = False
    schedules_per_brand: Annotated[
        int, Meta(ge=1, le=10_000_000, description="how many schedules a brand may have ahead")
    ] = 100_000
    horizon_days: Annotated[int, Meta(ge=1, le=36500, description="how far ahead a post may be scheduled")] = 1827
    pool_size: Annotated[
        int,
        Meta(
            ge=1,
            le=500,
            description="connections to the database for requests, and as many for those with an `Idempotency-Key`",
        ),
    ] = 10
    log_format: Annotated[LogFormat, Meta(description="`auto`: `console` where a terminal reads it, else `json`")] = (
        LogFormat.AUTO
    )
    log_level: Annotated[LogLevel, Meta(description="how grave a line must be to be logged")] = LogLevel.INFO
    telemetry: Annotated[
        TelemetryKind,
        Meta(
            description="`otlp` sends traces and durations to where `OTEL_EXPORTER_OTLP_ENDPOINT` says; needs the "
            "extra `otel`"
        ),
    ] = TelemetryKind.OFF

    def __post_init__(self) -> None:
        if self.reset_on_start and not self.loads_demo_data:
            raise SettingsError(
                "SCHEDULER_RESET_ON_START=true clears every table, so it is refused unless SCHEDULER_DEMO_DATA=true "
                "says that this is a demo; unset one or set the other"
            )
        if self.publisher is PublisherKind.WEBHOOK and self.webhooks is None:
            raise SettingsError(
                "SCHEDULER_PUBLISHER=webhook needs SCHEDULER_WEBHOOKS, the path of a TOML file with the receivers; "
                "docs/webhooks.md shows one"
            )
        if self.migration_database_url is not None and self.service_role is None:
            raise SettingsError(
                "MIGRATION_DATABASE_URL needs a DATABASE_URL that names its user, who is granted what the service "
                "needs: postgresql://user:password@host:5432/database"
            )
        if self.mcp_url is not None and not _is_url_of_tools(self.mcp_url):
            raise SettingsError(
                f"SCHEDULER_MCP_URL={self.mcp_url}: it takes the URL of the tools, with http or https, a host and the "
                "path /mcp, such as https://scheduler.example.com/mcp"
            )
        _ = self.published_platforms, self.dispatch_limits, self.identity_provider, self.listed_host_names
        _ = self.worker_count(cores=1)
        self.check_agent()

    def check_who_may_reach_it(self) -> None:
        """Raises SettingsError where other machines could call the API and nothing says who may."""
        if self.auth is None and not is_loopback(self.host):
            raise SettingsError(
                f"SCHEDULER_HOST={self.host} lets other machines in, and nothing says who may: set SCHEDULER_AUTH=keys "
                "and make keys with `marketmind-scheduler keys create`, or say SCHEDULER_AUTH=off to let everybody in"
            )

    @property
    def retention(self) -> Retention:
        return Retention(
            keys=timedelta(days=self.keep_keys_days),
            agent_texts=timedelta(days=self.keep_agent_texts_days),
            schedules=_kept(self.keep_schedules_days),
            events=_kept(self.keep_events_days),
        )

    @property
    def service_role(self) -> str | None:
        """The user that DATABASE_URL names."""
        return unquote(urlsplit(self.database_url or "").username or "") or None

    @property
    def identity_provider(self) -> IdentityProvider | None:
        """Whose tokens are accepted beside API keys; raises SettingsError."""
        match self.jwt_issuer, self.jwt_audience, self.jwt_jwks:
            case None, None, None:
                return None
            case str(issuer), str(audience), str(jwks):
                if self.auth is None:
                    raise SettingsError(
                        f"SCHEDULER_JWT_ISSUER={issuer} has no effect while nobody is asked who they are; "
                        "set SCHEDULER_AUTH=keys too, or unset it"
                    )
                return IdentityProvider(issuer, audience, jwks)
            case given:
                missing = [name for name, value in zip(_JWT, given, strict=True) if value is None]
                raise SettingsError(
                    f"{' and '.join(missing)} must be set too: tokens need all of {', '.join(_JWT)}, or none of them"
                )

    @property
    def published_platforms(self) -> tuple[Platform, ...]:
        """The platforms that are to be published from here: none where only others do. Raises SettingsError."""
        names = [name.strip() for name in self.platforms.split(",")]
        if unknown := [name for name in names if name not in Platform.__members__]:
            raise SettingsError(
                f"SCHEDULER_PLATFORMS={self.platforms}: {unknown[0]!r} is no platform; it takes some of "
                f"{', '.join(Platform)}, with commas between"
            )
        is_published = self.publisher is not PublisherKind.NONE
        return tuple(platform for platform in Platform if is_published and platform in names)

    @property
    def dispatch_limits(self) -> DispatchLimits:
        """Raises SettingsError."""
        lease, send_timeout = timedelta(seconds=self.lease_seconds), timedelta(seconds=self.send_timeout_seconds)
        try:
            return DispatchLimits.of(lease=lease, send_timeout=send_timeout)
        except ValueError:
            raise SettingsError(
                f"SCHEDULER_LEASE_SECONDS={self.lease_seconds} is too short beside SCHEDULER_SEND_TIMEOUT_SECONDS="
                f"{self.send_timeout_seconds}: it takes at least three times as many"
            ) from None

    @property
    def loads_demo_data(self) -> bool:
        """As configured, else only where the service starts a PostgreSQL of its own."""
        return self.database_url is None if self.demo_data is None else self.demo_data

    def with_demo_data(self) -> Self:
        return msgspec.structs.replace(self, demo_data=True)


def _kept(days: int) -> timedelta | None:
    return timedelta(days=days) if days else None


def _is_url_of_tools(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and url.endswith(f"{parts.netloc}/mcp")
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens there."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
