"""Hundreds of accounts in one process, over one client."""

import asyncio
import gc
import tracemalloc
from collections.abc import AsyncIterator

import aiohttp
import attrs
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.typedefs import Handler
from raw_service import ONCE, ask

from tele2ats_async import AtsSession, ReauthorizationRequired, TokenPair
from tele2ats_async.simulator import AtsSimulator, Company

pytestmark = pytest.mark.asyncio

ACCOUNTS = 200


@attrs.define
class Campus:
    """Many companies' services at one address, each below a path of its own.

    Attributes:
        address: Where they are.
        services: One for each account.
        in_flight: Requests under way now, for each account.
        most: The most that there were at once, for each account.
    """

    services: list[AtsSimulator]
    address: str = ""
    in_flight: list[int] = attrs.field(factory=lambda: [0] * ACCOUNTS)
    most: list[int] = attrs.field(factory=lambda: [0] * ACCOUNTS)

    def base_url(self, account: int) -> str:
        return f"{self.address}/{account}/crm/openapi"

    @web.middleware
    async def count(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        account = int(request.path.split("/")[1])
        self.in_flight[account] += 1
        self.most[account] = max(self.most[account], self.in_flight[account])
        try:
            await asyncio.sleep(0.002)
            return await handler(request)
        finally:
            self.in_flight[account] -= 1


@pytest_asyncio.fixture
async def campus(company: Company) -> AsyncIterator[Campus]:
    """Serve all accounts."""
    campus = Campus([AtsSimulator(company=company) for _ in range(ACCOUNTS)])
    app = web.Application(middlewares=[campus.count])
    for account, service in enumerate(campus.services):
        app.add_subapp(f"/{account}", service.make_app())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    campus.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield campus
    await runner.cleanup()


def _open_sessions(campus: Campus, client: aiohttp.ClientSession) -> list[AtsSession]:
    return [
        AtsSession(
            TokenPair(*service.tokens),
            base_url=campus.base_url(account),
            client=client,
            retry=ONCE,
            max_connections=1 + account % 3,
        )
        for account, service in enumerate(campus.services)
    ]


async def test_accounts_on_one_client_stay_apart(campus: Campus) -> None:
    """Each has tokens, errors and limits of its own, while all share the connections of one client."""
    locked_out = {7, 77}
    connector = aiohttp.TCPConnector(limit=20)
    async with aiohttp.ClientSession(connector=connector) as client:
        sessions = _open_sessions(campus, client)
        for account, service in enumerate(campus.services):
            if account % 2 == 0:
                service.expire_access_token()
            if account in locked_out:
                service.regenerate_tokens()
        results = await asyncio.gather(
            *(ask(ats) for ats in sessions for _ in range(4)), return_exceptions=True
        )
        for ats in sessions:
            await ats.close()
        assert not client.closed
        connections = sum(len(pool) for pool in connector._conns.values())

    failed = {number // 4 for number, result in enumerate(results) if isinstance(result, BaseException)}
    assert locked_out == failed
    assert 4 * len(locked_out) == sum(isinstance(result, ReauthorizationRequired) for result in results)
    assert [account % 2 == 0 for account in range(ACCOUNTS)] == [
        service.refresh_count == 1 for service in campus.services
    ]
    assert 20 >= connections
    assert all(
        most <= 1 + account % 3 + 1 for account, most in enumerate(campus.most)
    )  # a refresh needs no slot
    assert {1, 2, 3} <= set(campus.most)


async def test_a_session_is_small(campus: Campus) -> None:
    """At most 20 KB each, and not more after requests and a refresh."""
    async with aiohttp.ClientSession() as client:
        for ats in _open_sessions(campus, client)[:5]:  # what is loaded once, and what the server keeps
            await ats.tokens.refresh()
        for service in campus.services:
            service.requests.clear()
        gc.collect()
        tracemalloc.start()
        try:
            sessions = _open_sessions(campus, client)
            gc.collect()
            new_bytes = tracemalloc.get_traced_memory()[0] / ACCOUNTS
            snapshot = tracemalloc.take_snapshot()
            for ats in sessions:
                await ask(ats)
                await ats.tokens.refresh()
            gc.collect()
            growth = tracemalloc.take_snapshot().compare_to(snapshot, "filename")
        finally:
            tracemalloc.stop()
        client_files = ("tele2ats_async/session", "tele2ats_async/tokens", "tele2ats_async/requester")
        used_bytes = sum(
            change.size_diff
            for change in growth
            if any(part in change.traceback[0].filename.replace("\\", "/") for part in client_files)
        )
        for ats in sessions:
            await ats.close()

    assert new_bytes <= 20_000
    assert new_bytes + used_bytes / ACCOUNTS <= 20_000
