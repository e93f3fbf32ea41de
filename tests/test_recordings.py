"""One recording, one transcript: streamed or saved, whole or not at all (operations 9 and 10)."""

import asyncio
import errno
import gzip
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import attrs
import orjson
import pytest
from aiohttp import web
from aiohttp.typedefs import Middleware
from conftest import ONE_ATTEMPT
from faults import RECORDING, TRANSCRIPT, InFlight, Trickle, answer_with, body, cut_after
from raw_service import NAME, ONCE, PAIR, RawService, Say, Then, answer

from tele2ats_async import (
    AtsError,
    AtsSession,
    AtsTimeout,
    NotAudio,
    NotReady,
    PayloadError,
    ResponseError,
    RetryPolicy,
    StorageError,
    TokenPair,
    Truncated,
    UnsafeName,
)
from tele2ats_async.simulator import AtsSimulator, Company

pytestmark = pytest.mark.asyncio

AT_ONCE = RetryPolicy(attempts=3, wait_initial_s=0)


@asynccontextmanager
async def faulty(company: Company, *faults: Middleware, **settings: Any) -> AsyncIterator[AtsSession]:
    """Open a session on a simulator with faults."""
    settings.setdefault("retry", ONE_ATTEMPT)
    async with (
        AtsSimulator(company=company, middlewares=faults) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url, **settings) as ats,
    ):
        yield ats


def files_below(directory: Path) -> list[Path]:
    """List all files, hidden ones too."""
    return [path for path in directory.rglob("*") if path.is_file()]


async def test_open_streams_the_bytes(ats: AtsSession, simulator: AtsSimulator, names: list[str]) -> None:
    """What comes out of the stream is what the service has, with its type and length beforehand."""
    async with ats.recordings.open(names[0]) as stream:
        assert (names[0], "audio/mpeg") == (stream.name, stream.content_type)
        assert len(simulator.recording(names[0])) == stream.content_length
        chunks = [chunk async for chunk in stream]

    assert simulator.recording(names[0]) == b"".join(chunks)
    assert all(chunks)


async def test_a_call_stands_for_its_recording(ats: AtsSession, company: Company, tmp_path: Path) -> None:
    """Who has the call need not look for the name in it."""
    record = company.records[0]
    name = record.record_file_name
    async with ats.recordings.open(record) as stream:
        assert name == stream.name
    saved = await ats.recordings.save(record, tmp_path)
    transcript = await ats.recordings.save_transcript(record, tmp_path)

    assert (tmp_path / f"{name}.mp3", tmp_path / f"{name}.json") == (saved, transcript)


@pytest.mark.parametrize(
    ("given", "error"), [(7, TypeError), (None, TypeError), ("no recording", ValueError)]
)
async def test_what_is_no_recording_s_name_is_refused(
    ats: AtsSession,
    simulator: AtsSimulator,
    company: Company,
    tmp_path: Path,
    given: Any,
    error: type[Exception],
) -> None:
    """A call without a recording, and what is no call, are told before anything is sent."""
    if given == "no recording":
        given = attrs.evolve(company.records[0], record_file_name=None)
    for ask in (ats.recordings.save, ats.recordings.save_transcript):
        with pytest.raises(error, match="name_or_record"):
            await ask(given, tmp_path)
    for opening in (ats.recordings.open(given).__aenter__(), ats.recordings.fetch_transcript(given)):
        with pytest.raises(error, match="name_or_record"):
            await opening

    assert 0 == len(simulator.requests)


async def test_leaving_a_stream_early_gives_its_connection_back(ats: AtsSession, names: list[str]) -> None:
    """A listener who goes away in the middle holds nothing."""
    async with ats.recordings.open(names[0]) as stream:
        async for _ in stream:
            break

    assert 100 == ats._requester._slots._value


async def test_errors_of_the_callers_block_are_left_alone(ats: AtsSession, names: list[str]) -> None:
    """A TimeoutError or OSError raised inside `async with open()` is the caller's, not the network's."""
    for error in (TimeoutError("mine"), OSError("mine"), aiohttp.ClientError("mine")):
        with pytest.raises(type(error)) as raised:
            async with ats.recordings.open(names[0]):
                raise error
        assert error is raised.value


