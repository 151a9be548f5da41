"""How many instructions in words a language model understands: exactly, safely, or wrongly.

Run it from the repository as `python -m benchmarks.agent`. It asks the small model of `make model`, or with
--configured the one that SCHEDULER_AGENT_… names, which costs what it costs.
"""

import argparse
import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from itertools import islice

from benchmarks.agent import speed
from benchmarks.agent.asking import Instruction, instructions, understood
from benchmarks.agent.report import report
from benchmarks.agent.small_model import small_model
from rich.console import Console
from rich.progress import Progress

from marketmind_scheduler.adapters.language_models.chat import ChatLanguageModel
from marketmind_scheduler.adapters.language_models.endpoint import Endpoint
from marketmind_scheduler.entrypoints.commands.console import environment
from marketmind_scheduler.entrypoints.environment import load

_SECONDS = 300


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="make bench-agent", description=__doc__)
    parser.add_argument("--configured", action="store_true", help="ask the model that SCHEDULER_AGENT_… names")
    parser.add_argument("--first", type=int, help="ask only so many")
    parser.add_argument("--speed", action="store_true", help="measure what a run takes besides the answers instead")
    chosen = parser.parse_args(arguments)
    if chosen.speed:
        asyncio.run(speed.measure())
        return
    asked = list(islice(instructions(), chosen.first))
    asyncio.run(_run(asked, is_configured=chosen.configured))


async def _run(asked: Sequence[Instruction], *, is_configured: bool) -> None:
    async with _endpoint(is_configured=is_configured) as endpoint, ChatLanguageModel.at(endpoint) as model:
        with Progress(console=Console(stderr=True), transient=True) as progress:
            in_turn = progress.track(asked, description="asking")
            found = [await understood(model, each.words, seconds=_SECONDS) for each in in_turn]
    report(Console(width=120), list(zip(asked, found, strict=True)))


@asynccontextmanager
async def _endpoint(*, is_configured: bool) -> AsyncGenerator[Endpoint]:
    if not is_configured:
        async with small_model() as small:
            yield small.endpoint
        return
    endpoint = load(environment()).agent_endpoint
    if endpoint is None:
        raise SystemExit("SCHEDULER_AGENT_BASE_URL and SCHEDULER_AGENT_MODEL say which model to ask; set them")
    yield endpoint


if __name__ == "__main__":
    main()
