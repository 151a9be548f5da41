"""Agents at an API that checks access, over fakes."""

from uuid import UUID

import pytest

from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.access import Reach, Scope
from tests.http.mcp.agents import Keys
from tests.http.steps import new_id


@pytest.fixture
def keys(use_cases: UseCases) -> Keys:
    """Makes keys: with these scopes, for one brand or for all; the header that shows it."""

    async def make(*scopes: Scope, brand_id: str | None = None) -> dict[str, str]:
        reach = Reach(None if brand_id is None else frozenset({UUID(brand_id)}))
        issued = await use_cases.key_ring.create(new_id(), scopes=scopes, reach=reach, expires_at=None)
        return {"authorization": f"Bearer {issued.credential}"}

    return make