async def test_save_writes_the_file(
    ats: AtsSession, simulator: AtsSimulator, names: list[str], tmp_path: Path
) -> None:
    """The file stands where design and README say, and nothing else is left."""
    path = await ats.recordings.save(names[0], tmp_path)

    assert tmp_path / f"{names[0]}.mp3" == path
    assert simulator.recording(names[0]) == path.read_bytes()
    assert [path] == files_below(tmp_path)


async def test_save_obeys_the_umask(ats: AtsSession, names: list[str], tmp_path: Path) -> None:
    """A recording is as readable as any file that the user makes."""
    path = await ats.recordings.save(names[0], tmp_path)
    (tmp_path / "other").touch()

    assert (tmp_path / "other").stat().st_mode == path.stat().st_mode


async def test_save_skips_what_is_there(
    ats: AtsSession, simulator: AtsSimulator, names: list[str], tmp_path: Path
) -> None:
    """A second run asks the service for nothing."""
    await ats.recordings.save(names[0], tmp_path)
    await ats.recordings.save_transcript(names[0], tmp_path)
    simulator.requests.clear()

    await ats.recordings.save(names[0], tmp_path)
    await ats.recordings.save_transcript(names[0], tmp_path)

    assert 0 == len(simulator.requests)


async def test_an_empty_file_is_not_there(
    ats: AtsSession, simulator: AtsSimulator, names: list[str], tmp_path: Path
) -> None:
    """A file of no bytes, as a crash of the system can leave it, is fetched again."""
    path = tmp_path / f"{names[0]}.mp3"
    path.parent.mkdir()
    path.touch()

    await ats.recordings.save(names[0], tmp_path)

    assert simulator.recording(names[0]) == path.read_bytes()


async def test_a_long_recording_goes_to_disk_in_pieces(tmp_path: Path) -> None:
    """A recording of several batches arrives whole."""
    company = Company.generate(seed=2, recordings=1, duration_s=(500, 500))
    async with AtsSimulator(company=company) as simulator:
        name = company.records[0].record_file_name or ""
        async with AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url) as ats:
            path = await ats.recordings.save(name, tmp_path)

        assert simulator.recording(name) == path.read_bytes()
        assert path.stat().st_size > 1_500_000


@pytest.mark.parametrize("name", ["", "../x", "/etc/passwd"])
async def test_hostile_names_are_refused_before_anything_is_sent(
    ats: AtsSession, simulator: AtsSimulator, name: str, tmp_path: Path
) -> None:
    """Every verb that takes a name checks it first."""
    with pytest.raises(ValueError, match="name "):
        await ats.recordings.save(name, tmp_path)
    with pytest.raises(ValueError, match="name "):
        await ats.recordings.save_transcript(name, tmp_path)
    with pytest.raises(ValueError, match="name "):
        await ats.recordings.fetch_transcript(name)
    with pytest.raises(UnsafeName):
        async with ats.recordings.open(name):
            pass

    assert 0 == len(simulator.requests)
    assert [] == files_below(tmp_path)


@pytest.mark.parametrize(
    ("content", "content_type", "reason"),
    [
        (b"<html>Sorry</html>", "text/html", "its type is 'text/html; charset=utf-8'"),
        (b'{"status": 500}', "application/json", "its type is 'application/json'"),
        (b"<html>Sorry</html>", "audio/mpeg", "it does not begin as MP3 does"),
        (b"", "audio/mpeg", "it has 0 bytes"),
        (b"\xff", "audio/mpeg", "it has 1 bytes"),
        (b"ID3", "audio/mpeg", "it has 3 bytes"),
        (b"\xff\xff\xff\xff" * 100, "audio/mpeg", "it does not begin as MP3 does"),
        (b"RIFF\x00\x00\x00\x00WAVE", "audio/mpeg", "it does not begin as MP3 does"),
    ],
)
async def test_what_is_not_audio_becomes_no_file(
    company: Company, names: list[str], tmp_path: Path, content: bytes, content_type: str, reason: str
) -> None:
    """An error page with status 200, or any other thing, is `NotAudio` and leaves nothing."""
    charset = "utf-8" if content_type == "text/html" else None

    async def respond(_: web.Request) -> web.StreamResponse:
        return web.Response(body=content, content_type=content_type, charset=charset)

    async with faulty(company, answer_with(RECORDING, respond)) as ats:
        with pytest.raises(NotAudio) as raised:
            await ats.recordings.save(names[0], tmp_path)

    assert (names[0], reason) == (raised.value.name, raised.value.reason)
    assert [] == files_below(tmp_path)


