"""Faults of the connection: no answer, or one that is long in coming."""

import asyncio
import ssl

import aiohttp
import pytest
import trustme
import yarl

from tele2ats_async.simulator import AtsSimulator, faults

from .conftest import Ask, file_of, listen, names_of, small_company

pytestmark = pytest.mark.asyncio

DIAL = "/call/outgoing?destination=79990000000&source=0001"


async def test_refuse(simulator: AtsSimulator) -> None:
    """Nothing is carried out, and not a byte is said."""
    simulator.inject(faults.Refuse(), requests=[1])
    heard = await listen(simulator, DIAL, method="POST")

    assert ("", b"", True) == (heard.head, heard.body, heard.was_reset)
    assert [] == simulator.placed_calls
    assert [(5, None, "Refuse")] == [(seen.operation, seen.status, seen.fault) for seen in simulator.requests]


async def test_vanish(simulator: AtsSimulator) -> None:
    """The call is placed, and the client cannot know: the reason never to dial twice."""
    simulator.inject(faults.Vanish(), requests=[1])
    heard = await listen(simulator, DIAL, method="POST")

    assert ("", b"", True) == (heard.head, heard.body, heard.was_reset)
    assert ["79990000000"] == [call.destination for call in simulator.placed_calls]
    assert [(5, None, "Vanish")] == [(seen.operation, seen.status, seen.fault) for seen in simulator.requests]


async def test_delay_of_the_first_byte(simulator: AtsSimulator, ask: Ask) -> None:
    """The operation is carried out at once; head and body come late, and whole."""
    simulator.inject(faults.DelayFirstByte(0.3), requests=[1])
    loop = asyncio.get_running_loop()
    before = loop.time()
    asking = asyncio.ensure_future(ask(simulator, DIAL, method="POST"))
    while not simulator.placed_calls:
        await asyncio.sleep(0.005)
    assert not asking.done()
    reply = await asking

    assert 200 == reply.status
    assert loop.time() - before >= 0.29


async def test_faults_over_tls(ask: Ask) -> None:
    """Cuts and resets pass through the encryption."""
    authority = trustme.CA()
    server, client = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(server)
    authority.configure_trust(client)
    async with AtsSimulator(company=small_company(), host="localhost", ssl=server) as simulator:
        simulator.inject(faults.Refuse(), requests=[1])
        simulator.inject(faults.CutBody(framing="close"), requests=[1])
        target = file_of(names_of(simulator)[0])
        with pytest.raises(aiohttp.ClientConnectionError):
            await ask(simulator, DIAL, method="POST", tls=client)  # a GET aiohttp would send again
        half = await ask(simulator, target, accept="*/*", tls=client)
        whole = await ask(simulator, target, accept="*/*", tls=client)

    assert whole.body[: len(whole.body) // 2] == half.body


@pytest.mark.parametrize(
    ("fault", "status"), [(faults.DelayFirstByte(3600), None), (faults.StallBody(), 200)]
)
async def test_who_stalls_ends_with_the_client(
    archive: AtsSimulator, fault: faults.Fault, status: int | None
) -> None:
    """A test of timeouts leaves nothing behind that runs on, and no answer where none was begun."""
    archive.inject(fault)
    target = yarl.URL(archive.base_url + file_of(names_of(archive)[0]), encoded=True)
    headers = {"Authorization": archive.tokens.access, "User-Agent": "Mozilla/5.0", "Accept": "*/*"}
    timeout = aiohttp.ClientTimeout(total=0.2)
    tasks_before = len(asyncio.all_tasks())
    async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
        with pytest.raises(TimeoutError):
            async with session.get(target) as response:
                await response.read()
    async with asyncio.timeout(10):
        while len(asyncio.all_tasks()) > tasks_before:
            await asyncio.sleep(0.01)

    assert [status] == [seen.status for seen in archive.requests]


@pytest.mark.parametrize(
    "fault", [faults.DelayFirstByte(3600), faults.StallBody(), faults.Trickle(bytes_per_s=1)]
)
async def test_who_stalls_does_not_hold_up_the_end(archive: AtsSimulator, fault: faults.Fault) -> None:
    """Closing sets them free at once, instead of waiting until aiohttp gives them up."""
    injection = archive.inject(fault)
    hearing = [asyncio.ensure_future(listen(archive, file_of(name))) for name in names_of(archive)[:8]]
    while injection.count < 8:
        await asyncio.sleep(0.005)
    loop = asyncio.get_running_loop()
    before = loop.time()
    await archive.close()
    await asyncio.gather(*hearing)

    assert loop.time() - before < 10
