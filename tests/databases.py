"""Databases made for a test and dropped after it."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg

URL = "TEST_DATABASE_URL"


@asynccontextmanager
async def new_database(name: str) -> AsyncGenerator[str]:
    """The URL of a new, empty database on the server that the tests use; dropped at the end, whoever is connected."""
    server_url = os.environ[URL]
    server = await asyncpg.connect(server_url)
    try:
        await server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await server.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
        finally:
            await server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await server.close()
