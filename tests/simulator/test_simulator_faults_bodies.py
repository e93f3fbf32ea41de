"""Faults of the body, as they stand on the wire."""

import asyncio
import gzip

import aiohttp
import pytest

from tele2ats_async.simulator import AtsSimulator, faults
from tele2ats_async.simulator.faults.sending import Framing

from .conftest import Ask, file_of, listen, names_of

pytestmark = pytest.mark.asyncio


def _unchunk(body: bytes) -> tuple[bytes, bool]:
    """Join chunks; tell whether the last one, which is empty, has come."""
    joined = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        if int(size, 16) == 0:
            return joined, True
        joined += rest[: int(size, 16)]
        body = rest[int(size, 16) + 2 :]
    return joined, False


async def test_cut_under_a_length(archive: AtsSimulator) -> None:
    """The length is that of the whole, and a client sees that bytes are missing."""
    archive.inject(faults.CutBody(after=0.25))
    name = names_of(archive)[0]
    whole = archive.recording(name)
    heard = await listen(archive, file_of(name))

    assert f"\r\nContent-Length: {len(whole)}\r\n" in heard.head
    assert "Transfer-Encoding" not in heard.head
    assert (whole[: len(whole) // 4], False) == (heard.body, heard.was_reset)


async def test_cut_in_chunks(archive: AtsSimulator) -> None:
    """No length is told, and the chunk that would end the body never comes."""
    archive.inject(faults.CutBody(framing="chunked"))
    name = names_of(archive)[0]
    whole = archive.recording(name)
    heard = await listen(archive, file_of(name))

    assert "\r\nTransfer-Encoding: chunked\r\n" in heard.head
    assert "Content-Length" not in heard.head
    assert (whole[: len(whole) // 2], False) == _unchunk(heard.body)


async def test_cut_without_a_sign(archive: AtsSimulator, ask: Ask) -> None:
    """Neither length nor chunks: the end of the connection is the end of the body, to any client."""
    archive.inject(faults.CutBody(framing="close"))
    name = names_of(archive)[0]
    whole = archive.recording(name)
    heard = await listen(archive, file_of(name))
    reply = await ask(archive, file_of(name), accept="*/*")

    assert not {"Content-Length", "Transfer-Encoding"} & set(heard.head.replace(":", " ").split())
    assert "\r\nConnection: close" in heard.head
    assert (whole[: len(whole) // 2], False) == (heard.body, heard.was_reset)
    assert (200, whole[: len(whole) // 2]) == (reply.status, reply.body)


async def test_cut_before_the_first_byte(archive: AtsSimulator) -> None:
    """A head, and nothing behind it."""
    archive.inject(faults.CutBody(after=0))
    heard = await listen(archive, file_of(names_of(archive)[0]))

    assert heard.head.startswith("HTTP/1.1 200 OK\r\n")
    assert b"" == heard.body


@pytest.mark.parametrize("framing", ["length", "chunked"])
async def test_a_client_sees_the_cut(archive: AtsSimulator, ask: Ask, framing: Framing) -> None:
    """A common client raises, and the next request finds the service as it was."""
    injection = archive.inject(faults.CutBody(framing=framing), requests=[1])
    name = names_of(archive)[0]
    with pytest.raises(aiohttp.ClientPayloadError):
        await ask(archive, file_of(name), accept="*/*")

    assert archive.recording(name) == (await ask(archive, file_of(name), accept="*/*")).body
    assert 1 == injection.count
    assert [(200, "CutBody"), (200, None)] == [(seen.status, seen.fault) for seen in archive.requests]


async def test_a_part_can_be_cut(archive: AtsSimulator) -> None:
    """A download that resumes may be cut again; the head stays that of the part."""
    archive.inject(faults.CutBody())
    name = names_of(archive)[0]
    whole = archive.recording(name)
    heard = await listen(archive, file_of(name), more="Range: bytes=100-1099\r\n")

    assert f"\r\nContent-Range: bytes 100-1099/{len(whole)}\r\n" in heard.head
    assert "\r\nContent-Length: 1000\r\n" in heard.head
    assert whole[100:600] == heard.body


async def test_other_operations_can_be_cut_too(simulator: AtsSimulator, ask: Ask) -> None:
    """JSON breaks off in the middle where a test names its operation."""
    whole = (await ask(simulator, "/managers")).body
    simulator.inject(faults.CutBody(framing="close"), operations=[11])

    assert whole[: len(whole) // 2] == (await ask(simulator, "/managers")).body


async def test_stall(archive: AtsSimulator) -> None:
    """A part comes, and then silence: only the client's own patience ends it."""
    archive.inject(faults.StallBody(after=0.25))
    name = names_of(archive)[0]
    whole = archive.recording(name)
    hearing = asyncio.ensure_future(listen(archive, file_of(name)))
    done, _ = await asyncio.wait([hearing], timeout=0.3)
    assert not done
    await archive.close()
    heard = await hearing

    assert f"\r\nContent-Length: {len(whole)}\r\n" in heard.head
    assert whole[: len(whole) // 4] == heard.body


@pytest.mark.parametrize("by", [100, -100, -(10**9)])
async def test_wrong_length(archive: AtsSimulator, by: int) -> None:
    """All bytes come, under a length that is not theirs."""
    archive.inject(faults.WrongLength(by=by))
    name = names_of(archive)[0]
    whole = archive.recording(name)
    heard = await listen(archive, file_of(name))

    assert f"\r\nContent-Length: {max(0, len(whole) + by)}\r\n" in heard.head
    assert "\r\nConnection: close" in heard.head
    assert whole == heard.body


async def test_trickle(archive: AtsSimulator, ask: Ask) -> None:
    """All of it comes, and takes its time; the connection can be used again."""
    name = min(names_of(archive), key=lambda name: len(archive.recording(name)))
    whole = archive.recording(name)
    archive.inject(faults.Trickle(bytes_per_s=3 * len(whole)), requests=[1])
    loop = asyncio.get_running_loop()
    before = loop.time()
    slow = await ask(archive, file_of(name), accept="*/*")
    took_s = loop.time() - before
    reply = await ask(archive, file_of(name), accept="*/*")

    assert (whole, whole) == (slow.body, reply.body)
    assert took_s > 0.25


async def test_gzip_anyway(archive: AtsSimulator) -> None:
    """The length is that of the compressed body, which holds all of the recording."""
    archive.inject(faults.GzipAnyway())
    name = names_of(archive)[0]
    heard = await listen(archive, file_of(name), more="Accept-Encoding: identity\r\nConnection: close\r\n")

    assert "\r\nContent-Encoding: gzip\r\n" in heard.head
    assert f"\r\nContent-Length: {len(heard.body)}\r\n" in heard.head
    assert archive.recording(name) == gzip.decompress(heard.body)


async def test_gzip_for_who_asks_is_no_fault(archive: AtsSimulator, ask: Ask) -> None:
    """Who asked for gzip is not hit."""
    injection = archive.inject(faults.GzipAnyway())
    headers = {"Accept-Encoding": "deflate, GZIP"}
    reply = await ask(archive, file_of(names_of(archive)[0]), accept="*/*", headers=headers)

    assert (None, 0) == (reply.headers.get("Content-Encoding"), injection.count)


@pytest.mark.parametrize(
    ("fault", "announced"),
    [
        (faults.CutBody(framing="chunked"), "Transfer-Encoding: chunked"),
        (faults.WrongLength(by=100), "Content-Length: 100"),
    ],
)
async def test_an_empty_answer_can_break_off(
    archive: AtsSimulator, fault: faults.CutBody | faults.WrongLength, announced: str
) -> None:
    """More is announced than nothing: what operation 5 answers is not known to be all."""
    injection = archive.inject(fault, operations=[5])
    source = archive.company.employees[0].full_number
    target = f"/call/outgoing?destination=79991112233&source={source}"
    heard = await listen(archive, target, method="POST", more="Content-Length: 0\r\n")

    assert heard.head.startswith("HTTP/1.1 200 ")
    assert f"\r\n{announced}\r\n" in heard.head
    assert (b"", False) == (heard.body, heard.was_reset)
    assert (1, 1) == (injection.count, len(archive.placed_calls))


@pytest.mark.parametrize(
    "fault", [faults.CutBody(), faults.CutBody(framing="close"), faults.WrongLength(by=-100)], ids=repr
)
async def test_of_nothing_there_is_no_less(
    archive: AtsSimulator, ask: Ask, fault: faults.CutBody | faults.WrongLength
) -> None:
    """What would leave an empty answer as it is does not count as a hit."""
    injection = archive.inject(fault, operations=[5])
    source = archive.company.employees[0].full_number
    await ask(archive, f"/call/outgoing?destination=79991112233&source={source}", method="POST")

    assert (0, 1) == (injection.count, len(archive.placed_calls))