@pytest.mark.parametrize("head", [b"ID3\x04", b"\xff\xfb\x90\x00", b"\xff\xf3\x40\xc0", b"\xff\xe3\x18\xc4"])
async def test_every_kind_of_mp3_is_audio(
    company: Company, names: list[str], tmp_path: Path, head: bytes
) -> None:
    """An ID3 tag, or a frame of layer III of MPEG 1, 2 or 2.5, begins a recording."""
    async with faulty(company, answer_with(RECORDING, body(head + bytes(100)))) as ats:
        path = await ats.recordings.save(names[0], tmp_path)

    assert 104 == path.stat().st_size


async def test_a_start_in_single_bytes_is_recognised(
    company: Company, names: list[str], tmp_path: Path
) -> None:
    """The check of the first bytes does not depend on how they are cut into chunks."""

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "audio/mpeg"})
        await response.prepare(request)
        for byte in b"ID3\x04\x00\x00tail":
            await response.write(bytes([byte]))
            await asyncio.sleep(0.001)
        return response

    async with faulty(company, answer_with(RECORDING, drip)) as ats:
        path = await ats.recordings.save(names[0], tmp_path)

    assert b"ID3\x04\x00\x00tail" == path.read_bytes()


@pytest.mark.parametrize("announced_bytes", [10_000, None])
async def test_a_body_cut_short_becomes_no_file(
    company: Company, names: list[str], tmp_path: Path, announced_bytes: int | None
) -> None:
    """A body that ends before its announced length, or its last chunk, is `Truncated`."""
    cut = cut_after(b"ID3" + bytes(4997), announced_bytes=announced_bytes)
    async with faulty(company, answer_with(RECORDING, cut)) as ats:
        with pytest.raises(Truncated) as raised:
            await ats.recordings.save(names[0], tmp_path)

    facts = (raised.value.name, raised.value.expected_bytes, raised.value.actual_bytes)
    assert (names[0], announced_bytes, 5000) == facts
    assert [] == files_below(tmp_path)


async def test_a_body_cut_short_is_fetched_again(company: Company, names: list[str], tmp_path: Path) -> None:
    """The next attempt begins anew, and the file is the whole recording."""
    cut = cut_after(b"ID3" + bytes(4997), announced_bytes=10_000)
    async with faulty(company, answer_with(RECORDING, cut, times=2), retry=AT_ONCE) as ats:
        path = await ats.recordings.save(names[0], tmp_path)

    async with AtsSimulator(company=company) as simulator:
        assert simulator.recording(names[0]) == path.read_bytes()
    assert [path] == files_below(tmp_path)


async def test_a_stall_in_mid_body_ends(company: Company, names: list[str], tmp_path: Path) -> None:
    """Silence between chunks is bounded, and leaves no file."""
    timeout = aiohttp.ClientTimeout(total=None, sock_read=0.1)
    trickle = Trickle(b"ID3" + bytes(9997))
    async with faulty(company, answer_with(RECORDING, trickle.respond), timeout=timeout) as ats:
        with pytest.raises(AtsTimeout):
            await ats.recordings.save(names[0], tmp_path)

    assert [] == files_below(tmp_path)


async def test_compressed_recordings_are_not_measured_by_their_compressed_length(
    company: Company, names: list[str], tmp_path: Path
) -> None:
    """A server that compresses although identity was asked for is not called truncated."""
    content = (b"\xff\xfb\x90\x00" + bytes(413)) * 100

    async def compress(request: web.Request) -> web.StreamResponse:
        response = web.Response(body=content, content_type="audio/mpeg")
        response.enable_compression(web.ContentCoding.gzip)
        assert "identity" == request.headers["Accept-Encoding"]
        return response

    async with faulty(company, answer_with(RECORDING, compress)) as ats:
        async with ats.recordings.open(names[0]) as stream:
            assert stream.content_length is None
        path = await ats.recordings.save(names[0], tmp_path)

    assert content == path.read_bytes()


