"""Secrets, and what posts say, appear in nothing that the service prints or shows to others, whatever goes wrong."""

import base64
import os
from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2
import pytest

from tests.databases import URL
from tests.http.steps import a_brand, new_id, present, scheduled
from tests.programs import ImportedCommandLine
from tests.receivers import Answer, Received, receiving
from tests.system.proxy import Mode, Proxy, proxied
from tests.system.servers import a_database, connected, until
from tests.system.services import Service, serving

pytestmark = pytest.mark.timeout(120)

OWNER = f"owner_{uuid4().hex}"
CANARY = "Kanarienvogel7"
BIRD = "Zaunkoenig9"
SECRET = "whsec_" + base64.b64encode(f"{CANARY}-{CANARY}-{CANARY}".encode()).decode()
CONTENT = {"title": f"Meet {CANARY}", "s3_url": f"s3://tea/{CANARY}.mp4", "platform": "TWITTER"}
HEADERS = {"authorization": f"Bearer {CANARY}", "idempotency-key": CANARY, "cookie": f"session={CANARY}"}
HIDDEN = (CANARY, BIRD, SECRET, SECRET.removeprefix("whsec_"))
REFUSE_ALL = "ALTER TABLE posts ADD CONSTRAINT refuse_all CHECK (title = '') NOT VALID"
SHOWN = ("/", "/health", "/health/live", "/health/ready", "/metrics", "/problems", "/docs", "/docs/openapi.json")


def leaks(*texts: str) -> list[str]:
    """The lines with something in them that is to be hidden."""
    return [line for text in texts for line in text.splitlines() if any(hidden in line for hidden in HIDDEN)]


def as_owner(database_url: str) -> str:
    parts = urlsplit(database_url)
    return parts._replace(netloc=f"{OWNER}:{CANARY}@{parts.hostname}:{parts.port}").geturl()


def refuse(received: Received) -> Answer:
    """As a receiver does that says what it does not like."""
    return Answer(status=422, body=f"{received.content['title']!r} at {received.content['s3_url']} is bad".encode())


@pytest.fixture(scope="module")
async def database() -> AsyncGenerator[str]:
    """Owned by a role with a password that is to be hidden."""
    async with connected(os.environ[URL]) as server:
        await server.execute(f"CREATE ROLE {OWNER} LOGIN PASSWORD '{CANARY}'")
        try:
            async with a_database() as url:
                await server.execute(f'ALTER DATABASE "{urlsplit(url).path[1:]}" OWNER TO {OWNER}')
                yield url
        finally:
            await server.execute(f"DROP ROLE {OWNER}")


@pytest.fixture
async def network(database: str) -> AsyncGenerator[Proxy]:
    async with proxied(database) as proxy:
        yield proxy


@pytest.fixture(params=["json", "console"])
async def service(
    request: pytest.FixtureRequest, database: str, network: Proxy, tmp_path: Path
) -> AsyncGenerator[Service]:
    """A service that says all it can, with a secret wherever it takes one."""
    webhooks = tmp_path / "webhooks.toml"
    async with receiving(refuse, secrets=[SECRET]) as receiver:
        webhooks.write_text(
            f'allow = ["127.0.0.1/32:{receiver.port}"]\n[default]\nurl = "{receiver.url}?token={BIRD}"\n'
            f'secrets = ["{SECRET}"]\nallow_http = true\n'
        )
        async with serving(
            DATABASE_URL=as_owner(network.url_of(database)),
            SCHEDULER_PUBLISHER="webhook",
            SCHEDULER_WEBHOOKS=str(webhooks),
            SCHEDULER_LOG_LEVEL="debug",
            SCHEDULER_LOG_FORMAT=request.param,
        ) as serves:
            yield serves


@pytest.fixture
async def client(service: Service) -> AsyncGenerator[httpx2.AsyncClient]:
    async with service.client() as caller:
        caller.headers.update(HEADERS)
        yield caller


async def until_logged(service: Service, text: str) -> None:
    async def is_logged() -> bool:
        return text in service.output()

    await until(is_logged)


