import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from raw_service import (
    ACCESS,
    ONCE,
    PAIR,
    QUICKLY,
    REFRESH,
    RawService,
    Say,
    Script,
    Then,
    answer,
    ask,
    free_port,
    header,
    in_turn,
    issue,
    jwt,
    open_session,
)

from tele2ats_async import (
    AtsSession,
    ConnectionFailed,
    FileTokenStore,
    MemoryTokenStore,
    PayloadError,
    RateLimited,
    ReauthorizationRequired,
    ServerError,
    TokenPair,
    TokenStore,
    TokenStoreError,
)
from tele2ats_async.simulator import AtsSimulator, Company
from tele2ats_async.tokens import keeper
from tele2ats_async.tokens import refresher as refresher_module

pytestmark = pytest.mark.asyncio

DAY_S = 86_400
UPDATED = answer(b'{"details": "The token has already been updated"}', "403 Forbidden")


class SoreStore(MemoryTokenStore):
    """A store of somebody else, which fails to save a few times."""

    def __init__(self, pair: TokenPair, *failures: Exception) -> None:
        super().__init__(pair)
        self.failures = list(failures)
        self.saves = 0

    async def save(self, pair: TokenPair) -> None:
        self.saves += 1
        if self.failures:
            raise self.failures.pop(0)
        await super().save(pair)


