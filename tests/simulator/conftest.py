"""A simulator, and a plain aiohttp session that asks it in so many words."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import date
from typing import Any

import aiohttp
import attrs
import orjson
import pytest_asyncio
import yarl
from multidict import CIMultiDictProxy

from tele2ats_async.simulator import AtsSimulator, Company


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
            headers: Mapping[str, str] | None = None,
            tls: ssl.SSLContext | bool = True,
        ) -> Reply:
            sent = {
                "Authorization": simulator.tokens.access if token == "" else token,
                "User-Agent": agent,
                "Accept": accept,
                "Content-Type": content_type,
                **(headers or {}),
            }
            async with session.request(
                method,
                yarl.URL(simulator.base_url + target, encoded=True),
                headers={name: value for name, value in sent.items() if value is not None},
                data=body,
                allow_redirects=False,
                ssl=tls,
            ) as response:
                return Reply(response.status, response.headers, await response.read())

        yield ask


@attrs.frozen
class Heard:
    """What came over one connection until the service ended it, byte for byte."""

    head: str
    body: bytes
    was_reset: bool


async def listen(
    simulator: AtsSimulator,
    target: str,
    *,
    method: str = "GET",
    accept: str = "*/*, application/json",
    more: str = "",
) -> Heard:
    """Ask on a connection of our own, and hear it to its end."""
    reader, writer = await asyncio.open_connection(*_address(simulator))
    writer.write(
        f"{method} /crm/openapi{target} HTTP/1.1\r\nHost: ats\r\nUser-Agent: Mozilla/5.0\r\n"
        f"Accept: {accept}\r\nAuthorization: {simulator.tokens.access}\r\n{more}\r\n".encode()
    )
    heard, was_reset = bytearray(), False
    try:
        async with asyncio.timeout(20):
            while piece := await reader.read(65_536):
                heard += piece
    except ConnectionResetError:
        was_reset = True
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)  # an aborted transport is gone one turn of the loop later
    head, _, body = bytes(heard).partition(b"\r\n\r\n")
    return Heard(head.decode("latin-1"), body, was_reset)


def _address(simulator: AtsSimulator) -> tuple[str, int]:
    url = yarl.URL(simulator.base_url)
    assert url.host is not None
    assert url.port is not None
    return url.host, url.port


def small_company() -> Company:
    """Make sixty short recordings, the same each time."""
    return Company.generate(seed=1, recordings=60, duration_s=(3, 9), last_day=date(2022, 8, 12))


def names_of(simulator: AtsSimulator) -> list[str]:
    """List the names of all recordings."""
    return [record.record_file_name for record in simulator.company.records if record.record_file_name]


def file_of(name: str) -> str:
    """Give the target of operation 9."""
    return "/call-records/file?filename=" + name.replace("/", "%2F")


@pytest_asyncio.fixture
async def archive() -> AsyncIterator[AtsSimulator]:
    """A simulator of a company whose calls are all recorded."""
    async with AtsSimulator(company=small_company(), seed=7) as running:
        yield running
