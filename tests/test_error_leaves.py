"""Every leaf of the tree of errors, raised over a real socket, pickled, and searched for tokens."""

import copy
import inspect
import os
import pickle
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from faults import RECORDING, TRANSCRIPT, answer_with, body, cut_after
from raw_service import (
    ACCESS,
    NAME,
    ONCE,
    PAIR,
    REFRESH,
    RawService,
    Say,
    Then,
    answer,
    ask,
    free_port,
    in_turn,
    make_tls,
    moved,
    open_session,
)

from tele2ats_async import (
    ArchiveError,
    AtsError,
    AtsSession,
    AtsTimeout,
    CertificateError,
    Conflict,
    ConnectionFailed,
    FileTokenStore,
    Forbidden,
    GatewayRefused,
    Manager,
    NotAudio,
    NotFound,
    NotReady,
    PayloadError,
    ProxyRefused,
    RateLimited,
    ReauthorizationRequired,
    RedirectRefused,
    ServerError,
    StorageError,
    TokenPair,
    TokenStoreError,
    Truncated,
    UnsafeName,
    errors,
)
from tele2ats_async.simulator import AtsSimulator, Company
from tele2ats_async.tokens import refresher

pytestmark = pytest.mark.asyncio

MP3 = "audio/mpeg"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
Scene = Callable[[Path], Awaitable[None]]


@asynccontextmanager
async def _simulated(*faults: Any, **settings: Any) -> AsyncIterator[AtsSession]:
    company = Company.generate(seed=5, recordings=3, duration_s=(1, 1))
    async with (
        AtsSimulator(company=company, middlewares=faults) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=ONCE, **settings) as ats,
    ):
        yield ats


async def _answered(say: Say, **settings: Any) -> None:
    async with RawService(in_turn(say)) as service, open_session(service, **settings) as ats:
        await ask(ats)


async def _not_connected(_: Path) -> None:
    async with AtsSession(PAIR, base_url=f"http://127.0.0.1:{free_port()}", retry=ONCE) as ats:
        await ask(ats)


async def _not_certified(_: Path) -> None:
    server, _ignored = make_tls("127.0.0.1")
    async with (
        AtsSimulator(ssl=server) as simulator,
        AtsSession(PAIR, base_url=simulator.base_url, retry=ONCE) as ats,
    ):
        await ask(ats)


async def _refused_by_the_proxy(_: Path) -> None:
    async with RawService(in_turn(answer(b"", "407 Proxy Authentication Required"))) as proxy:
        address = f"http://user:wrong@127.0.0.1:{proxy.port}"
        async with AtsSession(PAIR, base_url="http://ats.example", proxy=address, retry=ONCE) as ats:
            await ask(ats)


async def _too_slow(_: Path) -> None:
    await _answered(Say(then=Then.SILENCE), timeout=aiohttp.ClientTimeout(total=None, sock_read=0.1))


async def _redirected(_: Path) -> None:
    await _answered(moved("https://evil.example/crm/openapi/call-records/info"))


async def _spent(_: Path) -> None:
    refusal = answer(b'{"details": "The token is expired"}', "403 Forbidden")
    async with RawService(lambda _: refusal) as service, open_session(service) as ats:
        await ask(ats)


async def _forbidden(_: Path) -> None:
    fault = answer_with("/employees", body(b"", content_type="text/html", status=403))
    async with _simulated(fault) as ats:
        await ats.employees.fetch_all()


async def _no_such_manager(_: Path) -> None:
    async with _simulated() as ats:
        await ats.managers.fetch(999_999)


async def _refused_by_the_gateway(_: Path) -> None:
    async with _simulated(user_agent="python-aiohttp") as ats:
        await ats.employees.fetch_all()


async def _in_conflict(_: Path) -> None:
    async with _simulated() as ats:
        await ats.managers.create(Manager(name="Анна", employee_id=1, handle_all_customers=True))


