"""A backend of each kind, on a simulated ATS of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import attrs
import pytest
import pytest_asyncio

from tele2ats_async.simulator import AtsSimulator, Company

from .backends import AIOHTTP, FASTAPI, LISTENER, Backend, running


@attrs.frozen
class Stage:
    """A backend that runs, who asks it, and whom it asks.

    Attributes:
        names: The recordings, in order of their calls.
    """

    simulator: AtsSimulator
    backend: Backend
    client: aiohttp.ClientSession
    names: list[str]


@pytest.fixture(scope="module", params=[AIOHTTP, FASTAPI])
def kind(request: pytest.FixtureRequest) -> str:
    """Give each kind of backend."""
    return str(request.param)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_stage(kind: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """Run a backend for all tests of a module."""
    company = Company.generate(seed=5, recordings=230, duration_s=(1, 4))
    names = [record.record_file_name for record in company.records if record.record_file_name]
    log: Path = tmp_path_factory.mktemp(kind) / "log"
    async with (
        AtsSimulator(company=company) as simulator,
        running(kind, simulator, log) as backend,
        aiohttp.ClientSession(backend.base_url, headers=LISTENER) as client,
    ):
        yield Stage(simulator, backend, client, names)


@pytest.fixture
def stage(shared_stage: Stage) -> Stage:
    """Give the backend to a test, with nothing asked so far."""
    shared_stage.simulator.requests.clear()
    return shared_stage
