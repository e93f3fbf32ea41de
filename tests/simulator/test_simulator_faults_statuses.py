"""Faults that say so: errors, pleas to come back later, and pages meant for people."""

from email.utils import parsedate_to_datetime

import pytest

from tele2ats_async.simulator import AtsSimulator, faults

from .conftest import Ask, Clock

pytestmark = pytest.mark.asyncio

DIAL = "/call/outgoing?destination=79990000000&source=0001"


async def test_server_errors_have_the_contracts_body(ask: Ask) -> None:
    """Section 3: the six members; the operation is not carried out."""
    async with AtsSimulator(seed=7, clock=Clock()) as simulator:
        simulator.inject(faults.ServerErrors(status=502))
        reply = await ask(simulator, DIAL, method="POST")

    assert 502 == reply.status
    assert {
        "timestamp": 1_660_306_849_000,
        "status": 502,
        "error": "Bad Gateway",
        "message": "Bad Gateway",
        "details": "The service has failed",
        "path": "/crm/openapi/call/outgoing",
    } == reply.json
    assert [] == simulator.placed_calls


async def test_bursts(simulator: AtsSimulator, ask: Ask) -> None:
    """A service that fails does so for a while: the next requests fail with the one that is hit."""
    injection = simulator.inject(faults.ServerErrors(burst=3), requests=[2, 3, 7], operations=[11])
    statuses = []
    for _ in range(11):
        statuses.append((await ask(simulator, "/managers")).status)
        await ask(simulator, "/blacklist")  # another operation is no part of a burst

    assert [200, 500, 500, 500, 500, 200, 500, 500, 500, 200, 200] == statuses
    assert 7 == injection.count


@pytest.mark.parametrize("status", [429, 503])
async def test_come_back_later(simulator: AtsSimulator, ask: Ask, status: int) -> None:
    """Section 3: with Retry-After if given, in seconds."""
    simulator.inject(faults.ComeBackLater(status=status), requests=[1])
    simulator.inject(faults.ComeBackLater(status=status, retry_after=0), requests=[2])
    simulator.inject(faults.ComeBackLater(status=status, retry_after=30), requests=[3])
    replies = [await ask(simulator, "/managers") for _ in range(4)]

    assert [status, status, status, 200] == [reply.status for reply in replies]
    assert [None, "0", "30", None] == [reply.headers.get("Retry-After") for reply in replies]
    assert "Come back later" == replies[0].json["details"]


async def test_come_back_at_a_date(ask: Ask) -> None:
    """RFC 9110 knows a date in place of seconds; it stands to Date as the seconds say."""
    clock = Clock()
    async with AtsSimulator(seed=7, clock=clock) as simulator:
        simulator.inject(faults.ComeBackLater(retry_after=30, as_date=True))
        reply = await ask(simulator, "/managers")

    assert clock.now + 30 == parsedate_to_datetime(reply.headers["Retry-After"]).timestamp()
    assert clock.now == parsedate_to_datetime(reply.headers["Date"]).timestamp()


async def test_refuse_by_gateway(simulator: AtsSimulator, ask: Ask) -> None:
    """Section 1: a 406 in HTML, as for an agent that the gateway dislikes."""
    disliked = await ask(simulator, "/managers", agent="curl/8.5.0")
    simulator.inject(faults.RefuseByGateway())
    reply = await ask(simulator, "/managers")

    assert (406, disliked.body) == (reply.status, reply.body)
    assert disliked.headers["Content-Type"] == reply.headers["Content-Type"]


async def test_html_page(simulator: AtsSimulator, ask: Ask) -> None:
    """Section 4, note 9: something that is not the answer, under status 200."""
    simulator.inject(faults.HtmlPage())
    reply = await ask(simulator, "/managers")
    file = await ask(simulator, "/call-records/file?filename=x", accept="*/*")
    call = await ask(simulator, DIAL, method="POST")

    assert (200, "text/html; charset=utf-8") == (reply.status, reply.headers["Content-Type"])
    assert reply.body.startswith(b"<!DOCTYPE html>")
    assert reply.body == file.body
    assert (200, b"", 1) == (call.status, call.body, len(simulator.placed_calls))