async def _too_often(_: Path) -> None:
    await _answered(answer(b"", "429 Too Many Requests"))


async def _broken(_: Path) -> None:
    await _answered(answer(b"", "502 Bad Gateway"))


async def _not_json(_: Path) -> None:
    await _answered(answer(b"<html>"))


async def _without_tokens(directory: Path) -> None:
    store = FileTokenStore(directory / "none.json")
    async with RawService(in_turn(answer())) as service, open_session(service, tokens=store) as ats:
        await ask(ats)


async def _damaged_index(directory: Path) -> None:
    (directory / "archive.sqlite3").write_bytes(b"no database" * 100)
    async with _simulated() as ats:
        [one async for one in ats.recordings.mirror(NOON, NOON, directory)]


async def _saved(directory: Path, name: str, *faults: Any) -> None:
    async with _simulated(*faults) as ats:
        await ats.recordings.save(name, directory)


async def _page_instead_of_audio(directory: Path) -> None:
    await _saved(directory, NAME, answer_with(RECORDING, body(b"<html>", content_type="text/html")))


async def _cut_short(directory: Path) -> None:
    await _saved(directory, NAME, answer_with(RECORDING, cut_after(b"ID3" + bytes(97), announced_bytes=200)))


async def _hostile_name(directory: Path) -> None:
    async with _simulated() as ats:
        (outcome,) = [one async for one in ats.recordings.save_many(["../../etc/passwd"], directory)]
        assert outcome.error is not None
        raise outcome.error


async def _no_transcript_yet(_: Path) -> None:
    fault = answer_with(TRANSCRIPT, body(b"", content_type="text/html", status=404))
    async with _simulated(fault) as ats:
        await ats.recordings.fetch_transcript(NAME)


async def _nowhere_to_write(directory: Path) -> None:
    (directory / "file").touch()
    await _saved(directory / "file", NAME, answer_with(RECORDING, body(b"ID3" + bytes(97), content_type=MP3)))


SCENES: dict[type[AtsError], Scene] = {
    ArchiveError: _damaged_index,
    AtsTimeout: _too_slow,
    CertificateError: _not_certified,
    Conflict: _in_conflict,
    ConnectionFailed: _not_connected,
    Forbidden: _forbidden,
    GatewayRefused: _refused_by_the_gateway,
    NotAudio: _page_instead_of_audio,
    NotFound: _no_such_manager,
    NotReady: _no_transcript_yet,
    PayloadError: _not_json,
    ProxyRefused: _refused_by_the_proxy,
    RateLimited: _too_often,
    ReauthorizationRequired: _spent,
    RedirectRefused: _redirected,
    ServerError: _broken,
    StorageError: _nowhere_to_write,
    TokenStoreError: _without_tokens,
    Truncated: _cut_short,
    UnsafeName: _hostile_name,
}


async def test_every_leaf_has_a_scene() -> None:
    """A new error is raised for real before it is released."""
    tree = [item for _, item in inspect.getmembers(errors, inspect.isclass) if issubclass(item, AtsError)]
    leaves = {one for one in tree if not any(other is not one and issubclass(other, one) for other in tree)}

    assert leaves <= set(SCENES)


@pytest.mark.parametrize("leaf", SCENES, ids=lambda leaf: leaf.__name__)
async def test_every_leaf(leaf: type[AtsError], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is raised as itself, comes through pickle and copy as it was, and nothing of it shows a token."""
    monkeypatch.setattr(refresher, "_WINNER_DELAYS_S", (0.001,))
    with pytest.raises(AtsError) as raised:
        await SCENES[leaf](tmp_path)
    error = raised.value

    assert leaf is type(error)
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert (type(error), str(error), error.args) == (type(twin), str(twin), twin.args)
    story = "".join(traceback.format_exception(error)) + repr(error) + repr(error.args) + os.linesep
    assert ACCESS not in story
    assert REFRESH not in story
