"""The click-to-call example as a process of its own, with a CRM that delivers more than once."""

import asyncio
import hashlib
import hmac
import io
import json
import os
import sqlite3
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

import aiohttp
import attrs
import pytest
import pytest_asyncio
from raw_service import free_port

from tele2ats_async.simulator import AtsSimulator, faults

pytestmark = pytest.mark.asyncio

EXAMPLE = Path(__file__).parents[2] / "examples" / "click_to_call.py"
SECRET = "shared-with-the-crm"
CUSTOMER = "8 (953) 393-35-57"
DIALLED = "79533933557"


@attrs.frozen
class Crm:
    """A CRM that delivers webhooks to the example."""

    port: int
    client: aiohttp.ClientSession
    process: asyncio.subprocess.Process

    async def deliver(self, body: bytes, secret: str = SECRET) -> tuple[int, str]:
        """Deliver a body, and give the status and the message of the answer."""
        signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-Hub-Signature-256": signature}
        async with self.client.post(
            f"http://127.0.0.1:{self.port}/call", data=body, headers=headers
        ) as answer:
            return answer.status, (await answer.json())["message"]

    async def click(self, delivery: str, employee: str, customer: str = CUSTOMER) -> int:
        """Deliver a click, and give the status of the answer."""
        order = {"id": delivery, "employee": employee, "customer": customer}
        return (await self.deliver(json.dumps(order).encode()))[0]


@asynccontextmanager
async def running(simulator: AtsSimulator, journal: Path) -> AsyncIterator[Crm]:
    """Run the example until the block is left."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(EXAMPLE),
        stdout=asyncio.subprocess.DEVNULL,
        env={
            **os.environ,
            "TELE2ATS_BASE_URL": simulator.base_url,
            "TELE2ATS_ACCESS_TOKEN": simulator.tokens.access,
            "TELE2ATS_REFRESH_TOKEN": simulator.tokens.refresh,
            "CRM_SECRET": SECRET,
            "CRM_JOURNAL": str(journal),
            "CRM_PORT": str(port),
        },
    )
    try:
        async with aiohttp.ClientSession() as client, asyncio.timeout(60):
            while not await _listens(port):
                assert process.returncode is None
                await asyncio.sleep(0.02)
            yield Crm(port, client, process)
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


@pytest_asyncio.fixture
async def crm(simulator: AtsSimulator, tmp_path: Path) -> AsyncIterator[Crm]:
    """Run the example on the simulator of the test."""
    async with running(simulator, tmp_path / "journal.sqlite3") as crm:
        yield crm


@pytest.fixture
def employee(simulator: AtsSimulator) -> str:
    """Give the number of somebody who can be called."""
    return next(person.short_number for person in simulator.company.employees if person.short_number)


def placed(simulator: AtsSimulator) -> list[str]:
    """Give the queries of the calls that reached the service."""
    return [request.raw_query for request in simulator.requests if request.operation == 5]


async def test_a_click_is_a_call(crm: Crm, simulator: AtsSimulator, employee: str) -> None:
    """The customer's number goes out as the service wants it, however the CRM spells it."""
    assert 200 == await crm.click("one", employee)
    assert [f"destination={DIALLED}&source={employee}"] == placed(simulator)


async def test_a_delivery_that_comes_again_is_no_second_call(
    crm: Crm, simulator: AtsSimulator, employee: str
) -> None:
    """However often and however closely a delivery is repeated, the phone rings once."""
    answers = await asyncio.gather(*(crm.click("one", employee) for _ in range(10)))
    again = await crm.click("one", employee)

    assert (200, 1) == (again, len(placed(simulator)))
    assert Counter(answers)[200] >= 1
    assert {200, 504} >= set(answers)


@pytest.mark.parametrize("fault", [faults.Vanish(), faults.ServerErrors(), faults.HtmlPage()], ids=repr)
async def test_a_call_whose_fate_is_unknown_is_not_placed_again(
    crm: Crm, simulator: AtsSimulator, employee: str, fault: faults.Fault
) -> None:
    """Nothing, or nothing of sense, was heard of the call: a person decides, and the CRM's repetition does not."""
    simulator.inject(fault, operations=[5])

    assert [504, 504] == [await crm.click("one", employee) for _ in range(2)]
    assert 1 == len(placed(simulator))


async def test_a_call_that_certainly_was_not_placed_can_be_tried_again(
    crm: Crm, simulator: AtsSimulator, employee: str
) -> None:
    """A busy service has done nothing: the same delivery may come again, and is a call then."""
    busy = simulator.inject(faults.ComeBackLater(), operations=[5])
    assert 503 == await crm.click("one", employee)
    busy.remove()

    assert 200 == await crm.click("one", employee)


