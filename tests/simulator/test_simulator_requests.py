import asyncio
import ssl
from urllib.parse import urlsplit

import aiohttp
import pytest
import trustme
from aiohttp import web
from aiohttp.typedefs import Handler

from tele2ats_async.simulator import AtsSimulator, SeenRequest

from .conftest import Ask

pytestmark = pytest.mark.asyncio

LISTING = "/call-records/info"
WEEK = "start=2022-08-01T00%3A00%3A00%2B03%3A00&end=2022-08-08T00%3A00%3A00%2B03%3A00"


@pytest.mark.parametrize(
    "agent",
    [None, "", "Python/3.11 aiohttp/3.14.5", "curl/8.5.0", "python-requests/2.32", "okhttp/4", "Java/17.0.1"],
)
async def test_library_agents_are_refused(simulator: AtsSimulator, ask: Ask, agent: str | None) -> None:
    """Section 1: the gateway answers 406, in HTML, before it looks at anything else."""
    reply = await ask(simulator, f"{LISTING}?{WEEK}", agent=agent, token=None)

    assert 406 == reply.status
    assert "text/html; charset=utf-8" == reply.headers["Content-Type"]
    assert b"<h1>406 Not Acceptable</h1>" in reply.body


@pytest.mark.parametrize(
    ("target", "accept", "status"),
    [
        (LISTING, None, 406),
        (LISTING, "*/*", 406),
        (LISTING, "text/html, application/json;q=0", 406),
        (LISTING, "text/html, Application/JSON;q=0.9", 400),
        ("/call-records/file", "application/json", 406),
        ("/call-records/file", "audio/mpeg", 400),
        ("/call-records/file", "*/*", 400),
        ("/call-records/file/stt", "audio/mpeg", 406),
        ("/employees", "*/*", 406),
    ],
)
async def test_accept_is_judged_per_operation(
    simulator: AtsSimulator, ask: Ask, target: str, accept: str | None, status: int
) -> None:
    """Section 1: JSON by name, audio by name or anything; 400 shows that the gateway let it pass."""
    assert status == (await ask(simulator, target, accept=accept)).status


@pytest.mark.parametrize("target", ["/nothing", "/call-records/info/", "", "X", "/managers/1/2"])
async def test_unknown_path(simulator: AtsSimulator, ask: Ask, target: str) -> None:
    """An unknown path gets the error body, below the base URL and beside it."""
    reply = await ask(simulator, target)

    assert (404, "Not Found") == (reply.status, reply.json["error"])
    assert f"/crm/openapi{target}" == reply.json["path"]


async def test_path_outside_the_base(simulator: AtsSimulator, ask: Ask) -> None:
    """Operations exist below the base path only."""
    reply = await ask(simulator, "/../../call-records/info")

    assert (404, "/crm/openapi/../../call-records/info") == (reply.status, reply.json["path"])
    async with aiohttp.ClientSession() as session:
        url = simulator.base_url.replace("/crm/openapi", LISTING)
        async with session.get(url, headers={"User-Agent": "Mozilla/5.0"}) as response:
            assert 404 == response.status


@pytest.mark.parametrize(
    ("method", "target", "allow"),
    [
        ("POST", LISTING, "GET"),
        ("HEAD", LISTING, "GET"),
        ("PATCH", "/managers", "GET, POST, PUT"),
        ("PUT", "/managers/26", "GET, DELETE"),
        ("GET", "/call/outgoing", "POST"),
        ("GET", "/blacklist/all", "DELETE"),
    ],
)
async def test_wrong_method(simulator: AtsSimulator, ask: Ask, method: str, target: str, allow: str) -> None:
    """A known path with another method is 405, and says what is allowed."""
    reply = await ask(simulator, target, method=method)

    assert (405, allow) == (reply.status, reply.headers["Allow"])


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("", "start"),
        ("start=2022-08-01T00%3A00%3A00%2B03%3A00", "end"),
        ("start=2022-08-01T00:00:00%2B03%3A00&end=x", "start"),
        ("start=2022-08-01T00%3A00%3A00+03%3A00&end=x", "start"),
        ("start=2022-08-01T00%3A00%3A00&end=x", "start"),
        ("start=2022-08-01T00%3A00%3A00Z&end=x", "start"),
        ("start=2022-08-01&end=x", "start"),
        ("start=2022-13-01T00%3A00%3A00%2B03%3A00&end=x", "start"),
        ("start=%FF&end=x", "start"),
        ("start=%2&end=x", "start"),
        ("start=&end=x", "start"),
        ("end=2022-08-01T00%3A00%3A00%2B03%3A00&start=2022-08-01T00%3A00%3A01%2B03%3A00", "end"),
        (f"{WEEK}&start=2022-08-01T00%3A00%3A00%2B03%3A00", "start"),
        (f"{WEEK}&is_recorded=True", "is_recorded"),
        (f"{WEEK}&isRecorded=true", "isRecorded"),
        (f"{WEEK}&page=-1", "page"),
        (f"{WEEK}&page=one", "page"),
        (f"{WEEK}&size=0", "size"),
        (f"{WEEK}&size=3001", "size"),
        (f"{WEEK}&sort=date,ASC", "sort"),
        (f"{WEEK}&sort=date", "sort"),
        (f"{WEEK}&sort=date%2Casc", "sort"),
        (f"{WEEK}&sort=record_file_name%2CASC", "sort"),
        (f"{WEEK}&caller=anna", "caller"),
        (f"{WEEK}&callee=%2B79104739472", "callee"),
        (f"{WEEK}&", ""),
    ],
)
async def test_malformed_queries(simulator: AtsSimulator, ask: Ask, query: str, named: str) -> None:
    """Operation 8: nothing is guessed, and the answer names the parameter."""
    reply = await ask(simulator, f"{LISTING}?{query}")

    assert 400 == reply.status
    assert f"'{named}'" in reply.json["details"]