async def test_nothing_of_it_is_printed_or_shown_while_everything_goes_wrong(
    service: Service, client: httpx2.AsyncClient, database: str, network: Proxy
) -> None:
    brand_id, post_id = await a_brand(client), new_id()
    await client.put(f"/posts/{post_id}", json={"brand_id": brand_id, **CONTENT})
    await scheduled(client, post_id, await present(client))
    await until_logged(service, "the receiver answered 422")
    malformed = await client.put(f"/posts/{new_id()}?token={CANARY}", json={"brand_id": CANARY, **CONTENT})
    async with connected(database) as sql:
        await sql.execute(REFUSE_ALL)
        fault = await client.put(f"/posts/{new_id()}", json={"brand_id": brand_id, **CONTENT})
        await sql.execute("ALTER TABLE posts DROP CONSTRAINT refuse_all")
    shown = [(await client.get(path)).text for path in SHOWN]
    await network.be(Mode.REFUSE)
    away = await client.put(f"/posts/{post_id}", json={"brand_id": brand_id, **CONTENT})
    shown += [(await client.get(path)).text for path in SHOWN]
    await network.be(Mode.PASS)
    await service.stop()

    assert (malformed.status_code, fault.status_code, away.status_code) == (400, 500, 503)
    output = service.output()
    assert "refuse_all" in output
    assert "Traceback" in output
    assert leaks(output, fault.text, away.text, *shown) == []


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://user:{CANARY}@127.0.0.1:1/database",
        f"postgresql://user:{CANARY}@127.0.0.1:port/database",
        f"postgresql://user:{CANARY}#@127.0.0.1/database",
        f"postgresql://user:{CANARY}/x@127.0.0.1/database",
        f"postgresql://user:[{CANARY}@127.0.0.1/database",
        f"postgresql://user@127.0.0.1:1/database?password={CANARY}",
        f"postgresql://user:{CANARY}@127.0.0.1:1/database?sslmode=none",
        f"mysql://user:{CANARY}@127.0.0.1/database",
        f"user:{CANARY}@127.0.0.1/database",
        CANARY,
    ],
)
def test_a_database_that_cannot_be_used_is_told_without_its_password(tmp_path: Path, url: str) -> None:
    ended = ImportedCommandLine(tmp_path).run("status", DATABASE_URL=url, SCHEDULER_LOG_LEVEL="debug")

    assert (ended.returncode, leaks(ended.stdout, ended.stderr)) == (1, [])
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "content",
    [
        f'[default]\nurl = "https://here.example"\nsecrets = ["{CANARY}"]',
        f'[default]\nurl = "https://user:{CANARY}@here.example"\nsecrets = ["{SECRET}"]',
        f'[default]\nurl = "http://here.example/?token={CANARY}"\nsecrets = ["{SECRET}"]',
        f'[default]\nurl = "https://here.example"\nsecrets = "{SECRET}"',
        f'[default]\nurl = "https://here.example"\nsecrets = ["{SECRET}]',
        f'[default]\nurl = "https://here.example"\nsecrets = [{SECRET}]',
    ],
)
def test_a_wrong_file_of_webhooks_is_told_without_its_secrets(tmp_path: Path, content: str) -> None:
    (tmp_path / "webhooks.toml").write_text(content)

    ended = ImportedCommandLine(tmp_path).run(
        "dispatch",
        DATABASE_URL="postgresql://user@127.0.0.1:1/database",
        SCHEDULER_PUBLISHER="webhook",
        SCHEDULER_WEBHOOKS="webhooks.toml",
    )

    assert (ended.returncode, leaks(ended.stdout, ended.stderr)) == (1, [])
    assert "webhooks.toml" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_help_repeats_nothing_of_the_environment(tmp_path: Path) -> None:
    ended = ImportedCommandLine(tmp_path).run("--help", DATABASE_URL=f"postgresql://user:{CANARY}@127.0.0.1/database")

    assert (ended.returncode, leaks(ended.stdout, ended.stderr)) == (0, [])