async def test_the_journal_outlives_the_process(
    simulator: AtsSimulator, employee: str, tmp_path: Path
) -> None:
    """A process that is killed while it calls does not call again when the delivery comes to the next one."""
    journal = tmp_path / "journal.sqlite3"
    slow = simulator.inject(faults.DelayFirstByte(30), operations=[5])
    async with running(simulator, journal) as crm:
        click = asyncio.ensure_future(crm.click("one", employee))
        while not placed(simulator):
            await asyncio.sleep(0.01)
        crm.process.kill()
        with pytest.raises(aiohttp.ClientError):
            await click
    slow.remove()
    async with running(simulator, journal) as crm:
        assert 504 == await crm.click("one", employee)

    assert 1 == len(placed(simulator))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b'{"id": "one", "employee": "0001"}', 400),
        (b'{"id": "one", "employee": "0001", "customer": "12"}', 400),
        (b'{"id": "", "employee": "0001", "customer": "89533933557"}', 400),
        (b'{"id": null, "employee": "0001", "customer": "89533933557"}', 400),
        (b'{"id": {}, "employee": "0001", "customer": "89533933557"}', 400),
        (b'{"id": "one", "employee": 1, "customer": "89533933557"}', 400),
        (b'{"id": "one", "employee": "x", "customer": "89533933557"}', 400),
        (b'{"id": "one", "employee": "999999", "customer": "89533933557"}', 404),
    ],
)
async def test_an_order_that_is_none(crm: Crm, body: bytes, status: int) -> None:
    """What cannot be called is refused with a reason, as often as it comes."""
    assert [status, status] == [(await crm.deliver(body))[0] for _ in range(2)]


async def test_nobody_else_places_calls(crm: Crm, simulator: AtsSimulator, employee: str) -> None:
    """Without the shared secret nothing rings, however well the delivery looks."""
    body: Any = json.dumps({"id": "one", "employee": employee, "customer": CUSTOMER}).encode()

    assert 401 == (await crm.deliver(body, "guessed"))[0]
    assert [] == placed(simulator)


@pytest.mark.parametrize("secret", [None, ""])
async def test_without_a_secret_it_does_not_start(secret: str | None, tmp_path: Path) -> None:
    """Anybody could sign with an empty one; what is missing is told in a line."""
    variables = {name: value for name, value in os.environ.items() if name != "CRM_SECRET"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(EXAMPLE),
        stderr=asyncio.subprocess.PIPE,
        cwd=tmp_path,
        env=variables if secret is None else {**variables, "CRM_SECRET": secret},
    )
    async with asyncio.timeout(60):
        _, told = await process.communicate()

    assert 1 == process.returncode
    assert told.startswith(b"CRM_SECRET: not set; ")
    assert 1 == told.count(b"\n")


async def test_an_order_without_an_end_is_not_taken_in(
    crm: Crm, simulator: AtsSimulator, employee: str
) -> None:
    """An id of a megabyte is no id; the journal does not hold it."""
    order = {"id": "x" * 1024 * 1024, "employee": employee, "customer": CUSTOMER}
    body = io.BytesIO(json.dumps(order).encode())
    async with crm.client.post(f"http://127.0.0.1:{crm.port}/call", data=body) as answer:
        assert 413 == answer.status
    assert [] == placed(simulator)


async def test_a_signature_that_is_no_text_is_wrong(crm: Crm) -> None:
    """Bytes that are no UTF-8 are refused as any other, and are no error of the program."""
    reader, writer = await asyncio.open_connection("127.0.0.1", crm.port)
    writer.write(b"POST /call HTTP/1.1\r\nHost: crm\r\nX-Hub-Signature-256: sha256=\xff\r\n")
    writer.write(b"Content-Length: 2\r\nConnection: close\r\n\r\n{}")
    status_line = await reader.readline()
    writer.close()
    await writer.wait_closed()

    assert b"401" == status_line.split()[1]


async def test_a_journal_that_cannot_be_written_keeps_calls_from_being_placed(
    crm: Crm, simulator: AtsSimulator, employee: str, tmp_path: Path
) -> None:
    """Another program holds it: nobody is called, for it could become two calls; afterwards somebody is."""
    assert 200 == await crm.click("one", employee)
    with closing(sqlite3.connect(tmp_path / "journal.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert 503 == await crm.click("two", employee)
        other.execute("ROLLBACK")

    assert 1 == len(placed(simulator))
    assert 200 == await crm.click("two", employee)


async def test_what_became_of_a_call_is_told_also_where_the_journal_fails(
    crm: Crm, simulator: AtsSimulator, employee: str, tmp_path: Path
) -> None:
    """The phone rings, and the CRM's user is told that it does; the delivery is no second call all the same."""
    simulator.inject(faults.DelayFirstByte(1), operations=[5])
    with closing(sqlite3.connect(tmp_path / "journal.sqlite3", isolation_level=None)) as other:
        click = asyncio.ensure_future(crm.click("one", employee))
        while not placed(simulator):
            await asyncio.sleep(0.01)
        other.execute("BEGIN EXCLUSIVE")
        assert 200 == await click
        other.execute("ROLLBACK")

    assert 504 == await crm.click("one", employee)
    assert 1 == len(placed(simulator))
