"""Settings are read once, strictly, and what is wrong with them is said in a way that mends it."""

import re
from pathlib import Path

import pytest

from marketmind_scheduler.domain.agent.limits import AgentLimits, Prices
from marketmind_scheduler.entrypoints.choices import LogFormat, LogLevel, SettingsError
from marketmind_scheduler.entrypoints.environment import NAMES, load, taken_by
from marketmind_scheduler.entrypoints.settings import Settings
from tests.loops import on_each

URL = "postgresql://user:hush@host:5432/database"
OWNER_URL = "postgresql://owner:hush@host:5432/database"


def refusal(environment: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as refused:
        load(environment)
    return str(refused.value)


def test_without_any_variable_the_defaults_hold() -> None:
    assert load({}) == Settings(
        database_url=None,
        data_dir=None,
        host="127.0.0.1",
        port=8000,
        demo_data=None,
        reset_on_start=False,
        horizon_days=1827,
        pool_size=10,
        log_format=LogFormat.AUTO,
        log_level=LogLevel.INFO,
    )


def test_every_variable_reaches_its_setting() -> None:
    environment = {
        "DATABASE_URL": URL,
        "MIGRATION_DATABASE_URL": OWNER_URL,
        "SCHEDULER_DATA_DIR": "/var/lib/elsewhere",
        "SCHEDULER_HOST": "::1",
        "SCHEDULER_PORT": "8001",
        "SCHEDULER_DEMO_DATA": "true",
        "SCHEDULER_RESET_ON_START": "true",
        "SCHEDULER_HORIZON_DAYS": "30",
        "SCHEDULER_POOL_SIZE": "3",
        "SCHEDULER_LOG_FORMAT": "json",
        "SCHEDULER_LOG_LEVEL": "warning",
    }

    assert load(environment) == Settings(
        database_url=URL,
        migration_database_url=OWNER_URL,
        data_dir="/var/lib/elsewhere",
        host="::1",
        port=8001,
        demo_data=True,
        reset_on_start=True,
        horizon_days=30,
        pool_size=3,
        log_format=LogFormat.JSON,
        log_level=LogLevel.WARNING,
    )


@pytest.mark.parametrize(
    ("variable", "value", "right"),
    [
        *(
            ("SCHEDULER_PORT", value, "a whole number from 1 to 65535")
            for value in ("abc", "0", "-1", "65536", "8000.5", "+80", "0x50", "1_000", "٨٠", "8000 8001", "9" * 400)
        ),
        ("SCHEDULER_HORIZON_DAYS", "0", "a whole number from 1 to 36500"),
        ("SCHEDULER_HORIZON_DAYS", "36501", "a whole number from 1 to 36500"),
        ("SCHEDULER_POOL_SIZE", "0", "a whole number from 1 to 500"),
        ("SCHEDULER_POOL_SIZE", "501", "a whole number from 1 to 500"),
        ("SCHEDULER_SEND_TIMEOUT_SECONDS", "0", "a whole number from 1 to 20"),
        ("SCHEDULER_SEND_TIMEOUT_SECONDS", "21", "a whole number from 1 to 20"),
        ("SCHEDULER_LEASE_SECONDS", "2", "a whole number from 3 to 600"),
        ("SCHEDULER_LEASE_SECONDS", "601", "a whole number from 3 to 600"),
        *(("SCHEDULER_WORKERS", value, "a whole number from 1 to 64, or auto") for value in ("0", "65", "two", "-1")),
        ("SCHEDULER_DEMO_DATA", "yes", "true or false"),
        ("SCHEDULER_DEMO_DATA", "2", "true or false"),
        ("SCHEDULER_RESET_ON_START", "on", "true or false"),
        ("SCHEDULER_AUTH", "true", "one of keys, off"),
        ("SCHEDULER_LOG_FORMAT", "xml", "one of auto, console, json"),
        ("SCHEDULER_LOG_LEVEL", "loud", "one of debug, info, warning, error"),
        ("SCHEDULER_LOG_LEVEL", "INFO", "one of debug, info, warning, error"),
    ],
)
def test_a_wrong_value_is_refused_naming_the_variable_the_value_and_what_would_be_right(
    variable: str, value: str, right: str
) -> None:
    assert refusal({variable: value}) == f"{variable}={value}: it takes {right}"


WORDS_OF_RIGHT = re.compile(
    r"it takes (true or false|one of \w+(, \w+)*|a whole number from \d+ to \d+(, or auto)?)$"
    r"|some of|must look like|takes the |at least three times"
)


@on_each("variable", NAMES)
def test_whatever_a_setting_is_given_is_taken_or_refused_with_what_would_be_right(variable: str) -> None:
    for value in ("no such", "true", "yes", "none", "KEYS", "5", "1.5", "-1", "\N{SNOWMAN}"):
        try:
            load({variable: value})
        except SettingsError as refused:
            said = str(refused)
            assert variable in said or "DATABASE_URL" in said
            assert (
                WORDS_OF_RIGHT.search(said) or " needs " in said or " must be set too" in said or "refused" in said
            ), said
    assert taken_by(NAMES[variable])


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("SCHEDULER_PROT", "SCHEDULER_PROT is not a setting; did you mean SCHEDULER_PORT?"),
        ("SCHEDULER_port", "SCHEDULER_port is not a setting; did you mean SCHEDULER_PORT?"),
        ("SCHEDULER_RESET_START", "SCHEDULER_RESET_START is not a setting; did you mean SCHEDULER_RESET_ON_START?"),
        ("SCHEDULER_DATABASE_URL", "SCHEDULER_DATABASE_URL is not a setting; did you mean DATABASE_URL?"),
        ("SCHEDULER_", "SCHEDULER_ is not a setting; see .env.example"),
        ("SCHEDULER_WEATHER", "SCHEDULER_WEATHER is not a setting; see .env.example"),
    ],
)
@pytest.mark.parametrize("value", ["hush", ""])
def test_an_unknown_name_is_refused_with_the_one_that_may_be_meant(variable: str, said: str, value: str) -> None:
    assert refusal({variable: value}) == said


