"""What can be configured of the language model of the agentic scheduler."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from marketmind_scheduler.adapters.language_models.endpoint import AllowedHost, BadEndpoint, Endpoint, TokenField
from marketmind_scheduler.domain.agent.limits import LEAST_MIN_VALUE, AgentLimits, Prices
from marketmind_scheduler.entrypoints.choices import SettingsError

_MILLION = 1_000_000
_AMOUNT = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")
_LIMITS, _PRICES = AgentLimits(), Prices()


class AgentSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of ``Settings``. Money is in whatever currency the prices are in."""

    agent_base_url: Annotated[
        str | None,
        Meta(
            description="an OpenAI-compatible endpoint, such as `https://llm.example.com/v1`; unset: there is no "
            "model, and `agentic` plans are the exact ones; needs the extra `agent`"
        ),
    ] = None
    agent_model: Annotated[str | None, Meta(description="the name of the model there")] = None
    agent_api_key: Annotated[str | None, Meta(description="the key that the endpoint asks for")] = None
    agent_api_key_file: Annotated[str | None, Meta(description="a file that holds it, in place of the variable")] = None
    agent_token_field: Annotated[
        TokenField, Meta(description="what the endpoint calls the most tokens that an answer may have")
    ] = TokenField.MAX_COMPLETION_TOKENS
    agent_allowed_hosts: Annotated[
        str | None,
        Meta(
            description="hosts that may be asked though they are not public, or by http, with commas between: "
            "`127.0.0.1:8091`, `llm.internal`"
        ),
    ] = None
    agent_input_price: Annotated[
        str | None,
        Meta(description="what a million tokens that are sent cost, such as `0.15`; unset: as much as few models ask"),
    ] = None
    agent_output_price: Annotated[
        str | None, Meta(description="what a million tokens that are answered cost; unset: as much as few models ask")
    ] = None
    agent_cost_per_day: Annotated[
        str | None,
        Meta(description="what the model may cost for one brand on one day in UTC, such as `2.50`; unset: 5"),
    ] = None
    agent_requests_per_run: Annotated[
        int, Meta(ge=1, le=10, description="how often the model may be asked for one plan")
    ] = _LIMITS.requests_per_run
    agent_tokens_per_request: Annotated[
        int, Meta(ge=500, le=1_000_000, description="how many tokens may be sent at once, taken for bytes / 3")
    ] = _LIMITS.tokens_in_per_request
    agent_tokens_per_run: Annotated[
        int, Meta(ge=1_000, le=10_000_000, description="how many tokens one plan may take, sent and answered")
    ] = _LIMITS.tokens_per_run
    agent_seconds_per_call: Annotated[
        int, Meta(ge=1, le=300, description="how long the model may take for one answer")
    ] = _LIMITS.seconds_per_call
    agent_seconds_per_run: Annotated[
        int, Meta(ge=1, le=900, description="how long it may take for one plan, whatever it is asked")
    ] = _LIMITS.seconds_per_run
    agent_runs_at_once: Annotated[
        int, Meta(ge=1, le=100, description="how many plans of one process it takes part in at once; of a brand one")
    ] = _LIMITS.runs_at_once
    agent_min_value: Annotated[
        int,
        Meta(
            ge=LEAST_MIN_VALUE // 10,
            le=100,
            description="what a plan that it chooses must be worth, in per cent of the best",
        ),
    ] = _LIMITS.min_value // 10

    @property
    def agent_endpoint(self) -> Endpoint | None:
        """None without a base URL. Raises SettingsError."""
        if self.agent_base_url is None:
            self._check_that_nothing_is_left_over()
            return None
        if self.agent_model is None:
            raise SettingsError("SCHEDULER_AGENT_BASE_URL needs SCHEDULER_AGENT_MODEL, the name of the model there")
        try:
            return Endpoint.read(
                url=self.agent_base_url,
                model=self.agent_model,
                allowed=self._allowed_hosts(),
                token_field=self.agent_token_field,
                api_key=self._api_key(),
            )
        except BadEndpoint as wrong:
            raise SettingsError(f"SCHEDULER_AGENT_BASE_URL: {wrong}") from None

    @property
    def agent_limits(self) -> AgentLimits:
        """Raises SettingsError."""
        return AgentLimits(
            requests_per_run=self.agent_requests_per_run,
            tokens_in_per_request=self.agent_tokens_per_request,
            tokens_per_run=self.agent_tokens_per_run,
            cost_per_day=_millionths("SCHEDULER_AGENT_COST_PER_DAY", self.agent_cost_per_day, _LIMITS.cost_per_day),
            seconds_per_call=self.agent_seconds_per_call,
            seconds_per_run=self.agent_seconds_per_run,
            runs_at_once=self.agent_runs_at_once,
            min_value=10 * self.agent_min_value,
        )

    @property
    def agent_prices(self) -> Prices:
        """Raises SettingsError."""
        return Prices(
            tokens_in=_millionths("SCHEDULER_AGENT_INPUT_PRICE", self.agent_input_price, _PRICES.tokens_in),
            tokens_out=_millionths("SCHEDULER_AGENT_OUTPUT_PRICE", self.agent_output_price, _PRICES.tokens_out),
        )

    def check_agent(self) -> None:
        """Raises SettingsError."""
        _ = self.agent_endpoint, self.agent_limits, self.agent_prices

    def _check_that_nothing_is_left_over(self) -> None:
        for name in ("agent_model", "agent_api_key", "agent_api_key_file"):
            if getattr(self, name) is not None:
                raise SettingsError(
                    f"SCHEDULER_{name.upper()} needs SCHEDULER_AGENT_BASE_URL, where the model is; set both, or none"
                )

    def _allowed_hosts(self) -> tuple[AllowedHost, ...]:
        try:
            named = (self.agent_allowed_hosts or "").split(",")
            return tuple(AllowedHost.read(each.strip()) for each in named if each.strip())
        except BadEndpoint as wrong:
            raise SettingsError(f"SCHEDULER_AGENT_ALLOWED_HOSTS={self.agent_allowed_hosts}: {wrong}") from None

    def _api_key(self) -> str | None:
        path = self.agent_api_key_file
        if path is None:
            return self.agent_api_key
        if self.agent_api_key is not None:
            raise SettingsError("SCHEDULER_AGENT_API_KEY and SCHEDULER_AGENT_API_KEY_FILE are both set; unset one")
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise SettingsError(
                f"SCHEDULER_AGENT_API_KEY_FILE={path}: it takes the path of a file that can be read and holds the key"
            ) from None


def _millionths(variable: str, text: str | None, default: int) -> int:
    if text is None:
        return default
    amount = Decimal(text) if _AMOUNT.fullmatch(text) else None
    if amount is None:
        raise SettingsError(
            f"{variable}={text}: it takes the amount in digits, such as 0.15, with six decimals at most"
        )
    return int(amount * _MILLION)