async def test_a_compressed_recording_that_was_cut_is_not_believed(
    company: Company, names: list[str], tmp_path: Path
) -> None:
    """The announced length is that of the packed bytes: it says nothing of a recording cut before it was packed."""
    cut = gzip.compress((b"\xff\xfb\x90\x00" + bytes(413)) * 100 + b"\xff\xfb\x90")[:-60]

    async def compress(_: web.Request) -> web.StreamResponse:
        return web.Response(body=cut, content_type="audio/mpeg", headers={"Content-Encoding": "gzip"})

    async with faulty(company, answer_with(RECORDING, compress)) as ats:
        with pytest.raises(AtsError):
            await ats.recordings.save(names[0], tmp_path)

    assert [] == files_below(tmp_path)


@pytest.mark.parametrize("coding", ["chunked, identity", "xchunked", "identity"])
async def test_only_chunks_have_an_end(tmp_path: Path, coding: str) -> None:
    """With any other coding the body goes on to the end of the connection, and a cut looks like an end."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nTransfer-Encoding: {coding}\r\n\r\n".encode()
    async with (
        RawService(lambda _: Say(head + b"ID3" + bytes(5_000), Then.CLOSE)) as service,
        AtsSession(PAIR, base_url=service.base_url, retry=ONCE) as ats,
    ):
        with pytest.raises(AtsError):
            await ats.recordings.save(NAME, tmp_path)

    assert [] == files_below(tmp_path)


async def test_a_length_that_is_spelled_as_the_token(tmp_path: Path) -> None:
    """What is masked where it is told is still read as what it is."""
    content = (b"\xff\xfb\x90\x00" + bytes(413)) * 100
    length = f"{len(content):08}"
    pair = TokenPair(length, "refresh")
    said = answer(content, kind="audio/mpeg", headers={"Content-Length": length})
    async with (
        RawService(lambda _: said) as service,
        AtsSession(pair, base_url=service.base_url, retry=ONCE) as ats,
    ):
        for name in ("first", "second"):
            assert content == (await ats.recordings.save(name, tmp_path)).read_bytes()


async def test_cancelling_in_mid_body_leaves_nothing(
    company: Company, names: list[str], tmp_path: Path
) -> None:
    """Cancellation is passed on as itself, after the part has been removed."""
    trickle = Trickle(b"ID3" + bytes(2_000_000))
    async with faulty(company, answer_with(RECORDING, trickle.respond)) as ats:
        task = asyncio.create_task(ats.recordings.save(names[0], tmp_path))
        await trickle.started.wait()
        while not files_below(tmp_path):
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert [] == files_below(tmp_path)


async def test_cancelling_at_any_step_leaves_the_file_or_nothing(
    ats: AtsSession, simulator: AtsSimulator, names: list[str], tmp_path: Path
) -> None:
    """However far a save has come when it is cancelled: a whole file, or none, and never a part."""
    whole = simulator.recording(names[0])
    unfinished = 0
    for steps in range(80):
        directory = tmp_path / str(steps)
        task = asyncio.create_task(ats.recordings.save(names[0], directory))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            unfinished += 1
        assert [whole] * len(files_below(directory)) == [path.read_bytes() for path in files_below(directory)]

    assert unfinished > 0


async def test_a_full_disk_leaves_nothing(
    ats: AtsSession, names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk (here the kernel's own, /dev/full) is a `StorageError`, also an OSError."""
    real_open = os.open
    monkeypatch.setattr(
        "os.open",
        lambda path, flags, mode=0o777: (
            real_open("/dev/full", os.O_WRONLY)
            if str(path).endswith(".part")
            else real_open(path, flags, mode)
        ),
    )
    with pytest.raises(StorageError) as raised:
        await ats.recordings.save(names[0], tmp_path)

    assert isinstance(raised.value, OSError)
    assert (names[0], errno.ENOSPC) == (raised.value.name, raised.value.errno)
    assert [] == files_below(tmp_path)