async def test_requests_are_noted(simulator: AtsSimulator, ask: Ask) -> None:
    """Tests of clients read from here what really went over the wire."""
    await ask(simulator, f"{LISTING}?{WEEK}")
    await ask(simulator, "/nothing", method="POST", token="x")

    first, second = simulator.requests
    assert (8, "GET", "/crm/openapi/call-records/info", WEEK, 200) == (
        first.operation,
        first.method,
        first.raw_path,
        first.raw_query,
        first.status,
    )
    assert simulator.tokens.access == first.headers["authorization"]
    assert simulator.tokens.access not in repr(first)
    assert (None, "POST", 404) == (second.operation, second.method, second.status)


async def test_middlewares_come_first(ask: Ask) -> None:
    """Faults can be injected before authorization, and are noted with their status."""
    failing: list[web.HTTPException] = [web.HTTPServiceUnavailable(headers={"Retry-After": "3"})]

    @web.middleware
    async def fail_once(request: web.Request, handler: Handler) -> web.StreamResponse:
        if failing:
            raise failing.pop()
        return await handler(request)

    async with AtsSimulator(middlewares=[fail_once]) as simulator:
        first = await ask(simulator, f"{LISTING}?{WEEK}", token=None)
        second = await ask(simulator, f"{LISTING}?{WEEK}")

    assert (503, "3", 200) == (first.status, first.headers["Retry-After"], second.status)
    assert [503, 200] == [seen.status for seen in simulator.requests]


async def test_arrival_order_and_unanswered_requests(ask: Ask) -> None:
    """Requests are noted when they arrive; one that never gets an answer has no status."""
    stalled = asyncio.Event()
    first_is_in = asyncio.Event()

    @web.middleware
    async def stall_first(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not first_is_in.is_set():
            first_is_in.set()
            await stalled.wait()
        return await handler(request)

    async with AtsSimulator(middlewares=[stall_first]) as simulator:
        slow = asyncio.ensure_future(ask(simulator, "/managers"))
        await first_is_in.wait()
        await ask(simulator, "/blacklist")
        before = [(seen.operation, seen.status) for seen in simulator.requests]
        stalled.set()
        await slow
        after = [(seen.operation, seen.status) for seen in simulator.requests]

    assert [(11, None), (19, 200)] == before
    assert [(11, 200), (19, 200)] == after


async def test_log_is_bounded(simulator: AtsSimulator, ask: Ask) -> None:
    """A simulator that runs for days does not grow; a request that fell out is no trouble."""
    assert 10_000 == simulator.requests.maxlen

    @web.middleware
    async def forget(request: web.Request, handler: Handler) -> web.StreamResponse:
        forgetful.requests.clear()
        return await handler(request)

    forgetful = AtsSimulator(middlewares=[forget])
    async with forgetful:
        await ask(forgetful, "/managers")
    empty: list[SeenRequest] = []
    assert empty == list(forgetful.requests)


async def test_mounted_application() -> None:
    """The application can live in somebody else's server, below a prefix of theirs, with limits of its own."""
    simulator = AtsSimulator()
    app = web.Application()
    app.add_subapp("/ats", simulator.make_app())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    headers = {
        "Authorization": simulator.tokens.access,
        "Accept": "application/json",
        "User-Agent": "Mozilla/5.0",
    }
    async with aiohttp.ClientSession(headers=headers) as session:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/ats/crm/openapi/blacklist"
        async with session.get(url) as response:
            assert 200 == response.status
        oversized = b"7" * 65_537
        async with session.post(url, data=oversized, headers={"Content-Type": "html/text"}) as response:
            assert 413 == response.status
    await runner.cleanup()

    assert [(19, 200), (16, 413)] == [(seen.operation, seen.status) for seen in simulator.requests]


async def test_https() -> None:
    """With a context it speaks TLS, and says so in its base URL."""
    authority = trustme.CA()
    server, client = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(server)
    authority.configure_trust(client)

    async with AtsSimulator(host="localhost", ssl=server) as simulator, aiohttp.ClientSession() as session:
        assert simulator.base_url.startswith("https://localhost:")
        async with session.get(simulator.base_url, ssl=client) as response:
            assert 406 == response.status


async def test_life_of_a_simulator() -> None:
    """It says clearly when it does not listen, frees its port, and may be closed twice."""
    simulator = AtsSimulator()
    with pytest.raises(RuntimeError, match="not listening"):
        _ = simulator.base_url
    await simulator.start()
    port = urlsplit(simulator.base_url).port or 0
    with pytest.raises(OSError, match="in use"):
        await AtsSimulator(port=port).start()
    await simulator.close()
    await simulator.close()
    async with AtsSimulator(port=port) as successor:
        assert f"http://127.0.0.1:{port}/crm/openapi" == successor.base_url


async def test_wrong_settings_are_told_at_once() -> None:
    """A typing error must not make a test pass for the wrong reason."""
    with pytest.raises(ValueError, match="filename_encodings"):
        AtsSimulator(filename_encodings={"thrice"})
    with pytest.raises(ValueError, match="filename_encodings"):
        AtsSimulator(filename_encodings={8: {"once"}})
    with pytest.raises(ValueError, match="vip_spelling"):
        AtsSimulator(vip_spelling="is_vip")
    with pytest.raises(ValueError, match="live_calls_per_hour"):
        AtsSimulator(live_calls_per_hour=-1)