def test_variables_of_other_programs_are_none_of_our_business() -> None:
    assert load({"PATH": "/bin", "PORT": "9", "POSTGRES_PORT": "x", "MY_SCHEDULER_PORT": "x"}) == Settings()


@pytest.mark.parametrize("empty", ["", "   ", "\t"])
def test_an_empty_variable_counts_as_unset(empty: str) -> None:
    names = ("DATABASE_URL", "SCHEDULER_DATA_DIR", "SCHEDULER_HOST", "SCHEDULER_PORT", "SCHEDULER_DEMO_DATA")

    assert load(dict.fromkeys(names, empty)) == Settings()


def test_space_around_a_value_is_not_part_of_it() -> None:
    assert load({"SCHEDULER_PORT": " 8001 ", "DATABASE_URL": f" {URL}\n"}) == Settings(port=8001, database_url=URL)


@pytest.mark.parametrize(("text", "meant"), [("true", True), ("1", True), ("false", False), ("0", False)])
def test_a_switch_is_true_or_false_one_or_zero(text: str, meant: bool) -> None:  # noqa: FBT001
    assert load({"SCHEDULER_DEMO_DATA": text}).demo_data is meant


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "postgres://host",
        "postgresql+asyncpg://user:hush@host/database",
        "postgresql://user:hush@[::1]:5432/database",
        "postgresql://user:hush@one:5432,two:5433/database?target_session_attrs=read-write",
        "postgresql://user:hu%2Fsh%40@host/database?sslmode=require",
        "postgresql:///database?host=/run/postgresql",
    ],
)
def test_a_database_url_may_be_whatever_the_driver_takes(url: str) -> None:
    assert load({"DATABASE_URL": url}).database_url == url


@pytest.mark.parametrize(
    "url",
    [
        "mysql://user:hush@host/database",
        "sqlite:///hush.db",
        "http://user:hush@host/database",
        "user:hush@host/database",
        "//user:hush@host/database",
        "host",
        "postgresql://user:hush@[::1/database",
        "postgresql://user:hush@host:port/database",
        "postgresql://user:hush@host:0/database",
        "postgresql://user:hush@host:70000/database",
        "postgresql://user:hu/sh@host/database",
        "postgresql://user:hush#@host/database",
    ],
)
def test_another_kind_of_url_is_refused_without_repeating_its_password(url: str) -> None:
    said = refusal({"DATABASE_URL": url})

    assert said.startswith("DATABASE_URL must look like postgresql://user:password@host:5432/database")
    assert "hu" not in said


@pytest.mark.parametrize(
    "environment",
    [
        {"SCHEDULER_PORT": "abc"},
        {"SCHEDULER_PROT": "1"},
        {"SCHEDULER_LOG_LEVEL": "loud"},
        {"SCHEDULER_RESET_ON_START": "true"},
    ],
)
def test_no_message_about_another_setting_repeats_the_password(environment: dict[str, str]) -> None:
    assert "hush" not in refusal({"DATABASE_URL": URL, **environment})


