"""Whether the service lives and can work."""

import pytest

from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.errors import StorageUnavailable
from marketmind_scheduler.domain.zones import ZoneCatalog
from tests.builders import NOW
from tests.fakes.readiness import ScriptedReadiness


def test_the_process_lives_whether_or_not_the_storage_answers(
    use_cases: UseCases, readiness: ScriptedReadiness
) -> None:
    readiness.is_reachable = False

    assert use_cases.health.live() == NOW


async def test_the_service_is_healthy_when_the_storage_answers(use_cases: UseCases) -> None:
    assert await use_cases.health.check() == NOW


async def test_the_service_is_not_healthy_without_its_storage(
    use_cases: UseCases, readiness: ScriptedReadiness
) -> None:
    readiness.is_reachable = False

    with pytest.raises(StorageUnavailable):
        await use_cases.health.check()


async def test_the_service_is_ready_with_a_storage_of_its_schema(use_cases: UseCases, zones: ZoneCatalog) -> None:
    report = await use_cases.health.report()

    assert report.is_ready
    assert report.checks == {"database": "ok", "schema": "ok", "time_zones": "ok"}
    assert (report.at, report.tz_release) == (NOW, zones.release)


async def test_the_service_is_not_ready_on_another_schema_and_says_what_to_do(
    use_cases: UseCases, readiness: ScriptedReadiness
) -> None:
    readiness.has_current_schema = False

    report = await use_cases.health.report()

    assert not report.is_ready
    assert report.checks["database"] == "ok"
    assert "marketmind-scheduler migrate" in report.checks["schema"]


async def test_the_service_is_not_ready_without_its_storage_and_says_so(
    use_cases: UseCases, readiness: ScriptedReadiness
) -> None:
    readiness.is_reachable = False

    report = await use_cases.health.report()

    assert not report.is_ready
    assert report.checks == {"database": str(StorageUnavailable())}


async def test_the_service_is_not_ready_while_its_storage_takes_no_writes(
    use_cases: UseCases, readiness: ScriptedReadiness
) -> None:
    readiness.writes = False

    report = await use_cases.health.report()

    assert not report.is_ready
    assert "takes no writes" in report.checks["database"]
