"""What some settings choose from, and what is said of one that is wrong."""

from enum import StrEnum


class SettingsError(Exception):
    """A setting is wrong; the message names the variable and what it takes."""


class Switch(StrEnum):
    ON = "on"
    OFF = "off"


class Auth(StrEnum):
    KEYS = "keys"
    OFF = "off"


class PublisherKind(StrEnum):
    DRY_RUN = "dry_run"
    WEBHOOK = "webhook"
    NONE = "none"


class HttpParser(StrEnum):
    HTTPTOOLS = "httptools"  # where it is installed
    H11 = "h11"


class LogFormat(StrEnum):
    AUTO = "auto"  # console on a terminal, JSON otherwise
    CONSOLE = "console"
    JSON = "json"


class TelemetryKind(StrEnum):
    OFF = "off"
    OTLP = "otlp"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
