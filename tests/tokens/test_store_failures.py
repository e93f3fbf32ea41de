"""Stores that fail, hang, or are written by others in the middle: the living pair is never lost."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from raw_service import (
    ONCE,
    PAIR,
    RawService,
    Say,
    Then,
    answer,
    ask,
    header,
    in_turn,
    issue,
    jwt,
    open_session,
)

from tele2ats_async import (
    AtsSession,
    AtsTimeout,
    FileTokenStore,
    MemoryTokenStore,
    ReauthorizationRequired,
    ServerError,
    TokenPair,
    TokenStoreError,
)
from tele2ats_async.simulator import AtsSimulator, Company
from tele2ats_async.tokens import exchange, keeper
from tele2ats_async.tokens import refresher as refresher_module

pytestmark = pytest.mark.asyncio

GONE = TokenStoreError("redis://host:6379/0", "Connection refused")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresher_module, "_WINNER_DELAYS_S", (0.001,))


class Fragile(MemoryTokenStore):
    """A store whose parts can be broken.

    Attributes:
        broken: The names of the operations that fail now.
        hung: The names of the operations that never end now.
    """

    def __init__(self, pair: TokenPair) -> None:
        super().__init__(pair)
        self.broken: set[str] = set()
        self.hung: set[str] = set()

    async def load(self) -> TokenPair:
        await self._suffer("load")
        return await super().load()

    async def save(self, pair: TokenPair) -> None:
        await self._suffer("save")
        await super().save(pair)

    @asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:  # type: ignore[override]  # another kind of context manager
        await self._suffer("lock")
        async with super().lock():
            yield
            await self._suffer("unlock")

    async def _suffer(self, operation: str) -> None:
        if operation in self.broken:
            raise GONE
        if operation in self.hung:
            await asyncio.Event().wait()


def _session(simulator: AtsSimulator, store: MemoryTokenStore) -> AtsSession:
    return AtsSession(store, base_url=simulator.base_url, retry=ONCE)


def _during_the_refresh(
    event: list[str], simulator: list[AtsSimulator], store: MemoryTokenStore
) -> Middleware:
    """Let a person regenerate the pair, and put it into the store, while an answer is on its way."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        if request.method == "PUT" and event:
            event.clear()
            await store.save(TokenPair(*simulator[0].regenerate_tokens()))
        return response

    return middleware


