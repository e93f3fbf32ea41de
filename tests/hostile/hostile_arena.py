"""Where the client meets hostile answers: a real socket, all kinds of operations, and what must hold after each."""

import asyncio
import gc
import os
import re
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import aiohttp
import attrs
import pytest
from announced import UndecidedError, whole_body
from hypothesis import settings
from raw_service import ACCESS, END, NAME, REFRESH, START, RawService, Say, Script, ask, in_turn, open_session
from secrecy import assert_clean

from tele2ats_async import AtsError, AtsSession, Manager, MinimumSpeed, RetryPolicy
from tele2ats_async.tokens import refresher

SECRETS = (ACCESS, REFRESH)
SHORT = aiohttp.ClientTimeout(total=None, connect=0.3, sock_connect=0.3, sock_read=0.3)
SOON = MinimumSpeed(bytes_per_s=1000, window_s=0.3)
EAGER = RetryPolicy(attempts=4, total_s=0.5, wait_initial_s=0.001, wait_max_s=0.01)
# Beyond all limits together: some operations send several requests, and the machine may be busy.
PATIENCE_S = 30

# After these a request that is never sent twice goes out again: it was moved, or refused for its token.
_NOT_CARRIED_OUT = re.compile(rb"^HTTP/\S+ +(30\d|401|403)\b", re.MULTILINE)
_NEVER_TWICE = (b"POST /crm/openapi/call/outgoing?", b"POST /crm/openapi/managers ")

_DAY, _NAME = NAME.split("/")

Errors = list[AtsError]
Operation = Callable[[AtsSession, Path], Awaitable[Errors]]