@pytest.mark.parametrize(
    "environment",
    [
        {"DATABASE_URL": URL},
        {"DATABASE_URL": URL, "SCHEDULER_DEMO_DATA": "false"},
        {"SCHEDULER_DEMO_DATA": "false"},
    ],
)
def test_clearing_all_tables_is_refused_without_the_demo_data(environment: dict[str, str]) -> None:
    said = refusal({**environment, "SCHEDULER_RESET_ON_START": "true"})

    assert "SCHEDULER_RESET_ON_START=true clears every table" in said
    assert "SCHEDULER_DEMO_DATA=true" in said


@pytest.mark.parametrize(("lease", "send_timeout"), [("29", "10"), ("30", "11"), ("3", "2")])
def test_a_lease_that_two_sends_would_not_fit_into_is_refused(lease: str, send_timeout: str) -> None:
    said = refusal({"SCHEDULER_LEASE_SECONDS": lease, "SCHEDULER_SEND_TIMEOUT_SECONDS": send_timeout})

    assert said.startswith(f"SCHEDULER_LEASE_SECONDS={lease} is too short beside SCHEDULER_SEND_TIMEOUT_SECONDS=")
    assert said.endswith("it takes at least three times as many")


@pytest.mark.parametrize(("lease", "send_timeout"), [("30", "10"), ("60", "20"), ("3", "1")])
def test_a_lease_of_three_times_the_send_timeout_is_long_enough(lease: str, send_timeout: str) -> None:
    limits = load({"SCHEDULER_LEASE_SECONDS": lease, "SCHEDULER_SEND_TIMEOUT_SECONDS": send_timeout}).dispatch_limits

    assert (limits.lease.total_seconds(), limits.send_timeout.total_seconds()) == (int(lease), int(send_timeout))


@pytest.mark.parametrize("environment", [{}, {"DATABASE_URL": URL, "SCHEDULER_DEMO_DATA": "true"}])
def test_clearing_all_tables_is_accepted_for_a_demo(environment: dict[str, str]) -> None:
    assert load({**environment, "SCHEDULER_RESET_ON_START": "true"}).reset_on_start


@pytest.mark.parametrize(
    ("environment", "loads"),
    [
        ({}, True),
        ({"SCHEDULER_DEMO_DATA": "false"}, False),
        ({"DATABASE_URL": URL}, False),
        ({"DATABASE_URL": URL, "SCHEDULER_DEMO_DATA": "true"}, True),
    ],
)
def test_the_demo_data_is_for_the_embedded_database_unless_said_otherwise(
    environment: dict[str, str],
    loads: bool,  # noqa: FBT001
) -> None:
    assert load(environment).loads_demo_data is loads


def test_the_demo_command_asks_for_the_demo_data_whatever_the_variable_says() -> None:
    settings = load({"DATABASE_URL": URL, "SCHEDULER_DEMO_DATA": "false", "SCHEDULER_PORT": "8001"})

    assert settings.with_demo_data() == Settings(database_url=URL, demo_data=True, port=8001)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_without_a_word_on_access_this_machine_alone_may_call(host: str) -> None:
    load({"SCHEDULER_HOST": host}).check_who_may_reach_it()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "scheduler.example"])  # noqa: S104
def test_other_machines_are_let_in_only_once_it_is_said_who_may(host: str) -> None:
    with pytest.raises(SettingsError, match=r"SCHEDULER_AUTH=keys.* SCHEDULER_AUTH=off"):
        load({"SCHEDULER_HOST": host}).check_who_may_reach_it()
    for said in ("keys", "off"):
        load({"SCHEDULER_HOST": host, "SCHEDULER_AUTH": said}).check_who_may_reach_it()


@pytest.mark.parametrize("database_url", ["", "postgresql://host:5432/database"])
def test_migrations_of_another_role_need_to_know_whom_to_grant_to(database_url: str) -> None:
    said = refusal({"DATABASE_URL": database_url, "MIGRATION_DATABASE_URL": OWNER_URL})

    assert said.startswith("MIGRATION_DATABASE_URL needs a DATABASE_URL that names its user")