@pytest.mark.parametrize("broken", [{"load", "save", "lock"}, {"lock"}, {"save"}, {"unlock"}, {"load"}])
async def test_the_session_works_on_with_the_pair_in_memory(
    simulator: AtsSimulator, broken: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis is gone, or the disk read-only: requests go on, token after token, and it is saved at last."""
    monkeypatch.setattr(keeper, "_SAVE_PAUSE_S", 0.01)
    store = Fragile(TokenPair(*simulator.tokens))
    async with _session(simulator, store) as ats:
        await ask(ats)
        store.broken = broken
        for _ in range(3):
            simulator.expire_access_token()
            await ask(ats)
            await ats.tokens.refresh()
        store.broken = set()
        async with asyncio.timeout(5):
            while TokenPair(*simulator.tokens) != await store.load():
                await asyncio.sleep(0.005)

    assert 6 == simulator.refresh_count


async def test_a_read_only_directory(
    simulator: AtsSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a lock file nor a token file can be made there: a new token is had all the same."""
    monkeypatch.setattr(keeper, "_SAVE_PAUSE_S", 0.01)
    path = tmp_path / "tokens.json"
    await FileTokenStore(path).save(TokenPair(*simulator.tokens))
    old = path.read_bytes()

    class ReadOnly(FileTokenStore):
        """What the system does: nothing new can be made in the directory (root may do it all the same)."""

        async def save(self, pair: TokenPair) -> None:
            del pair
            raise TokenStoreError(str(path), "cannot be written: Read-only file system")

        @asynccontextmanager
        async def lock(self) -> AsyncIterator[None]:
            raise TokenStoreError(str(path), "cannot make the lock: Read-only file system")
            yield

    ats = AtsSession(ReadOnly(path), base_url=simulator.base_url, retry=ONCE)
    simulator.expire_access_token()
    await ask(ats)
    with pytest.raises(TokenStoreError, match="Read-only file system"):
        await ats.close()

    assert (1, old) == (simulator.refresh_count, path.read_bytes())


async def test_ahead_of_time_a_lock_is_not_waited_for(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old token still serves: requests are not held up by a process that hangs with the lock."""
    monkeypatch.setattr(refresher_module, "_PATIENCE_S", 0.05)
    async with AtsSimulator(company=company, access_lifetime_s=600) as simulator:
        store = Fragile(TokenPair(*simulator.tokens))
        store.hung = {"lock"}
        async with _session(simulator, store) as ats:
            for _ in range(3):
                await ask(ats)

    assert 0 == simulator.refresh_count


async def test_closing_does_not_wait_for_a_store_that_hangs(
    simulator: AtsSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of a program is bounded, and says what it could not save."""
    monkeypatch.setattr(keeper, "_STORE_TIMEOUT_S", 0.05)
    store = Fragile(TokenPair(*simulator.tokens))
    ats = _session(simulator, store)
    await ask(ats)
    store.hung = {"load", "save", "unlock"}
    refreshing = asyncio.create_task(ats.tokens.refresh())
    while not simulator.refresh_count:
        await asyncio.sleep(0.001)
    store.hung |= {"lock"}
    with pytest.raises(TokenStoreError, match=r"does not answer within 0\.05 s"):
        await ats.close()
    await refreshing
    store.hung = set()
    await ats.close()

    assert TokenPair(*simulator.tokens) == await store.load()


async def test_closing_does_not_wait_for_a_service_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does it for a refresh that is never answered; the fate of the pair is told as unknown."""
    monkeypatch.setattr(exchange, "_TIMEOUT_S", 0.1)
    async with RawService(in_turn(Say(then=Then.SILENCE))) as service:
        ats = open_session(service)
        refreshing = asyncio.create_task(ats.tokens.refresh())
        while not service.requests:
            await asyncio.sleep(0.001)
        await ats.close()
        with pytest.raises(AtsTimeout, match=r"no answer within 0\.1 s") as caught:
            await refreshing

    assert caught.value.sent


async def test_failures_are_told_once_a_minute(
    simulator: AtsSimulator, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loud, with the reason, and no flood: whatever of the store fails, and however often."""
    monkeypatch.setattr(keeper, "_SAVE_PAUSE_S", 0.001)
    store = Fragile(TokenPair(*simulator.tokens))
    ats = _session(simulator, store)
    await ask(ats)
    store.broken = {"load", "save", "lock"}
    for _ in range(3):
        await ats.tokens.refresh()
        await asyncio.sleep(0.01)
    now, loop = asyncio.get_running_loop().time(), asyncio.get_running_loop()
    first, caplog.records[:] = list(caplog.records), []
    monkeypatch.setattr(loop, "time", lambda: now + 61)
    await ats.tokens.refresh()
    second = list(caplog.records)
    monkeypatch.undo()
    with pytest.raises(TokenStoreError, match="Connection refused"):
        await ats.close()

    for records in (first, second):
        told = [
            (record.getMessage(), record.levelno) for record in records if "failed" in record.getMessage()
        ]
        assert [
            (f"token_load_failed: {GONE}", logging.WARNING),
            (f"token_lock_failed: {GONE}", logging.WARNING),
            (f"token_save_failed: {GONE}", logging.CRITICAL),
        ] == sorted(told)


async def test_a_pair_pasted_while_a_refresh_is_on_its_way(company: Company) -> None:
    """The person's pair has killed the one on its way: it stays in the store, and is used."""
    simulators: list[AtsSimulator] = []
    store = MemoryTokenStore(PAIR)
    person = _during_the_refresh(["once"], simulators, store)
    async with AtsSimulator(company=company, middlewares=[person]) as simulator:
        simulators.append(simulator)
        await store.save(TokenPair(*simulator.tokens))
        async with _session(simulator, store) as ats:
            simulator.expire_access_token()
            await ask(ats)

    assert TokenPair(*simulator.tokens) == await store.load()
    assert 1 == simulator.refresh_count


async def test_a_wrong_pair_in_the_store_does_not_cost_the_right_one(
    simulator: AtsSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    """Another account's pair was pasted, or a backup brought back: what still lives is not let go."""
    store = MemoryTokenStore(TokenPair(*simulator.tokens))
    async with _session(simulator, store) as ats:
        await ask(ats)
        await store.save(TokenPair(jwt(exp=4_000_000_000), jwt(exp=4_000_000_000)))
        simulator.expire_access_token()
        await ask(ats)
        await ask(ats)

    assert TokenPair(*simulator.tokens) == await store.load()
    assert (1, 2) == (simulator.refresh_count, sum("PUT" == seen.method for seen in simulator.requests))
    assert [] == [record for record in caplog.records if record.levelno > logging.WARNING]


async def test_what_is_dead_on_both_sides_is_told(simulator: AtsSimulator) -> None:
    """With neither the store's pair nor our own alive, a person is asked for; each is tried once."""
    store = MemoryTokenStore(TokenPair(*simulator.tokens))
    async with _session(simulator, store) as ats:
        await ask(ats)
        simulator.regenerate_tokens()
        await store.save(TokenPair("old-access", "old-refresh"))
        for _ in range(2):
            with pytest.raises(ReauthorizationRequired):
                await ask(ats)
        await store.save(TokenPair(*simulator.tokens))
        await ask(ats)

    assert 0 == simulator.refresh_count
    refreshes = [seen.headers["Authorization"] for seen in simulator.requests if "PUT" == seen.method]
    assert ["old-refresh", "old-refresh"] == [token for token in refreshes if token == "old-refresh"]
    assert 3 == len(refreshes)


async def test_a_spare_pair_whose_fate_is_unknown_stays() -> None:
    """The service fails in the middle of trying it: it is tried again with the next request."""
    dead = answer(b'{"details": "The token has already been updated"}', "403 Forbidden")
    tries = [answer(b"", "500 X"), answer(b"", "500 X"), issue("a2", "r2")]
    alive = {PAIR.access, "a2"}

    def script(request: bytes) -> Say:
        token = header(request, "Authorization")
        if request.startswith(b"PUT"):
            return tries.pop(0) if token == PAIR.refresh else dead
        return answer() if token in alive else dead

    store = MemoryTokenStore(PAIR)
    async with RawService(script) as service, open_session(service, tokens=store, retry=ONCE) as ats:
        await ask(ats)
        await store.save(TokenPair("wrong", "wrong-refresh"))
        alive.discard(PAIR.access)
        with pytest.raises(ServerError):
            await ask(ats)
        await ask(ats)

    assert TokenPair("a2", "r2") == await store.load()
    assert [] == tries


async def test_a_pair_pasted_while_an_older_one_is_being_saved(
    simulator: AtsSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at the store and the saving: what was noticed is used, and not overwritten later."""
    monkeypatch.setattr(keeper, "_SAVE_PAUSE_S", 0.01)
    store = Fragile(TokenPair(*simulator.tokens))
    async with _session(simulator, store) as ats:
        store.broken = {"save"}
        await ats.tokens.refresh()
        store.broken = set()
        loads = 0
        load = store.load

        async def load_and_paste() -> TokenPair:
            nonlocal loads
            loads += 1
            pair = await load()
            if loads == 1:
                await store.save(TokenPair(*simulator.regenerate_tokens()))
            return pair

        monkeypatch.setattr(store, "load", load_and_paste)
        async with asyncio.timeout(5):
            while simulator.tokens.access != await ats.tokens.access_token():
                await asyncio.sleep(0.005)
        await asyncio.sleep(0.05)

        assert TokenPair(*simulator.tokens) == await load()
        assert 1 == simulator.refresh_count


async def test_several_wrong_pairs_in_a_row(simulator: AtsSimulator) -> None:
    """The living one is still tried, after those that came later."""
    store = MemoryTokenStore(TokenPair(*simulator.tokens))
    async with _session(simulator, store) as ats:
        await ask(ats)
        simulator.expire_access_token()
        for number in range(2):
            await store.save(TokenPair(f"wrong-{number}", f"wrong-refresh-{number}"))
            await ats.tokens._keeper.read()
        await ask(ats)

    assert (1, TokenPair(*simulator.tokens)) == (simulator.refresh_count, await store.load())


async def test_a_refresh_is_not_behind_a_queue_that_waits_for_it() -> None:
    """Under a limit on the rate, requests with a dead token are ahead of it: it passes them by."""
    dead = answer(b'{"details": "The token is expired"}', "403 Forbidden")

    def script(request: bytes) -> Say:
        if request.startswith(b"PUT"):
            return issue("a2", "r2")
        return answer() if header(request, "Authorization") == "a2" else dead

    async with RawService(script) as service, open_session(service, requests_per_second=100) as ats:
        await asyncio.gather(*(ask(ats) for _ in range(20)))

    [place] = [place for place, line in enumerate(service.lines) if line.startswith("PUT ")]
    assert place < 10  # behind the queue it would come after all twenty


@pytest.mark.parametrize(("cuts", "is_heard"), [(1, True), (2, False)])
async def test_a_store_that_cancels_itself(simulator: AtsSimulator, cuts: int, is_heard: bool) -> None:  # noqa: FBT001  # a parameter of the test
    """Nobody here has cancelled anything: asked once more, and then told as trouble with the store."""

    class Cut(MemoryTokenStore):
        left = cuts

        async def load(self) -> TokenPair:
            if self.left:
                self.left -= 1
                raise asyncio.CancelledError
            return await super().load()

    async with _session(simulator, Cut(TokenPair(*simulator.tokens))) as ats:
        if is_heard:
            await ask(ats)
        else:
            with pytest.raises(TokenStoreError, match="Cut: raised RuntimeError"):
                await ask(ats)


async def test_the_winner_is_looked_for_to_the_last(
    simulator: AtsSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what is saved during the last pause counts."""
    monkeypatch.setattr(refresher_module, "_WINNER_DELAYS_S", (0.1,))
    store = MemoryTokenStore(TokenPair(*simulator.tokens))
    async with _session(simulator, store) as ats:
        simulator.regenerate_tokens()
        asking = asyncio.create_task(ask(ats))
        while not any("PUT" == seen.method for seen in simulator.requests):
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.02)
        await store.save(TokenPair(*simulator.tokens))
        await asking
