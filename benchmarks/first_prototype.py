"""The first prototype's way: FastAPI, functions in threads, an ORM over psycopg2, two reads and an insert a post,
and no checks. It has a table of its own beside those of the service.

Run with the Python that has requirements-peers.txt: `first_prototype.py DATABASE_URL PORT`.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import uvicorn
from fastapi import Depends, FastAPI
from pydantic import BaseModel, ConfigDict
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker


class Table(DeclarativeBase):
    pass


class Brand(Table):
    __tablename__ = "brands"
    brand_id: Mapped[UUID] = mapped_column(primary_key=True)
    brand_default_timezone: Mapped[str]


class Post(Table):
    __tablename__ = "posts"
    post_id: Mapped[UUID] = mapped_column(primary_key=True)
    brand_id: Mapped[UUID]
    platform: Mapped[str]


class Schedule(Table):
    __tablename__ = "first_prototype_schedules"
    schedule_id: Mapped[UUID] = mapped_column(primary_key=True)
    post_id: Mapped[UUID] = mapped_column(index=True)
    brand_id: Mapped[UUID]
    platform: Mapped[str]
    publish_time: Mapped[datetime]
    status: Mapped[str]
    retry_count: Mapped[int]
    created_at: Mapped[datetime]


class Asked(BaseModel):
    timestamp: datetime


class Shown(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    schedule_id: UUID
    post_id: UUID
    brand_id: UUID
    platform: str
    publish_time: datetime
    status: str
    retry_count: int


engine = create_engine(f"postgresql+psycopg2://{sys.argv[1].partition('://')[2]}")
sessions = sessionmaker(engine, expire_on_commit=False)
app = FastAPI()


def session() -> Iterator[Session]:
    with sessions() as opened:
        yield opened


@app.post("/schedule/post/{post_id}")
def schedule(post_id: UUID, asked: Asked, opened: Annotated[Session, Depends(session)]) -> Shown:
    post = opened.get_one(Post, post_id)
    brand = opened.get_one(Brand, post.brand_id)
    local = asked.timestamp.replace(tzinfo=ZoneInfo(brand.brand_default_timezone))
    made = Schedule(
        schedule_id=uuid4(),
        post_id=post_id,
        brand_id=brand.brand_id,
        platform=post.platform,
        publish_time=local.astimezone(UTC).replace(tzinfo=None),
        status="PENDING",
        retry_count=0,
        created_at=datetime.now(UTC).replace(tzinfo=None),  # noqa: TID251
    )
    opened.add(made)
    opened.commit()
    return Shown.model_validate(made)


@app.get("/schedule/post/{post_id}")
def read(post_id: UUID, opened: Annotated[Session, Depends(session)]) -> Shown:
    return Shown.model_validate(opened.scalars(select(Schedule).where(Schedule.post_id == post_id)).one())


if __name__ == "__main__":
    Schedule.__table__.create(engine, checkfirst=True)
    uvicorn.run(app, port=int(sys.argv[2]), log_level="warning", access_log=False)
