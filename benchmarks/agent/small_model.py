"""The small model of ``make model``, on a port of its own."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from marketmind_scheduler.adapters.language_models.endpoint import AllowedHost, Endpoint

_ROOT = Path(__file__).parents[2]
PYTHON = _ROOT / ".venv-model" / "bin" / "python"
_SERVER = _ROOT / "deploy" / "small-model" / "serve.py"
_START_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallModel:
    endpoint: Endpoint
    pid: int


@asynccontextmanager
async def small_model() -> AsyncGenerator[SmallModel]:
    """As long as the context. Needs what `make model` installs."""
    server = await asyncio.create_subprocess_exec(PYTHON, _SERVER, "--port", "0", stdout=PIPE, stderr=DEVNULL)
    try:
        if server.stdout is None:
            raise RuntimeError("nothing was said by the model")
        async with asyncio.timeout(_START_SECONDS):
            first = (await server.stdout.readline()).decode()
        name, _, rest = first.partition(" answers on http://")
        allowed = AllowedHost.read(rest.partition(";")[0])
        endpoint = Endpoint.read(url=f"http://{rest.partition(';')[0]}/v1", model=name, allowed=[allowed])
        yield SmallModel(endpoint=endpoint, pid=server.pid)
    finally:
        if server.returncode is None:
            server.terminate()
        await server.wait()