class Gate:
    """A middleware that holds refreshes back until it is opened."""

    def __init__(self) -> None:
        self.arrived = asyncio.Event()
        self.may_pass = asyncio.Event()

    @property
    def middleware(self) -> Middleware:
        @web.middleware
        async def hold(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.method == "PUT":
                self.arrived.set()
                await self.may_pass.wait()
            return await handler(request)

        return hold


class Clock:
    """The simulator's clock, which differs from ours."""

    def __init__(self, ahead_s: float) -> None:
        self.ahead_s = ahead_s

    def __call__(self) -> float:
        return time.time() + self.ahead_s


@pytest.fixture
def quick_winner(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait seconds for a pair that nobody is going to save."""
    monkeypatch.setattr(refresher_module, "_WINNER_DELAYS_S", (0.01, 0.01))


def _session(
    simulator: AtsSimulator, tokens: TokenStore | TokenPair | None = None, **settings: Any
) -> AtsSession:
    pair = tokens or TokenPair(*simulator.tokens)
    return AtsSession(pair, base_url=simulator.base_url, **({"retry": ONCE} | settings))


def _methods(simulator: AtsSimulator) -> list[str]:
    return [seen.method for seen in simulator.requests]


def _puts(service: RawService) -> list[str | None]:
    return [header(request, "Authorization") for request in service.requests if request.startswith(b"PUT")]


def _serving(alive: set[str], refresh: Callable[[str], Say]) -> Script:
    """Answer requests with a living token, and refreshes as told."""

    def script(request: bytes) -> Say:
        token = header(request, "Authorization") or ""
        if request.startswith(b"PUT"):
            return refresh(token)
        return answer() if token in alive else answer(b'{"details": "The token is expired"}', "403 Forbidden")

    return script


# One refresh, and durable before it is used.


async def test_refresh_replaces_and_saves_the_pair(simulator: AtsSimulator) -> None:
    """Operation 1: afterwards the store, the session and the service agree."""
    store = MemoryTokenStore(TokenPair(*simulator.tokens))
    async with _session(simulator, store) as ats:
        await ats.tokens.refresh()
        assert simulator.tokens.access == await ats.tokens.access_token()

    assert TokenPair(*simulator.tokens) == await store.load()
    assert 1 == simulator.refresh_count


async def test_concurrent_refreshes_are_one(simulator: AtsSimulator) -> None:
    """`refresh()` from many tasks at once asks for one new pair, not for a chain of them."""
    async with _session(simulator) as ats:
        await ats.tokens.access_token()
        await asyncio.gather(*(ats.tokens.refresh() for _ in range(50)))

    assert 1 == simulator.refresh_count


async def test_expiry_is_known_once_the_pair_is(simulator: AtsSimulator) -> None:
    """None before the first call, for a session reads its store lazily."""
    async with _session(simulator) as ats:
        assert ats.tokens.expires_at is None
        await ats.tokens.access_token()
        assert TokenPair(*simulator.tokens).expires_at == ats.tokens.expires_at
    async with AtsSession(PAIR) as opaque:
        await opaque.tokens.access_token()
        assert opaque.tokens.expires_at is None


async def test_the_pair_is_on_the_disk_before_it_is_used(company: Company, tmp_path: Path) -> None:
    """A program killed right after its first request must find the pair that works."""
    path = tmp_path / "tokens.json"
    seen: list[tuple[str, dict[str, str]]] = []

    @web.middleware
    async def look(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method == "GET":
            seen.append((request.headers["Authorization"], orjson.loads(path.read_bytes())))
        return await handler(request)

    async with AtsSimulator(company=company, middlewares=[look]) as simulator:
        old = simulator.tokens
        store = FileTokenStore(path, initial=TokenPair(*old))
        async with _session(simulator, store) as ats:
            simulator.expire_access_token()
            await asyncio.gather(*(ask(ats) for _ in range(5)))
        new = simulator.tokens

    on_disk = [{"accessToken": pair.access, "refreshToken": pair.refresh} for pair in (old, new)]
    assert {old.access, new.access} == {token for token, _ in seen}
    for token, stored in seen:
        assert stored == on_disk[1] if token == new.access else stored in on_disk


# Ahead of time.


async def test_ahead_of_time(company: Company) -> None:
    """A token about to die is replaced before a request meets its death; then there is peace."""
    clock = Clock(60 - DAY_S)
    async with AtsSimulator(company=company, clock=clock) as simulator:
        pair = TokenPair(*simulator.tokens)
        clock.ahead_s = 0
        async with _session(simulator, pair) as ats:
            await asyncio.gather(*(ask(ats) for _ in range(20)))
            await ask(ats)

    assert ["PUT"] + ["GET"] * 21 == _methods(simulator)
    assert {200} == {seen.status for seen in simulator.requests}


async def test_not_long_before_time(company: Company) -> None:
    """The margin shortens a token's life by minutes, and never lengthens it."""
    clock = Clock(3600 - DAY_S)
    async with AtsSimulator(company=company, clock=clock) as simulator, _session(simulator) as ats:
        await ask(ats)

    assert ["GET"] == _methods(simulator)


@pytest.mark.parametrize(
    "fault",
    [
        answer(b"{}", "500 Oh"),
        answer(b"", "429 X"),
        UPDATED,
        answer(b"{}", "404 X"),
        Say(then=Then.CLOSE),
        answer(b"<html>"),
    ],
    ids=range(6),
)
@pytest.mark.usefixtures("quick_winner")
async def test_trouble_ahead_of_time_does_not_matter_yet(
    fault: Say, caplog: pytest.LogCaptureFixture
) -> None:
    """While the token lives, requests go on; the refresh is tried again later, not at every request."""
    caplog.set_level(logging.WARNING)
    pair = TokenPair(jwt(exp=int(time.time()) + 60), REFRESH)
    async with (
        RawService(_serving({pair.access}, lambda _: fault)) as service,
        open_session(service, tokens=pair) as ats,
    ):
        await asyncio.gather(*(ask(ats) for _ in range(5)))
        puts = len(_puts(service))
        for _ in range(5):
            await ask(ats)
        assert puts == len(_puts(service))

    assert 1 <= puts <= 2
    assert any(record.message.startswith("token_refresh_failed: ") for record in caplog.records)


async def test_trouble_with_a_token_that_has_died_matters() -> None:
    """By our clock the token is dead: the failure is told."""
    pair = TokenPair(jwt(exp=int(time.time()) - 60), REFRESH)
    script = _serving({pair.access}, lambda _: answer(b"{}", "500 Oh"))
    async with RawService(script) as service, open_session(service, tokens=pair) as ats:
        with pytest.raises(ServerError):
            await ask(ats)


async def test_a_dead_token_is_refreshed_though_an_early_refresh_has_just_failed() -> None:
    """The service's 403 knows better than the pause after a failure ahead of time."""
    faults = [answer(b"{}", "429 X")]
    pair = TokenPair(jwt(exp=int(time.time()) + 60), REFRESH)
    script = _serving({"a2"}, lambda _: faults.pop() if faults else issue("a2", "r2"))
    async with RawService(script) as service, open_session(service, tokens=pair) as ats:
        await asyncio.gather(*(ask(ats) for _ in range(5)))

    assert [REFRESH, REFRESH] == _puts(service)


async def test_a_clock_that_is_wrong(company: Company, caplog: pytest.LogCaptureFixture) -> None:
    """Ours is ten days ahead, so every new token looks dead: one refresh and a warning, not one a request."""
    async with (
        AtsSimulator(company=company, clock=Clock(-10 * DAY_S)) as simulator,
        _session(simulator) as ats,
    ):
        await asyncio.gather(*(ask(ats) for _ in range(10)))
        for _ in range(5):
            await ask(ats)
    messages = [record.message.partition(":")[0] for record in caplog.records]

    assert 1 == simulator.refresh_count
    assert 1 == messages.count("clock_disagrees")


async def test_sessions_with_a_wrong_clock_do_not_take_turns(simulator: AtsSimulator) -> None:
    """Two sessions on one store do not refresh each other's pairs for ever, only because the clock is off."""
    async with AtsSimulator(company=simulator.company, access_lifetime_s=200) as short:
        store = MemoryTokenStore(TokenPair(*short.tokens))
        async with _session(short, store) as one, _session(short, store) as other:
            for _ in range(10):
                await ask(one)
                await ask(other)

        assert short.refresh_count <= 2


async def test_tokens_that_say_nothing_are_refreshed_on_refusal() -> None:
    """Section 2: expiry unknown; the service says when it is over."""
    script = _serving({"a2"}, lambda _: issue("a2", "r2"))
    async with RawService(script) as service, open_session(service) as ats:
        for _ in range(3):
            await ask(ats)

    assert [ACCESS, REFRESH, "a2", "a2", "a2"] == service.tokens


async def test_old_tokens_that_never_expire(caplog: pytest.LogCaptureFixture) -> None:
    """A new token that lives shorter than our margin costs no refresh per request either."""
    new = jwt(exp=int(time.time()) + 30)
    script = _serving({new}, lambda _: issue(new, "r2"))
    async with RawService(script) as service, open_session(service) as ats:
        for _ in range(3):
            await ask(ats)

    assert [REFRESH] == _puts(service)
    assert caplog.records


# Cancellation.


async def _until_saved(store: TokenStore, pair: TokenPair) -> None:
    async with asyncio.timeout(5):
        while await store.load() != pair:  # a store has no events
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("cancelled", [1, 10])
async def test_cancelled_requests_do_not_lose_the_pair(
    company: Company, tmp_path: Path, cancelled: int
) -> None:
    """Pitfall 18: whoever triggered the refresh may leave, and so may all others: the pair is saved."""
    gate = Gate()
    async with AtsSimulator(company=company, middlewares=[gate.middleware]) as simulator:
        store = FileTokenStore(tmp_path / "tokens.json", initial=TokenPair(*simulator.tokens))
        async with _session(simulator, store) as ats:
            simulator.expire_access_token()
            tasks = [asyncio.create_task(ask(ats)) for _ in range(10)]
            await gate.arrived.wait()
            for task in tasks[:cancelled]:
                task.cancel()
            await asyncio.wait(tasks[:cancelled])
            gate.may_pass.set()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            await _until_saved(store, TokenPair(*simulator.tokens))
            await ask(ats)

    assert cancelled == sum(isinstance(result, asyncio.CancelledError) for result in results)
    assert 10 - cancelled == results.count(None)
    assert 1 == simulator.refresh_count


async def test_close_waits_for_a_refresh_under_way(company: Company, tmp_path: Path) -> None:
    """A program that ends in the middle of a refresh takes the new pair to the disk first."""
    gate = Gate()
    async with AtsSimulator(company=company, middlewares=[gate.middleware]) as simulator:
        store = FileTokenStore(tmp_path / "tokens.json", initial=TokenPair(*simulator.tokens))
        ats = _session(simulator, store)
        asking = asyncio.create_task(ats.tokens.refresh())
        await gate.arrived.wait()
        asking.cancel()
        await asyncio.wait([asking])
        closing = asyncio.create_task(ats.close())
        await asyncio.sleep(0.02)
        assert not closing.done()
        gate.may_pass.set()
        await closing
        assert TokenPair(*simulator.tokens) == await FileTokenStore(tmp_path / "tokens.json").load()

    assert 1 == simulator.refresh_count


async def test_a_cancelled_first_request_does_not_harm_the_second(simulator: AtsSimulator) -> None:
    """Cancelled while the store is read for the first time."""
    async with _session(simulator) as ats:
        first = asyncio.create_task(ask(ats))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait([first])
        await ask(ats)


# Failures.


@pytest.mark.parametrize(
    ("faults", "error"),
    [
        ([answer(b"{}", "500 Oh")] * 2, ServerError),
        ([answer(b"", "503 X")], RateLimited),
        ([Say(then=Then.CLOSE)] * 2, ConnectionFailed),
        ([answer(b"<html>")], PayloadError),
        ([answer(b'{"accessToken": "", "refreshToken": "r"}')], PayloadError),
    ],
    ids=range(5),
)
async def test_a_failed_refresh_does_not_poison_the_next(faults: list[Say], error: type[Exception]) -> None:
    """All who waited see the failure; whoever comes later starts anew."""
    left = list(faults)
    script = _serving({"a2"}, lambda _: left.pop(0) if left else issue("a2", "r2"))
    async with RawService(script) as service, open_session(service) as ats:
        failures = await asyncio.gather(*(ask(ats) for _ in range(5)), return_exceptions=True)
        assert {error} == {type(failure) for failure in failures}
        assert len(faults) == len(_puts(service))
        await ask(ats)

    assert "a2" == service.tokens[-1]


async def test_a_refresh_that_was_not_sent_is_tried_again() -> None:
    """Refused connections burn nothing: the policy's attempts are used up, and the pair is what it was."""
    store = MemoryTokenStore(PAIR)
    async with AtsSession(store, base_url=f"http://127.0.0.1:{free_port()}", retry=QUICKLY) as ats:
        with pytest.raises(ConnectionFailed) as caught:
            await ats.tokens.refresh()

    assert not caught.value.sent
    assert PAIR == await store.load()


@pytest.mark.parametrize(
    "fault", [Say(then=Then.CLOSE), Say(then=Then.RESET), answer(b"{}", "502 X")], ids=range(3)
)
async def test_unknown_outcome_asked_once_more(fault: Say) -> None:
    """The refresh may not have been done: asked once more, by our own decision, and all is well."""
    faults = [fault]
    script = _serving({"a2"}, lambda _: faults.pop() if faults else issue("a2", "r2"))
    async with RawService(script) as service, open_session(service) as ats:
        await ask(ats)

    assert [REFRESH, REFRESH] == _puts(service)


@pytest.mark.usefixtures("quick_winner")
async def test_unknown_outcome_that_was_a_success() -> None:
    """The refresh was done and its answer lost: a person has to help, and is told how."""
    faults = [Say(then=Then.CLOSE)]
    script = _serving({"a2"}, lambda _: faults.pop() if faults else UPDATED)
    async with RawService(script) as service, open_session(service, retry=QUICKLY) as ats:
        with pytest.raises(ReauthorizationRequired) as caught:
            await ask(ats)

    assert [REFRESH, REFRESH] == _puts(service)
    assert "The token has already been updated" == caught.value.details
    assert "Token API" in str(caught.value)


async def test_unknown_outcome_with_a_newer_pair_in_the_store() -> None:
    """Somebody else has put a pair there meanwhile: taken, and nothing burnt."""
    store = MemoryTokenStore(PAIR)

    async def script(request: bytes) -> Say:
        if request.startswith(b"PUT"):
            await store.save(TokenPair("a2", "r2"))
            return Say(then=Then.CLOSE)
        return answer() if header(request, "Authorization") == "a2" else UPDATED

    async with RawService(script) as service, open_session(service, tokens=store) as ats:
        await ask(ats)

    assert [REFRESH] == _puts(service)


# Others on the same tokens.


async def test_somebody_else_s_newer_pair_is_used(simulator: AtsSimulator) -> None:
    """The store holds a newer pair when we come to refresh: no refresh of our own."""
    store = MemoryTokenStore(TokenPair(*simulator.tokens))
    async with _session(simulator, store) as ats:
        await ask(ats)
        await store.save(TokenPair(*simulator.regenerate_tokens()))
        await asyncio.gather(*(ask(ats) for _ in range(5)))

    assert 0 == simulator.refresh_count


async def test_already_updated_and_the_winner_is_slow(simulator: AtsSimulator, tmp_path: Path) -> None:
    """The lock did not help (pitfall 23), and the winner's pair appears only after our refusal: used."""
    path = tmp_path / "tokens.json"
    store = FileTokenStore(path, initial=TokenPair(*simulator.tokens))
    async with _session(simulator, store) as ats:
        await ask(ats)
        new = TokenPair(*simulator.regenerate_tokens())
        asking = asyncio.create_task(ask(ats))
        while "PUT" not in _methods(simulator):
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.05)
        await FileTokenStore(path).save(new)
        await asking

    assert simulator.tokens.access == simulator.requests[-1].headers["Authorization"]
    assert (0, 200) == (simulator.refresh_count, simulator.requests[-1].status)


@pytest.mark.usefixtures("quick_winner")
async def test_already_updated_and_nobody_saves(simulator: AtsSimulator) -> None:
    """Only when nothing newer comes is it a matter for a person; the next new pair is taken up by itself."""
    store = MemoryTokenStore(TokenPair(*simulator.tokens))
    async with _session(simulator, store) as ats:
        await ask(ats)
        new = TokenPair(*simulator.regenerate_tokens())
        with pytest.raises(ReauthorizationRequired, match=r"already been updated.*«Сгенерировать токен»"):
            await ask(ats)
        await store.save(new)
        await ask(ats)

    assert 0 == simulator.refresh_count


async def test_two_sessions_on_one_file_refresh_once(simulator: AtsSimulator, tmp_path: Path) -> None:
    """Each with a store of its own, as two processes have it."""
    path = tmp_path / "tokens.json"
    await FileTokenStore(path).save(TokenPair(*simulator.tokens))
    simulator.expire_access_token()
    async with (
        _session(simulator, FileTokenStore(path)) as one,
        _session(simulator, FileTokenStore(path)) as other,
    ):
        await asyncio.gather(*(ask(ats) for ats in (one, other) * 10))

    assert 1 == simulator.refresh_count


# The store in trouble.


async def test_a_store_that_cannot_be_read(tmp_path: Path) -> None:
    """Told as it is, and read again at the next request."""
    path = tmp_path / "tokens.json"
    async with (
        RawService(in_turn(answer())) as service,
        open_session(service, tokens=FileTokenStore(path)) as ats,
    ):
        for _ in range(2):
            with pytest.raises(TokenStoreError, match="does not exist"):
                await ask(ats)
        await FileTokenStore(path).save(PAIR)
        await ask(ats)

    assert [ACCESS] == service.tokens


async def test_a_pair_that_cannot_be_saved_is_used(
    simulator: AtsSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    """The session goes on in memory and says so loudly; close() saves what could not be saved before."""
    store = SoreStore(TokenPair(*simulator.tokens), TokenStoreError("disk", "full"))
    async with _session(simulator, store) as ats:
        simulator.expire_access_token()
        for _ in range(3):
            await ask(ats)
        assert TokenPair(*simulator.tokens) != await store.load()

    assert TokenPair(*simulator.tokens) == await store.load()
    assert (1, 2) == (simulator.refresh_count, store.saves)
    assert [("token_save_failed: token store disk: full", logging.CRITICAL)] == [
        (record.message, record.levelno) for record in caplog.records if "save" in record.message
    ]


async def test_saving_is_tried_again_without_being_asked(
    simulator: AtsSimulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As soon as the store can take it the pair is in it: a crash of the process later loses nothing."""
    monkeypatch.setattr(keeper, "_SAVE_PAUSE_S", 0.01)
    monkeypatch.setattr(keeper, "_WARNING_PAUSE_S", 0.0)
    full = TokenStoreError("disk", "full")
    store = SoreStore(TokenPair(*simulator.tokens), full, full, full)
    async with _session(simulator, store) as ats:
        simulator.expire_access_token()
        await ask(ats)
        while TokenPair(*simulator.tokens) != await store.load():
            await asyncio.sleep(0.005)

        assert (1, 4) == (simulator.refresh_count, store.saves)
    assert 4 == store.saves
    assert 3 == sum("token_save_failed" in record.message for record in caplog.records)


@pytest.mark.parametrize("by_close", [False, True])
async def test_a_pair_pasted_into_the_store_is_not_overwritten(
    simulator: AtsSimulator,
    monkeypatch: pytest.MonkeyPatch,
    by_close: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    """A new pair from the cabinet wins over the one that could not be saved before, which it has killed."""
    monkeypatch.setattr(keeper, "_SAVE_PAUSE_S", 60.0 if by_close else 0.01)
    store = SoreStore(TokenPair(*simulator.tokens), TokenStoreError("disk", "full"))
    async with _session(simulator, store) as ats:
        simulator.expire_access_token()
        await ask(ats)
        pasted = TokenPair(*simulator.regenerate_tokens())
        await store.save(pasted)
        if not by_close:
            await asyncio.sleep(0.05)
            await ask(ats)

    assert pasted == await store.load()
    assert 1 == simulator.refresh_count


async def test_an_old_pair_that_comes_back_is_no_news(simulator: AtsSimulator, tmp_path: Path) -> None:
    """A backup put back over the file, or a deployment's first pair, does not push out the living one."""
    path = tmp_path / "tokens.json"
    old = TokenPair(*simulator.tokens)
    await FileTokenStore(path).save(old)
    async with _session(simulator, FileTokenStore(path)) as ats:
        simulator.expire_access_token()
        await ask(ats)
        await FileTokenStore(path).save(old)
        simulator.expire_access_token()
        await ask(ats)

    assert 2 == simulator.refresh_count
    assert TokenPair(*simulator.tokens) == await FileTokenStore(path).load()


@pytest.mark.parametrize("with_initial", [False, True])
async def test_a_file_that_vanishes_loses_nothing(
    simulator: AtsSimulator,
    tmp_path: Path,
    with_initial: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    """The pair in memory goes on, is refreshed, and is in the file again."""
    path = tmp_path / "tokens.json"
    first = TokenPair(*simulator.tokens)
    await FileTokenStore(path).save(first)
    store = FileTokenStore(path, initial=first if with_initial else None)
    async with _session(simulator, store) as ats:
        await ask(ats)
        simulator.expire_access_token()
        await ask(ats)
        path.unlink()
        simulator.expire_access_token()
        await ask(ats)

    assert 2 == simulator.refresh_count
    assert TokenPair(*simulator.tokens) == await FileTokenStore(path).load()


@pytest.mark.parametrize("cancellations", [1, 2, 3])
async def test_cancelling_the_end_of_the_session_loses_nothing(
    simulator: AtsSimulator, tmp_path: Path, cancellations: int
) -> None:
    """However often who closes the session is cancelled: the refresh under way is carried out and saved."""
    path = tmp_path / "tokens.json"
    gate = Gate()
    async with AtsSimulator(company=simulator.company, middlewares=[gate.middleware]) as held:
        await FileTokenStore(path).save(TokenPair(*held.tokens))

        async def job() -> None:
            async with _session(held, FileTokenStore(path)) as ats:
                await ask(ats)
                held.expire_access_token()
                await ask(ats)

        task = asyncio.create_task(job())
        await gate.arrived.wait()
        for _ in range(cancellations):
            task.cancel()
            await asyncio.sleep(0.01)
        gate.may_pass.set()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert TokenPair(*held.tokens) == await FileTokenStore(path).load()
        assert 1 == held.refresh_count


async def test_closing_does_not_wait_for_a_lock_that_others_hold(
    simulator: AtsSimulator, tmp_path: Path
) -> None:
    """A refresh that has not begun has nothing to lose: it is given up, and who waits for it is told."""
    store = FileTokenStore(tmp_path / "tokens.json")
    await store.save(TokenPair(*simulator.tokens))
    ats = _session(simulator, FileTokenStore(tmp_path / "tokens.json"))
    await ask(ats)
    simulator.expire_access_token()
    async with store.lock():
        waiting = asyncio.create_task(ask(ats))
        while not any(seen.status == 403 for seen in simulator.requests):
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.1)
        await asyncio.wait_for(ats.close(), 5)
        with pytest.raises(RuntimeError, match="this AtsSession is closed"):
            await waiting

    assert 0 == simulator.refresh_count


async def test_a_dead_pair_of_the_store_costs_a_refresh_of_ones_own(simulator: AtsSimulator) -> None:
    """A token that another session has left in the store, dead meanwhile, is refreshed and not "forbidden"."""
    store = MemoryTokenStore(TokenPair(*simulator.tokens))
    async with _session(simulator, store) as one, _session(simulator, store) as other:
        await ask(one)
        await ask(other)
        for ats in (other, one):
            simulator.expire_access_token()
            await ask(ats)

    assert 2 == simulator.refresh_count


async def test_closing_can_be_tried_again(simulator: AtsSimulator) -> None:
    """A pair that could not be saved at the end can be saved at the end's second attempt."""
    full = TokenStoreError("disk", "full")
    store = SoreStore(TokenPair(*simulator.tokens), full, full)
    ats = _session(simulator, store)
    simulator.expire_access_token()
    await ask(ats)
    with pytest.raises(TokenStoreError):
        await ats.close()
    await ats.close()

    assert TokenPair(*simulator.tokens) == await store.load()


async def test_close_tells_that_the_pair_is_lost(simulator: AtsSimulator, tmp_path: Path) -> None:
    """The last chance to say it; the connections are closed all the same, and the old file stays whole."""
    path = tmp_path / ("t" * 250)  # its temporary twin's name is too long for the disk
    old = {"accessToken": simulator.tokens.access, "refreshToken": simulator.tokens.refresh}
    path.write_bytes(orjson.dumps(old))
    path.chmod(0o600)
    ats = _session(simulator, FileTokenStore(path))
    simulator.expire_access_token()
    await asyncio.gather(*(ask(ats) for _ in range(5)))
    with pytest.raises(TokenStoreError, match="cannot be written"):
        await ats.close()
    with pytest.raises(RuntimeError, match="closed"):
        await ask(ats)

    assert old == orjson.loads(path.read_bytes())
    assert 1 == simulator.refresh_count


async def test_a_pair_in_memory_is_refreshed_again(simulator: AtsSimulator) -> None:
    """The old pair in the store is not taken for news: the one in memory is the living one."""
    store = SoreStore(TokenPair(*simulator.tokens), TokenStoreError("disk", "full"))
    async with _session(simulator, store) as ats:
        await ats.tokens.refresh()
        simulator.expire_access_token()
        await ask(ats)

    assert (2, TokenPair(*simulator.tokens)) == (simulator.refresh_count, await store.load())


async def test_a_store_that_fails_in_its_own_way_loses_nothing(
    simulator: AtsSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    """A store of somebody else raises what it should not, with the token in it: told by its type alone."""
    store = SoreStore(TokenPair(*simulator.tokens), ZeroDivisionError(simulator.tokens))
    async with _session(simulator, store) as ats:
        await ats.tokens.refresh()
        await ask(ats)

    assert (1, TokenPair(*simulator.tokens)) == (simulator.refresh_count, await store.load())
    story = "token store SoreStore: raised ZeroDivisionError, where a token store raises TokenStoreError"
    assert [f"token_save_failed: {story}"] == caplog.messages


async def test_no_endless_loop_at_the_moment_a_renewal_ends() -> None:
    """Who asks in the very turn of the loop in which a renewal has ended must not spin on its old result."""
    pair = TokenPair(jwt(exp=int(time.time()) + 60), REFRESH)
    faults = [answer(b"", "429 X")]
    script = _serving({"a2"}, lambda _: faults.pop() if faults else issue("a2", "r2"))
    async with RawService(script) as service, open_session(service, tokens=pair) as ats:
        early = asyncio.create_task(ats.tokens.access_token())
        await asyncio.sleep(0)
        renewal = ats.tokens._renewal
        assert renewal is not None
        while not renewal.done():  # the very turn in which it ends
            await asyncio.sleep(0)
        assert "a2" == await ats.tokens.replace(pair.access)
        assert pair.access == await early

    assert [REFRESH, REFRESH] == _puts(service)