def test_a_migration_url_that_is_none_is_refused_by_its_own_name() -> None:
    said = refusal({"DATABASE_URL": URL, "MIGRATION_DATABASE_URL": "mysql://owner:hush@host/database"})

    assert said.startswith("MIGRATION_DATABASE_URL must look like postgresql://")
    assert "hush" not in said


def test_the_role_of_the_service_is_the_user_as_postgresql_knows_it() -> None:
    assert load({"DATABASE_URL": "postgresql://the%20service:hush@host/database"}).service_role == "the service"


MODEL = {"SCHEDULER_AGENT_BASE_URL": "https://llm.example.com/v1", "SCHEDULER_AGENT_MODEL": "some"}


def test_a_model_is_an_endpoint_with_its_limits_and_prices() -> None:
    settings = load(
        {
            **MODEL,
            "SCHEDULER_AGENT_BASE_URL": "http://llm.internal:8091/v1/",
            "SCHEDULER_AGENT_ALLOWED_HOSTS": "127.0.0.1:8091, llm.internal",
            "SCHEDULER_AGENT_API_KEY": "sk-1",
            "SCHEDULER_AGENT_TOKEN_FIELD": "max_tokens",
            "SCHEDULER_AGENT_INPUT_PRICE": "0.15",
            "SCHEDULER_AGENT_OUTPUT_PRICE": "0.000001",
            "SCHEDULER_AGENT_COST_PER_DAY": "2.5",
            "SCHEDULER_AGENT_MIN_VALUE": "80",
        }
    )

    endpoint = settings.agent_endpoint
    assert endpoint is not None
    assert (endpoint.url, endpoint.authority, endpoint.is_allowed) == (
        "http://llm.internal:8091/v1",
        "llm.internal:8091",
        True,
    )
    assert (endpoint.model, endpoint.token_field, endpoint.api_key) == ("some", "max_tokens", "sk-1")
    assert (settings.agent_prices.tokens_in, settings.agent_prices.tokens_out) == (150_000, 1)
    assert (settings.agent_limits.cost_per_day, settings.agent_limits.min_value) == (2_500_000, 800)


def test_without_an_endpoint_there_is_no_model_and_the_limits_are_those_of_the_domain() -> None:
    assert load({}).agent_endpoint is None
    assert load({}).agent_limits == AgentLimits()
    assert load({}).agent_prices == Prices()


def test_the_key_may_lie_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("sk-2\n")

    endpoint = load({**MODEL, "SCHEDULER_AGENT_API_KEY_FILE": str(path)}).agent_endpoint

    assert endpoint is not None
    assert endpoint.api_key == "sk-2"


@on_each(
    ("wrong", "said"),
    [
        ({"SCHEDULER_AGENT_MODEL": ""}, "needs SCHEDULER_AGENT_MODEL"),
        ({"SCHEDULER_AGENT_BASE_URL": ""}, "SCHEDULER_AGENT_MODEL needs SCHEDULER_AGENT_BASE_URL"),
        ({"SCHEDULER_AGENT_BASE_URL": "http://127.0.0.1:8091/v1"}, "SCHEDULER_AGENT_ALLOWED_HOSTS: 127.0.0.1:8091"),
        ({"SCHEDULER_AGENT_BASE_URL": "https://me:word@llm.example.com/v1"}, "without user, password"),
        ({"SCHEDULER_AGENT_ALLOWED_HOSTS": "http://x"}, "http://x is no host: it takes llm.internal"),
        ({"SCHEDULER_AGENT_API_KEY": "hush hush"}, "the key has spaces"),
        ({"SCHEDULER_AGENT_API_KEY": "hush", "SCHEDULER_AGENT_API_KEY_FILE": "/k"}, "both set; unset one"),
        ({"SCHEDULER_AGENT_API_KEY_FILE": "/no/such"}, "/no/such: it takes the path of a file"),
        ({"SCHEDULER_AGENT_COST_PER_DAY": "-1"}, "it takes the amount in digits, such as 0.15"),
        ({"SCHEDULER_AGENT_INPUT_PRICE": "NaN"}, "it takes the amount in digits"),
        ({"SCHEDULER_AGENT_OUTPUT_PRICE": "0.0000001"}, "six decimals at most"),
        ({"SCHEDULER_AGENT_MIN_VALUE": "79"}, "a whole number from 80 to 100"),
    ],
)
def test_what_is_wrong_about_a_model_is_told_and_no_secret_is(wrong: dict[str, str], said: str) -> None:
    refused = refusal({**MODEL, **wrong})

    assert said in refused
    assert "hush" not in refused
    assert "word@" not in refused
