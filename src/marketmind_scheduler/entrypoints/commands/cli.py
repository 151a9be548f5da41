"""The command line: serve, dispatch, mcp, plan, agent, status, doctor, keys, doubt, migrate, demo."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import version

import rich_click as click
from click.exceptions import NoSuchCommand

NAME = "marketmind-scheduler"
EPILOG = (
    "Everything is configured by environment variables or an .env file; .env.example lists them all. "
    "Without DATABASE_URL a PostgreSQL of its own is started, and its data is kept between runs. "
    'For completion in bash: eval "$(_MARKETMIND_SCHEDULER_COMPLETE=bash_source marketmind-scheduler)"; zsh_source and '
    "fish_source for the others."
)
_MODULES: Mapping[str, str] = {"demo": "migrate", "mcp": "tools"}
"""Where a command is that has no module of its own name."""
_COMMANDS: Sequence[str] = (
    *("agent", "demo", "dispatch", "doctor", "doubt", "keys"),
    *("mcp", "migrate", "plan", "serve", "status"),
)


class Commands(click.RichGroup):
    """Loads the one that is asked for, so that a dispatcher starts without what serves HTTP."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return [*_COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"{__package__}.{_MODULES.get(cmd_name, cmd_name)}")
        found: click.Command = getattr(module, cmd_name)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except NoSuchCommand as unknown:
            raise NoSuchCommand(unknown.command_name, possibilities=_COMMANDS, ctx=ctx) from None


@click.group(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version(NAME), prog_name=NAME)  # pyright: ignore[reportUnknownMemberType]
def main() -> None:
    """Decides and remembers when a brand's posts go out."""
