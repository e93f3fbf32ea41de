"""Several processes on one account: one of them refreshes, and all go on."""

import asyncio
import json
import signal
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from children import Child, child
from programs import TASKS, open_store

from tele2ats_async import TokenPair
from tele2ats_async.simulator import AtsSimulator, Company

pytestmark = pytest.mark.asyncio

PROCESSES = 8
QUICK = {"LOCK_TIMEOUT_S": "1"}


@pytest.fixture(params=["file", "redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name a place for the tokens: a file, or a key of a real server."""
    if request.param == "file":
        return str(tmp_path / "tokens.json")
    return "#".join(request.getfixturevalue(name) for name in ("redis_url", "redis_key"))


def _puts(simulator: AtsSimulator) -> int:
    return sum("PUT" == seen.method for seen in simulator.requests)


async def _start(
    stack: AsyncExitStack, count: int, place: str, base_url: str, **settings: str
) -> list[Child]:
    """Start processes that have all made a request with the same token."""
    children = await asyncio.gather(
        *(stack.enter_async_context(child("ask_together", place, base_url, **settings)) for _ in range(count))
    )
    for member in children:
        assert "ready" == await member.hear()
    return list(children)


async def _ask(children: list[Child]) -> None:
    """Let all processes go at once, and expect every answer."""
    for member in children:
        await member.tell()
    for member in children:
        assert {"answered": TASKS, "failures": []} == json.loads(await member.hear())


@pytest.mark.parametrize("death", ["expired", "regenerated"])
async def test_a_dead_token_costs_one_refresh(company: Company, place: str, death: str) -> None:
    """8 processes with 50 tasks each: exactly one refresh, none where a person has put a new pair there."""
    store = open_store(place)
    async with AtsSimulator(company=company) as simulator, AsyncExitStack() as stack:
        await store.save(TokenPair(*simulator.tokens))
        children = await _start(stack, PROCESSES, place, simulator.base_url)
        if death == "expired":
            simulator.expire_access_token()
        else:
            await store.save(TokenPair(*simulator.regenerate_tokens()))
        await _ask(children)

    refreshes = int(death == "expired")
    assert (refreshes, refreshes) == (simulator.refresh_count, _puts(simulator))
    assert TokenPair(*simulator.tokens) == await store.load()


async def test_a_token_that_is_due_costs_one_refresh(company: Company, place: str) -> None:
    """The same ahead of time, where nobody has been refused."""
    clock = {"late_s": 24 * 3600 - 600.0}
    store = open_store(place)
    async with (
        AtsSimulator(company=company, clock=lambda: time.time() - clock["late_s"]) as simulator,
        AsyncExitStack() as stack,
    ):
        await store.save(TokenPair(*simulator.tokens))
        clock["late_s"] = 0
        children = [
            await stack.enter_async_context(child("ask_together", place, simulator.base_url))
            for _ in range(PROCESSES)
        ]
        for member in children:
            assert "ready" == await member.hear()
        await _ask(children)

    assert (1, 1) == (simulator.refresh_count, _puts(simulator))


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_lock_whose_holder_dies_or_hangs(company: Company, place: str, end: signal.Signals) -> None:
    """The others wait for the lock's timeout at the most, and then refresh once all the same."""
    store = open_store(place)
    async with AtsSimulator(company=company) as simulator, AsyncExitStack() as stack:
        await store.save(TokenPair(*simulator.tokens))
        children = await _start(stack, 3, place, simulator.base_url, **QUICK)
        holder = await stack.enter_async_context(child("hold_the_lock", place, **QUICK))
        assert "held" == await holder.hear()
        holder.send(end)
        simulator.expire_access_token()
        async with asyncio.timeout(15):  # sixty times less than with the lock's own 60 s, twice over
            await _ask(children)

    assert 1 == simulator.refresh_count
    assert TokenPair(*simulator.tokens) == await store.load()


@pytest.mark.parametrize("is_answered", [False, True])
async def test_a_process_that_hangs_in_the_middle_of_a_refresh(
    company: Company,
    place: str,
    is_answered: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    """Suspended with the lock in its hands, before or after the service took the pair: nothing is lost.

    Where the service has issued a new pair that only the sleeper can save, the others are told that they
    are locked out, and go on as soon as it has woken and saved.
    """
    arrived, may_pass, answered = asyncio.Event(), asyncio.Event(), asyncio.Event()
    store = open_store(place)
    async with (
        AtsSimulator(company=company, middlewares=[_hold(arrived, may_pass, answered)]) as simulator,
        AsyncExitStack() as stack,
    ):
        await store.save(TokenPair(*simulator.tokens))
        children = await _start(stack, 2, place, simulator.base_url, **QUICK)
        sleeper = await stack.enter_async_context(child("refresh_once", place, simulator.base_url, **QUICK))
        await asyncio.wait_for(arrived.wait(), 30)
        sleeper.send(signal.SIGSTOP)
        if is_answered:
            may_pass.set()
            await answered.wait()
            for member in children:
                await member.tell()
                told = json.loads(await member.hear())
                assert 0 == told["answered"]
                assert "ReauthorizationRequired" in told["failures"][0]
            sleeper.send(signal.SIGCONT)
            await sleeper.ended()
        else:
            simulator.expire_access_token()
            await _ask(children)
            may_pass.set()
            sleeper.send(signal.SIGCONT)
            await sleeper.ended()
        again = await _start(stack, 1, place, simulator.base_url)
        await _ask(again)

    assert 1 == simulator.refresh_count
    assert TokenPair(*simulator.tokens) == await store.load()


def _hold(arrived: asyncio.Event, may_pass: asyncio.Event, answered: asyncio.Event) -> Middleware:
    """Hold the first refresh back until it may pass."""

    @web.middleware
    async def hold(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method != "PUT" or arrived.is_set():
            return await handler(request)
        arrived.set()
        await may_pass.wait()
        response = await handler(request)
        answered.set()
        return response

    return hold
