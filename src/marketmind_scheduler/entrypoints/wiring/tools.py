"""The service as tools for agents: offered wherever the extra is installed."""

from collections.abc import Sequence
from importlib.util import find_spec

from marketmind_scheduler.adapters.http.app import Beside
from marketmind_scheduler.entrypoints.findings import Finding, Mark
from marketmind_scheduler.entrypoints.settings import Settings, SettingsError, Switch
from marketmind_scheduler.entrypoints.wiring.bootstrap import Service

_EXTRA = 'the tools for agents come with the extra mcp: in a checkout, pip install ".[mcp]"'


def tools_of(settings: Settings, service: Service) -> Beside:
    """The routes of the tools; none where the extra is not installed."""
    if not _is_installed():
        return ()
    from marketmind_scheduler.adapters.http.mcp.address import Address  # noqa: PLC0415  # it takes the extra
    from marketmind_scheduler.adapters.http.mcp.desk import Desk  # noqa: PLC0415
    from marketmind_scheduler.adapters.http.mcp.endpoint import routes_of  # noqa: PLC0415

    provider = settings.identity_provider
    desk = Desk(use_cases=service.use_cases, idempotency=service.idempotency, commits=settings.mcp_commit is Switch.ON)
    address = Address(url=settings.mcp_url, host=settings.host)
    return routes_of(desk, address, issuer=provider and provider.issuer)


def check_tools() -> None:
    """Raises SettingsError where the extra is not installed."""
    if not _is_installed():
        raise SettingsError(_EXTRA)


def examine_tools(settings: Settings) -> Sequence[Finding]:
    """Whether agents find tools here, and whether they may commit plans."""
    wanted = settings.mcp_url is not None or settings.mcp_commit is Switch.ON
    if not _is_installed():
        mark, remedy = (Mark.DOUBTFUL, _EXTRA) if wanted else (Mark.WELL, "")
        return [Finding(mark, "tools for agents", "not offered: the extra mcp is not installed", remedy)]
    may = "may" if settings.mcp_commit is Switch.ON else "may not"
    where = settings.mcp_url or "/mcp, on this machine only"
    return [Finding(Mark.WELL, "tools for agents", f"at {where}; agents {may} commit plans")]


def _is_installed() -> bool:
    return find_spec("mcp") is not None
