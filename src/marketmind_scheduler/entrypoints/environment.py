"""Settings as the environment gives them."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec
import msgspec.inspect

from marketmind_scheduler.domain.quoting import meant
from marketmind_scheduler.entrypoints.agent_settings import AgentSettings
from marketmind_scheduler.entrypoints.choices import SettingsError
from marketmind_scheduler.entrypoints.settings import Settings

_PREFIX = "SCHEDULER_"
_UNPREFIXED = frozenset({"database_url", "migration_database_url"})

_OF_AGENT = frozenset(AgentSettings.__struct_fields__)

NAMES = {
    f"{'' if name in _UNPREFIXED else _PREFIX}{name.upper()}": name
    for name in sorted(Settings.__struct_fields__, key=lambda name: name in _OF_AGENT)
}
"""The variables, each with its field."""


def load(environment: Mapping[str, str]) -> Settings:
    """Read the settings; an empty variable counts as unset. Raises SettingsError for the first that is wrong."""
    given: dict[str, str] = {}
    for variable, value in environment.items():
        if variable in NAMES:
            given[variable] = value.strip()
        elif variable.startswith(_PREFIX):
            raise SettingsError(_unknown(variable))
    fields = {NAMES[variable]: value for variable, value in given.items() if value}
    for name in sorted(_UNPREFIXED & fields.keys()):
        _check_url(name.upper(), fields[name])
    try:
        return msgspec.convert(fields, Settings, strict=False)
    except msgspec.ValidationError as invalid:
        field = str(invalid).partition(" - at `$.")[2].rstrip("`")
        variable = f"{_PREFIX}{field.upper()}"
        raise SettingsError(f"{variable}={given[variable]}: it takes {taken_by(field)}") from None


def taken_by(name: str) -> str:
    """What is right for a field, in words."""
    field_type = next(field.type for field in msgspec.structs.fields(Settings) if field.name == name)
    match _bare(msgspec.inspect.type_info(field_type)):
        case msgspec.inspect.IntType(ge=least, le=most):
            return f"a whole number from {least} to {most}"
        case msgspec.inspect.EnumType(cls=choices):
            return f"one of {', '.join(str(choice.value) for choice in choices)}"
        case msgspec.inspect.StrType():
            return "text"
        case msgspec.inspect.BoolType():
            return "true or false"
        case unknown:
            raise TypeError(f"nobody has said in words what {name}, a {unknown}, takes")


def _bare(kind: msgspec.inspect.Type) -> msgspec.inspect.Type:
    """Without its description, and without None."""
    match kind:
        case msgspec.inspect.Metadata(type=described):
            return _bare(described)
        case msgspec.inspect.UnionType(types=(given, msgspec.inspect.NoneType())):
            return _bare(given)
        case _:
            return kind


def _unknown(variable: str) -> str:
    by_bare_name = {name.removeprefix(_PREFIX): name for name in NAMES}
    close = meant(variable.removeprefix(_PREFIX), by_bare_name)
    hint = f"did you mean {by_bare_name[close]}?" if close else "see .env.example"
    return f"{variable} is not a setting; {hint}"


def _check_url(variable: str, url: str) -> None:
    if not _is_database_url(url):
        raise SettingsError(
            f"{variable} must look like postgresql://user:password@host:5432/database, "
            "with special characters in user and password percent-encoded"
        )


def _is_database_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        ports = [urlsplit(f"//{host}").port for host in parts.netloc.rpartition("@")[2].split(",")]
    except ValueError:  # a port that is no number, a bracket that never closes
        return False
    return parts.scheme.partition("+")[0] in ("postgresql", "postgres") and 0 not in ports