def examples(usual: int) -> settings:
    """Say how many examples a test tries; TELE2ATS_TEST_EXAMPLES=5000 tries 50 times the usual number."""
    asked = int(os.environ.get("TELE2ATS_TEST_EXAMPLES", "100"))
    return settings(max_examples=max(1, usual * asked // 100))


def each_in_turn(*answers: Say) -> Script:
    """Give answers one after the other to each kind of request, the last one for ever."""
    scripts: dict[bytes, Script] = {}

    def script(request: bytes) -> Say:
        kind = request.partition(b"?")[0].partition(b"\r\n")[0]
        said = scripts.setdefault(kind, in_turn(*answers))(request)
        assert isinstance(said, Say)
        return said

    return script


def _plainly(call: Callable[[AtsSession], Awaitable[object]]) -> Operation:
    async def operation(ats: AtsSession, _: Path) -> Errors:
        await call(ats)
        return []

    return operation


async def _open(ats: AtsSession, _: Path) -> Errors:
    async with ats.recordings.open(NAME) as stream:
        async for _chunk in stream:
            pass
    return []


async def _save(ats: AtsSession, directory: Path) -> Errors:
    await ats.recordings.save(NAME, directory)
    return []


async def _save_many(ats: AtsSession, directory: Path) -> Errors:
    saving = ats.recordings.save_many([NAME], directory, transcripts=True)
    return [outcome.error async for outcome in saving if outcome.error is not None]


async def _save_transcript(ats: AtsSession, directory: Path) -> Errors:
    await ats.recordings.save_transcript(NAME, directory)
    return []


async def _iterate(ats: AtsSession, _: Path) -> Errors:
    async for _row in ats.call_records.iter(START, END, size=1):
        pass
    return []


OPERATIONS: dict[str, Operation] = {
    "list": _plainly(ask),
    "iter": _iterate,
    "object": _plainly(lambda ats: ats.statistics.fetch_common(START, END)),
    "one or many": _plainly(lambda ats: ats.statistics.fetch_journal(START, END)),
    "empty": _plainly(lambda ats: ats.managers.delete(1)),
    "dial": _plainly(lambda ats: ats.calls.dial(destination="79991112233", source="0001")),
    "word": _plainly(lambda ats: ats.blacklist.clear()),
    "create": _plainly(lambda ats: ats.managers.create(Manager(name="Анна"))),
    "unknown": _plainly(lambda ats: ats.request("GET", "/holidays")),
    "refresh": _plainly(lambda ats: ats.tokens.refresh()),
    "transcript": _plainly(lambda ats: ats.recordings.fetch_transcript(NAME)),
    "open": _open,
    "save": _save,
    "save many": _save_many,
    "save transcript": _save_transcript,
}


@attrs.define
class Arena:
    """One event loop and one server for many examples.

    Attributes:
        script: What the server answers now.
    """

    script: Script = attrs.field(default=lambda _: Say())
    _runner: asyncio.Runner = attrs.field(factory=asyncio.Runner)
    _service: RawService = attrs.field(init=False)
    _complaints: list[dict[str, Any]] = attrs.field(factory=list)
    _told: list[tuple[bytes, Say]] = attrs.field(factory=list, repr=False)

    def __attrs_post_init__(self) -> None:
        self._service = RawService(self._tell)

    @classmethod
    @contextmanager
    def opened(cls) -> Iterator[Self]:
        """Serve on one event loop."""
        with (arena := cls())._runner as runner:
            runner.get_loop().set_exception_handler(lambda _, context: arena._complaints.append(context))
            runner.run(arena._service.__aenter__())
            try:
                yield arena
            finally:
                runner.run(arena._service.__aexit__(None, None, None))

    def run(self, work: Callable[[AtsSession], Awaitable[Any]], **changes: Any) -> Any:
        """Do work with a session of its own, and see that nothing of it is left."""
        return self._runner.run(self._run(work, changes))

    def face(self, say: Say | Script, **changes: Any) -> dict[str, Errors]:
        """Let every kind of operation meet one answer; give the errors of each."""
        self.script = (lambda _: say) if isinstance(say, Say) else say
        return self._runner.run(self._face(changes))

    def _tell(self, request: bytes) -> Say:
        say = self.script(request)
        assert isinstance(say, Say)
        self._told.append((request, say))
        return say

    async def _face(self, changes: dict[str, Any]) -> dict[str, Errors]:
        async def one(operation: Operation) -> Errors:
            with tempfile.TemporaryDirectory() as directory:
                errors: Errors = await self._in_session(
                    lambda ats: _meet(operation, ats, Path(directory)), changes
                )
                assert_tidy(Path(directory))
                self._assert_announced(Path(directory))
            return errors

        self._told.clear()
        met = await asyncio.gather(*map(one, OPERATIONS.values()))
        await self._assert_quiet()
        self._assert_sent_once()
        return dict(zip(OPERATIONS, met, strict=True))

    def _assert_announced(self, directory: Path) -> None:
        """Find under a final name only what was told as a whole, wherever it can be told what is."""
        saved = [path for path in directory.rglob("*.*") if path.name in {f"{_NAME}.mp3", f"{_NAME}.json"}]
        try:
            whole = [whole_body(say.what) for _, say in self._told] if saved else []
        except UndecidedError:
            return
        for path in saved:
            assert path.read_bytes() in whole

    def _assert_sent_once(self) -> None:
        """See that a call is not placed twice, nor a manager created."""
        for begin in _NEVER_TWICE:
            before_last = [say.what for request, say in self._told if request.startswith(begin)][:-1]
            assert all(map(_NOT_CARRIED_OUT.search, before_last))

    async def _run(self, work: Callable[[AtsSession], Awaitable[Any]], changes: dict[str, Any]) -> Any:
        self._told.clear()
        result = await self._in_session(work, changes)
        await self._assert_quiet()
        return result

    async def _in_session(self, work: Callable[[AtsSession], Awaitable[Any]], changes: dict[str, Any]) -> Any:
        limits = {"timeout": SHORT, "minimum_speed": SOON} | changes
        patience = asyncio.timeout(PATIENCE_S)
        try:
            async with patience, open_session(self._service, **limits) as ats:
                return await work(ats)
        except TimeoutError:
            assert not patience.expired(), "a call hangs"
            raise

    async def _assert_quiet(self) -> None:
        """See that no task of the client goes on, and that the loop has nothing to complain of."""
        self._service.requests.clear()
        served = self._service._tasks
        served -= {task for task in served if task.done()}
        for _ in range(5):  # what was cancelled takes a turn or two to be gone
            await asyncio.sleep(0)
        assert not asyncio.all_tasks() - served - {asyncio.current_task()}
        assert [] == self._complaints


async def _meet(operation: Operation, ats: AtsSession, directory: Path) -> Errors:
    try:
        errors = await operation(ats, directory)
    except AtsError as error:
        errors = [error]
    for met in errors:
        assert_clean(met, SECRETS, "aiohttp")
    return errors


def assert_tidy(directory: Path) -> None:
    """Find nothing but whole files, and beginnings that are kept on purpose."""
    found = {path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()}
    assert found <= {f"{NAME}.mp3", f"{NAME}.json", f"{_DAY}/.{_NAME}.mp3.partial"}


@pytest.fixture(scope="module", name="arena")
def arena_of_module() -> Iterator[Arena]:
    """Give a loop and a server for a module; what was left unclosed is a warning, and so an error."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refresher, "_WINNER_DELAYS_S", (0.001,))
        with Arena.opened() as opened:
            yield opened
    gc.collect()
