"""A recording from its middle on, for listeners who seek (operation 9)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, get_args

import pytest
from conftest import ONE_ATTEMPT
from raw_service import NAME, RawService, answer, header, in_turn, open_session

from tele2ats_async import AtsSession, NotAudio, RecordingStream, TokenPair, Truncated
from tele2ats_async.simulator import AtsSimulator, Company, faults
from tele2ats_async.simulator.faults.ranges import WrongRangeKind

pytestmark = pytest.mark.asyncio

MP3 = b"ID3" + bytes(range(256)) * 8


@asynccontextmanager
async def simulated(company: Company, **settings: Any) -> AsyncIterator[tuple[AtsSimulator, AtsSession]]:
    """Open a session on a simulator that serves recordings in its own way."""
    async with (
        AtsSimulator(company=company, **settings) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=ONE_ATTEMPT) as ats,
    ):
        yield simulator, ats


async def read(stream: RecordingStream) -> bytes:
    """Read all of a stream, whose chunks are never empty."""
    chunks = [chunk async for chunk in stream]
    assert all(chunks)
    return b"".join(chunks)


@pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "no-ranges"])
@pytest.mark.parametrize("offset", [1, 3, 1000, -1], ids=["1", "3", "1000", "last"])
async def test_a_stream_begins_where_the_listener_wants(
    company: Company, names: list[str], offset: int, *, ranges: bool
) -> None:
    """Parts are the same bytes, whether the service gives them or they are cut here; their size is known before."""
    async with simulated(company, ranges=ranges) as (simulator, ats):
        whole = simulator.recording(names[0])
        offset %= len(whole)
        async with ats.recordings.open(names[0], offset=offset) as stream:
            assert (offset, len(whole) - offset) == (stream.offset, stream.content_length)
            assert len(whole) == stream.size_bytes
            assert whole[offset:] == await read(stream)

    assert 1 == len(simulator.requests)
    assert f"bytes={offset}-" == simulator.requests[0].headers["Range"]


async def test_without_an_offset_no_part_is_asked_for(
    ats: AtsSession, simulator: AtsSimulator, names: list[str]
) -> None:
    """A listener who begins at the beginning meets a service that knows no parts in the plainest way."""
    async with ats.recordings.open(names[0]) as stream:
        assert (0, stream.content_length) == (stream.offset, stream.size_bytes)

    assert "Range" not in simulator.requests[0].headers


@pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "no-ranges"])
@pytest.mark.parametrize("beyond", [0, 1, 10**15], ids=["at-the-end", "behind", "far-behind"])
async def test_behind_the_end_there_is_nothing(
    company: Company, names: list[str], beyond: int, *, ranges: bool
) -> None:
    """An offset that no recording reaches is no error: the stream is empty, and says how long the recording is."""
    async with simulated(company, ranges=ranges) as (simulator, ats):
        size = len(simulator.recording(names[0]))
        async with ats.recordings.open(names[0], offset=size + beyond) as stream:
            assert (0, size) == (stream.content_length, stream.size_bytes)
            assert b"" == await read(stream)


@pytest.mark.parametrize("kind", sorted(set(get_args(WrongRangeKind)) - {"other-total", "unasked"}))
async def test_another_part_than_wanted_is_not_passed_on(
    company: Company, names: list[str], kind: WrongRangeKind
) -> None:
    """A service that gives another part, or labels it in no sensible way, is asked for the whole instead."""
    async with simulated(company) as (simulator, ats):
        simulator.inject(faults.WrongRange(kind))
        whole = simulator.recording(names[0])
        async with ats.recordings.open(names[0], offset=1000) as stream:
            assert (1000, len(whole)) == (stream.offset, stream.size_bytes)
            assert whole[1000:] == await read(stream)

    assert ["bytes=1000-", None] == [request.headers.get("Range") for request in simulator.requests]


async def test_a_service_that_refuses_to_be_asked_for_parts() -> None:
    """A 400 for the header is answered by asking without it, in either encoding of the name."""

    def script(request: bytes) -> Any:
        if header(request, "Range"):
            return answer(b"{}", "400 Bad Request")
        return answer(MP3, kind="audio/mpeg")

    async with (
        RawService(script) as service,
        open_session(service) as ats,
        ats.recordings.open(NAME, offset=7) as stream,
    ):
        assert MP3[7:] == await read(stream)


async def test_what_is_passed_over_may_be_long() -> None:
    """What is received and dropped here is more than memory is kept for, and the cut is exact."""
    body = MP3 * 400
    async with (
        RawService(in_turn(answer(body, kind="audio/mpeg"))) as service,
        open_session(service) as ats,
        ats.recordings.open(NAME, offset=500_001) as stream,
    ):
        assert body[500_001:] == await read(stream)


async def test_a_compressed_recording_is_cut_by_its_own_bytes(company: Company, names: list[str]) -> None:
    """An offset counts the recording's bytes, and not those of what it came in."""
    async with simulated(company) as (simulator, ats):
        simulator.inject(faults.GzipAnyway())
        async with ats.recordings.open(names[0], offset=1000) as stream:
            assert simulator.recording(names[0])[1000:] == await read(stream)


async def test_what_breaks_off_behind_the_offset_is_truncated(company: Company, names: list[str]) -> None:
    """A listener is told that the end is missing, wherever the listening began."""
    async with simulated(company) as (simulator, ats):
        simulator.inject(faults.CutBody(after=0.5))
        async with ats.recordings.open(names[0], offset=100) as stream:
            with pytest.raises(Truncated):
                await read(stream)


async def test_what_is_no_recording_is_not_cut_into_one() -> None:
    """The beginning is judged although nobody wants it: half an error page is no sound."""
    page = b"<html>" + bytes(5000)
    async with (
        RawService(in_turn(answer(page, kind="audio/mpeg"))) as service,
        open_session(service) as ats,
        ats.recordings.open(NAME, offset=4000) as stream,
    ):
        with pytest.raises(NotAudio):
            await read(stream)


@pytest.mark.parametrize(("offset", "error"), [(-1, ValueError), (1.5, TypeError), ("1", TypeError)])
async def test_a_senseless_offset_is_refused(
    ats: AtsSession, simulator: AtsSimulator, names: list[str], offset: Any, error: type[Exception]
) -> None:
    """A mistake of the caller is told before anything is sent."""
    with pytest.raises(error, match="offset"):
        await ats.recordings.open(names[0], offset=offset).__aenter__()

    assert 0 == len(simulator.requests)