async def test_a_directory_that_is_a_file_is_a_storage_error(
    ats: AtsSession, names: list[str], tmp_path: Path
) -> None:
    """What the disk refuses is told with its path."""
    (tmp_path / "archive").touch()

    with pytest.raises(StorageError, match="archive"):
        await ats.recordings.save(names[0], tmp_path / "archive")


async def test_a_missing_recording_is_not_ready(ats: AtsSession, tmp_path: Path) -> None:
    """A 404 may mean "not yet": it has an error of its own."""
    with pytest.raises(NotReady) as raised:
        await ats.recordings.save("2022-08-12/mo_1", tmp_path)
    with pytest.raises(NotReady):
        await ats.recordings.fetch_transcript("2022-08-12/mo_1")

    assert "2022-08-12/mo_1" == raised.value.name
    assert [] == files_below(tmp_path)


async def test_transcripts(
    ats: AtsSession, simulator: AtsSimulator, names: list[str], tmp_path: Path
) -> None:
    """A transcript comes as words, and is saved byte for byte as the service sent it."""
    transcript = await ats.recordings.fetch_transcript(names[0])
    path = await ats.recordings.save_transcript(names[0], tmp_path)

    assert (names[0], simulator.transcript(names[0])) == (transcript.name, transcript.words)
    assert tmp_path / f"{names[0]}.json" == path
    assert [word.word for word in transcript.words] == [
        word["word"] for word in orjson.loads(path.read_bytes())
    ]


async def test_what_the_service_adds_to_a_transcript_is_saved(
    company: Company, names: list[str], tmp_path: Path
) -> None:
    """Members that this version does not know are on disk all the same."""
    content = b'[{"channel":"C","startTime":0,"endTime":1.5,"word":"\xd0\xb4\xd0\xb0","confidence":0.9}]'
    answer = body(content, content_type="application/json")
    async with faulty(company, answer_with(TRANSCRIPT, answer)) as ats:
        path = await ats.recordings.save_transcript(names[0], tmp_path)

    assert content == path.read_bytes()


async def test_a_transcript_that_is_none_becomes_no_file(
    company: Company, names: list[str], tmp_path: Path
) -> None:
    """HTML with status 200 is a `PayloadError`, and leaves nothing."""
    answer = body(b"<html>", content_type="text/html")
    async with faulty(company, answer_with(TRANSCRIPT, answer)) as ats:
        with pytest.raises(PayloadError):
            await ats.recordings.save_transcript(names[0], tmp_path)

    assert [] == files_below(tmp_path)


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ({9: {"once"}, 10: {"once"}}, ["%2F", "%2F", "%2F", "%2F"]),
        ({9: {"twice"}, 10: {"twice"}}, ["%2F", "%252F", "%252F", "%2F", "%252F", "%252F"]),
        ({9: {"once"}, 10: {"twice"}}, ["%2F", "%2F", "%2F", "%252F", "%252F"]),
    ],
)
async def test_the_encoding_of_names_is_found_and_remembered(
    company: Company, names: list[str], accepted: dict[int, set[str]], expected: list[str]
) -> None:
    """Once-encoded first; the other where that fails; then, per operation, what the service accepted."""
    async with (
        AtsSimulator(company=company, filename_encodings=accepted) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url) as ats,
    ):
        for name in names[:2]:
            async with ats.recordings.open(name):
                pass
        for name in names[:2]:
            await ats.recordings.fetch_transcript(name)

        slashes = [f"%2{seen.raw_query.partition('%2')[2].partition('mo')[0]}" for seen in simulator.requests]
    assert expected == slashes


async def test_the_other_encoding_is_tried_once_only(company: Company, names: list[str]) -> None:
    """A recording that does not exist costs two requests, and one as soon as the encoding is known."""
    async with (
        AtsSimulator(company=company) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url) as ats,
    ):
        for _ in range(2):
            with pytest.raises(NotReady):
                await ats.recordings.fetch_transcript("2022-08-12/mo_1")
            await ats.recordings.fetch_transcript(names[0])

        assert [404, 404, 200, 404, 200] == [seen.status for seen in simulator.requests]


