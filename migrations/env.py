"""Runs the migrations over the connection that the service hands in; for Alembic's own commands, over DATABASE_URL."""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from marketmind_scheduler.adapters.postgres.tables import metadata


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_over(url: str) -> None:
    engine = create_async_engine(f"postgresql+asyncpg://{url.partition('://')[2]}", poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()


if (handed_in := context.config.attributes.get("connection")) is not None:
    run(handed_in)
else:
    asyncio.run(run_over(os.environ["DATABASE_URL"]))
