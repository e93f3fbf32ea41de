"""A simulator, and a plain aiohttp session that asks it in so many words."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import attrs
import orjson
import pytest_asyncio
import yarl
from multidict import CIMultiDictProxy

from tele2ats_async.simulator import AtsSimulator


@attrs.frozen
class Reply:
    """What came back, raw."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return orjson.loads(self.body)


Ask = Callable[..., Awaitable[Reply]]


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 1_660_306_849.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


@pytest_asyncio.fixture
async def simulator() -> AsyncIterator[AtsSimulator]:
    """A default simulator."""
    async with AtsSimulator(seed=7) as running:
        yield running


@pytest_asyncio.fixture
async def ask() -> AsyncIterator[Ask]:
    """Ask a simulator; headers that are None are not sent at all."""
    automatic = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
    async with aiohttp.ClientSession(skip_auto_headers=automatic) as session:

        async def ask(
            simulator: AtsSimulator,
            target: str,
            *,
            method: str = "GET",
            token: str | None = "",
            agent: str | None = "Mozilla/5.0 (compatible; tele2ats_async/0.1)",
            accept: str | None = "application/json",
            body: bytes | None = None,
            content_type: str | None = None,
        ) -> Reply:
            headers = {
                "Authorization": simulator.tokens.access if token == "" else token,
                "User-Agent": agent,
                "Accept": accept,
                "Content-Type": content_type,
            }
            async with session.request(
                method,
                yarl.URL(simulator.base_url + target, encoded=True),
                headers={name: value for name, value in headers.items() if value is not None},
                data=body,
                allow_redirects=False,
            ) as response:
                return Reply(response.status, response.headers, await response.read())

        yield ask
