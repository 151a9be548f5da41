"""A role for the service, beside the one that owns the schema."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg


@asynccontextmanager
async def a_service_role(database_url: str) -> AsyncGenerator[str]:
    """The URL of the database for a new role that nothing was granted to; the role is dropped at the end."""
    role, password = f"service {uuid4().hex}", uuid4().hex
    owner = await asyncpg.connect(database_url)
    try:
        await owner.execute(f"CREATE ROLE \"{role}\" LOGIN PASSWORD '{password}'")
        parts = urlsplit(database_url)
        host = parts.netloc.rpartition("@")[2]
        try:
            yield parts._replace(netloc=f"{role.replace(' ', '%20')}:{password}@{host}").geturl()
        finally:
            await owner.execute(f'DROP OWNED BY "{role}"')
            await owner.execute(f'DROP ROLE "{role}"')
    finally:
        await owner.close()