async def test_a_name_refused_in_both_encodings_keeps_its_status(company: Company, names: list[str]) -> None:
    """Two 400 are no "not ready": the service's own words are told."""
    answer = body(b'{"details": "bad name"}', content_type="application/json", status=400)
    async with faulty(company, answer_with(RECORDING, answer)) as ats:
        with pytest.raises(ResponseError) as raised:
            async with ats.recordings.open(names[0]):
                pass

    assert (400, "bad name") == (raised.value.status, raised.value.details)


async def test_connections_in_use_are_bounded(company: Company, names: list[str]) -> None:
    """`max_connections` holds for everything that goes through one session."""
    counter = InFlight(RECORDING)
    async with faulty(company, counter.middleware, max_connections=3) as ats:

        async def stream(name: str) -> None:
            async with ats.recordings.open(name) as recording:
                async for _ in recording:
                    pass

        await asyncio.gather(*(stream(name) for name in names[:30]))

    assert 3 == counter.most


async def test_all_errors_of_a_recording_are_ats_errors(
    company: Company, names: list[str], tmp_path: Path
) -> None:
    """A server that closes the connection at once is told as an `AtsError` like everything else."""

    async def slam(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async with faulty(company, answer_with(RECORDING, slam)) as ats:
        with pytest.raises(AtsError):
            await ats.recordings.save(names[0], tmp_path)

    assert [] == files_below(tmp_path)


async def test_one_wrong_page_does_not_settle_the_encoding(company: Company, names: list[str]) -> None:
    """A maintenance page with status 200 says nothing about how names arrive."""
    html = body(b"<html>", content_type="text/html")
    async with (
        AtsSimulator(
            company=company,
            filename_encodings={9: {"twice"}},
            middlewares=[answer_with(RECORDING, html, times=1)],
        ) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=ONE_ATTEMPT) as ats,
    ):
        with pytest.raises(NotAudio):
            async with ats.recordings.open(names[0]):
                pass
        async with ats.recordings.open(names[1]) as stream:
            assert simulator.recording(names[1]) == b"".join([chunk async for chunk in stream])


async def test_a_directory_in_the_place_of_a_file_is_told(
    ats: AtsSession, names: list[str], tmp_path: Path
) -> None:
    """Only a file counts as a recording that is there."""
    (tmp_path / f"{names[0]}.mp3").mkdir(parents=True)

    with pytest.raises(StorageError, match="something else than a file has its name") as raised:
        await ats.recordings.save(names[0], tmp_path)
    assert str(tmp_path / f"{names[0]}.mp3") == raised.value.filename


async def test_a_part_that_nobody_asked_for_is_no_recording(
    company: Company, names: list[str], tmp_path: Path
) -> None:
    """A 206 to a request without a range is not saved as the whole; another attempt may bring that."""

    async def part(_: web.Request) -> web.StreamResponse:
        return web.Response(
            body=b"ID3" + bytes(97),
            status=206,
            content_type="audio/mpeg",
            headers={"Content-Range": "bytes 0-99/9999"},
        )

    async with faulty(company, answer_with(RECORDING, part)) as ats:
        with pytest.raises(Truncated) as caught:
            await ats.recordings.save(names[0], tmp_path)
    assert (names[0], None, 0) == (caught.value.name, caught.value.expected_bytes, caught.value.actual_bytes)

    assert [] == files_below(tmp_path)


async def test_the_media_type_may_be_spelled_in_any_case(
    company: Company, names: list[str], tmp_path: Path
) -> None:
    """`AUDIO/MPEG` is audio."""

    async def shout(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b"ID3" + bytes(97), headers={"Content-Type": "AUDIO/MPEG"})

    async with faulty(company, answer_with(RECORDING, shout)) as ats:
        path = await ats.recordings.save(names[0], tmp_path)

    assert 100 == path.stat().st_size


async def test_a_stream_is_read_once(ats: AtsSession, names: list[str]) -> None:
    """A second loop over a stream is told for what it is, and not blamed on the recording."""
    async with ats.recordings.open(names[0]) as stream:
        async for _ in stream:
            break
        with pytest.raises(RuntimeError, match="can be read once"):
            async for _ in stream:
                pass
