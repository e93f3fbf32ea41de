"""Cancelled at every await: nothing torn is left, and nothing is lost that was there."""

import hashlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from raw_service import NAME, PAIR, QUICKLY, RawService, Say, Then, answer, header, issue, open_session
from steps import cancel_at

from tele2ats_async import MemoryTokenStore, ServerError, TokenPair, Truncated

pytestmark = pytest.mark.asyncio

BODY = b"ID3" + hashlib.shake_256(b"recording").digest(1_200_000 - 3)
WORDS = b'[{"channel": "A", "startTime": 0.1, "endTime": 0.2, "word": "\xd0\xb4\xd0\xb0"}]'
FILE = "mo_166030706109315379.mp3"
HALF = 700_000
TAG = {"ETag": '"1"'}
# More awaits than any of these has.
_STEPS_AT_MOST = 2000
_STEPS_AT_LEAST = 3

Script = Callable[[bytes], Say]


def recording(request: bytes) -> Say:
    """Answer as a service does that knows ranges."""
    asked = header(request, "Range")
    if asked is None:
        return answer(BODY, kind="audio/mpeg", headers=TAG)
    begin = int(asked.removeprefix("bytes=").removesuffix("-"))
    shown = {"Content-Range": f"bytes {begin}-{len(BODY) - 1}/{len(BODY)}"} | TAG
    return answer(BODY[begin:], "206 X", kind="audio/mpeg", headers=shown)


def breaking(request: bytes) -> Say:
    """Break off unless it is asked for the rest."""
    said = recording(request)
    return said if header(request, "Range") else Say(said.what[:HALF], Then.CLOSE)


class Files:
    """What stands below a directory, by name."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def contents(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self._directory.rglob("*") if path.is_file()}

    def clear(self, contents: Mapping[str, bytes] = MappingProxyType({})) -> None:
        """Go back to what was there before."""
        for path in self._directory.rglob("*"):
            if path.is_file():
                path.unlink()
        for name, content in contents.items():
            (self._directory / NAME).with_name(name).write_bytes(content)


async def each_step(begin: Callable[[], Coroutine[Any, Any, object]]) -> AsyncIterator[int]:
    """Cancel work at its first await, at its second, and so on, until it comes to its end before."""
    for step in count(1):
        assert step < _STEPS_AT_MOST
        was_cancelled = await cancel_at(step, begin())
        yield step
        if not was_cancelled:
            break
    assert step > _STEPS_AT_LEAST


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.mark.parametrize("script", [recording, breaking])
async def test_save_at_every_await(script: Script, files: Files, tmp_path: Path) -> None:
    """A part never has the recording's name; cancelled after that it is there, whole."""
    async with RawService(script) as service, open_session(service, retry=QUICKLY) as ats:
        async for step in each_step(lambda: ats.recordings.save(NAME, tmp_path)):
            assert files.contents() in ({}, {FILE: BODY}), step
            files.clear()


async def test_save_with_a_beginning_at_every_await(files: Files, tmp_path: Path) -> None:
    """The beginning that an earlier run has kept is kept until the recording is there."""

    def broken(_: bytes) -> Say:
        return Say(recording(b"").what[:HALF], Then.CLOSE)

    async with RawService(broken) as service, open_session(service) as ats:
        outcomes = [outcome async for outcome in ats.recordings.save_many([NAME], tmp_path)]
    assert isinstance(outcomes[0].error, Truncated)
    before = files.contents()
    assert [f".{FILE}.partial"] == list(before)

    async with RawService(recording) as service, open_session(service, retry=QUICKLY) as ats:
        async for step in each_step(lambda: ats.recordings.save(NAME, tmp_path)):
            assert files.contents() in (before, {FILE: BODY}), step
            files.clear(before)


async def test_a_save_that_fails_at_every_await(files: Files, tmp_path: Path) -> None:
    """What is kept for the next run is kept whole, or not at all; nothing else is left."""

    def failing(request: bytes) -> Say:
        return (
            Say(b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n")
            if header(request, "Range")
            else breaking(request)
        )

    async def save() -> None:
        with suppress(ServerError):
            await ats.recordings.save(NAME, tmp_path)

    async with RawService(failing) as service, open_session(service, retry=QUICKLY) as ats:
        async for step in each_step(save):
            assert files.contents().keys() <= {f".{FILE}.partial"}, step
            files.clear()


async def test_save_transcript_at_every_await(files: Files, tmp_path: Path) -> None:
    """The same for the transcript."""
    async with RawService(lambda _: answer(WORDS)) as service, open_session(service, retry=QUICKLY) as ats:
        async for step in each_step(lambda: ats.recordings.save_transcript(NAME, tmp_path)):
            assert files.contents() in ({}, {FILE.replace(".mp3", ".json"): WORDS}), step
            files.clear()


async def test_save_many_at_every_await(files: Files, tmp_path: Path) -> None:
    """Whoever iterates is cancelled: what is in flight is gone, what was done is whole."""
    names = [f"2022-08-12/mo_{number}" for number in range(4)]
    whole = {f"mo_{number}.mp3": BODY for number in range(4)}

    async def save_all() -> None:
        async for outcome in ats.recordings.save_many(names, tmp_path, concurrency=2):
            assert outcome.error is None

    async with RawService(recording) as service, open_session(service, retry=QUICKLY) as ats:
        async for step in each_step(save_all):
            assert files.contents().items() <= whole.items(), step
            files.clear()


async def test_a_refresh_on_the_way_at_every_await(files: Files, tmp_path: Path) -> None:
    """The recording is lost with the request, the pair is not: the single-use token is spent once, and kept."""
    issued = [PAIR]

    def serve(request: bytes) -> Say:
        if b"PUT /crm/openapi/authorization" in request:
            assert issued[-1].refresh == header(request, "Authorization"), "a spent token came back"
            number = len(issued)
            issued.append(TokenPair(f"access-{number}", f"refresh-{number}"))
            return issue(issued[-1].access, issued[-1].refresh)
        if issued[-1].access != header(request, "Authorization") or is_expired:
            is_expired.clear()
            return answer(b'{"details": "The token is expired"}', "403 Forbidden")
        return recording(request)

    is_expired: list[bool] = []
    store = MemoryTokenStore(PAIR)
    async with RawService(serve) as service, open_session(service, tokens=store) as ats:

        def save_with_a_dead_token() -> Coroutine[Any, Any, Path]:
            is_expired.append(True)
            return ats.recordings.save(NAME, tmp_path)

        async for step in each_step(save_with_a_dead_token):
            is_expired.clear()
            await ats.recordings.save("2022-08-12/mo_1", tmp_path)
            assert issued[-1] == await store.load(), step
            files.clear()
    assert 3 <= len(issued)
