"""The key of a language model's endpoint and the path of its URL are told to that endpoint alone."""

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.storage import PostgresStorage
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.entrypoints.environment import load
from marketmind_scheduler.entrypoints.wiring.language_models import model_in_use
from tests.fakes.chat_server import ChatServer, Script, answering, chat_server, completion, saying, silent
from tests.fakes.clock import FrozenClock
from tests.fakes.run_observer import RecordingRunObserver
from tests.http.postgres.given import over, stored
from tests.http.steps import Json, a_campaign, calling, observed

KEY, PATH = "sk-canary-0123456789abcdef", "path-canary-0123456789"
SECRETS = (KEY, PATH)
ALL_OF_IT = f"authorization: bearer {KEY} for /{PATH}/v1/chat/completions"
ENDPOINTS: Mapping[str, Script] = {
    "takes all of it for an instruction": saying(json.dumps({"said": f"bearer {KEY}"})),
    "calls its model by the key": answering(json.dumps({**completion("{}"), "model": KEY}).encode()),
    "calls its version by the key": answering(json.dumps({**completion("{}"), "system_fingerprint": KEY}).encode()),
    "refuses with the key": saying(None, refusal=f"bearer {KEY}"),
    "is cut off in the key": saying(f'{{"said": "{KEY}', finish_reason="length"),
    "is cut off by the key": saying("{}", finish_reason=KEY),
    "refuses the key, in all its parts": answering(
        json.dumps({"error": {"message": ALL_OF_IT, "code": KEY}}).encode(),
        status=f"401 {ALL_OF_IT}",
        headers=f"www-authenticate: bearer {KEY}\r\nx-request-id: {KEY}\r\n",
    ),
    "breaks down over all of it": answering(ALL_OF_IT.encode(), status="500 Oops", kind="text/plain"),
    "sends elsewhere": answering(b"", status="307 Moved", headers=f"location: /{PATH}/elsewhere?key={KEY}\r\n"),
    "answers what is no answer": answering(json.dumps({"request": ALL_OF_IT}).encode()),
    "answers no JSON": answering(ALL_OF_IT.encode()),
    "says nothing": silent,
}


async def test_whatever_an_endpoint_does_with_the_key_and_the_path_they_are_kept_and_logged_nowhere(
    pool: Pool, zones: ZoneCatalog, clock: FrozenClock, tables: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)  # what the libraries log in a process of the service
    for does, script in ENDPOINTS.items():
        with capture_logs() as logged:
            async with chat_server(script) as server:
                told = await _planned(server, pool, zones, clock)

        asked = [head for head in server.heads if f"authorization: bearer {KEY}" in head and f"/{PATH}/v1" in head]
        assert len(asked) == len(server.heads) > 0, does
        exchanges = [each["exchange"] for each in told[1]["items"] if each["exchange"]]
        assert (told[0]["scheduled_by"], len(exchanges)) == ("fallback", len(asked)), does
        seen = {"answers": told, "logs": logged, "of libraries": caplog.messages, "tables": await stored(tables)}
        for where, what in seen.items():
            assert not [secret for secret in SECRETS if secret in str(what).lower()], (does, where)


async def _planned(server: ChatServer, pool: Pool, zones: ZoneCatalog, clock: FrozenClock) -> Sequence[Json]:
    """The plan and its runs, as they are told to an administrator."""
    async with model_in_use(load(_settings(server)), PostgresStorage(pool), RecordingRunObserver()) as in_use:
        assert in_use is not None
        async with calling(observed(over(pool, zones, clock, model=in_use.configured))) as client:
            campaign_id = await a_campaign(client, posts=["LINKEDIN", "TWITTER"])
            asked: Mapping[str, Any] = {"scheduler": "agentic", "instruction": "never between 22 and 7"}
            begun = await client.post(f"/campaigns/{campaign_id}/plans", json=asked)
            assert begun.status_code == 202, begun.text
            plan = await client.get(begun.headers["location"], params={"wait_seconds": 25})
            runs = await client.get(f"{begun.headers['location']}/runs")
            return [plan.json(), runs.json()]


def _settings(server: ChatServer) -> Mapping[str, str]:
    return {
        "SCHEDULER_AGENT_BASE_URL": f"http://127.0.0.1:{server.port}/{PATH}/v1",
        "SCHEDULER_AGENT_ALLOWED_HOSTS": f"127.0.0.1:{server.port}",
        "SCHEDULER_AGENT_MODEL": "scripted",
        "SCHEDULER_AGENT_API_KEY": KEY,
    }
