"""No token gets out by way of an error or a log, whatever goes wrong."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest
from raw_service import (
    ACCESS,
    END,
    NAME,
    ONCE,
    PAIR,
    QUICKLY,
    REFRESH,
    START,
    RawService,
    Say,
    Script,
    Then,
    answer,
    ask,
    free_port,
    in_turn,
    issue,
    jwt,
    make_tls,
    moved,
    open_session,
)
from secrecy import assert_clean

from tele2ats_async import (
    AtsError,
    AtsSession,
    FileTokenStore,
    MemoryTokenStore,
    PayloadError,
    TokenPair,
    TokenStoreError,
)
from tele2ats_async.tokens import refresher

pytestmark = pytest.mark.asyncio

SECRETS = (ACCESS, REFRESH, "proxy-password")
Request = Callable[[AtsSession], Awaitable[object]]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresher, "_WINNER_DELAYS_S", (0.001,))


async def _refresh(ats: AtsSession) -> None:
    await ats.tokens.refresh()


async def _open(ats: AtsSession) -> None:
    async with ats.recordings.open(NAME) as stream:
        async for _ in stream:
            pass


def _assert_clean(error: BaseException) -> None:
    assert_clean(error, SECRETS, "aiohttp")


def _echo(status: str) -> Script:
    """Answer with an error that repeats whatever token came."""

    def script(request: bytes) -> Say:
        token = request.split(b"Authorization: ")[1].split(b"\r\n")[0].decode()
        details = f"Bad token {token}, really: '{token}'" + "x" * 300 + token
        return answer(orjson.dumps({"details": details, "message": token}), status)

    return script


OK = b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\n"
CASES: dict[str, Script] = {
    "closed": in_turn(Say(then=Then.CLOSE)),
    "reset": in_turn(Say(then=Then.RESET)),
    "garbage": in_turn(Say(b"SSH-2.0-OpenSSH\r\n\r\n")),
    "long header": in_turn(Say(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n")),
    "cut": in_turn(Say(OK + b"Content-Length: 9\r\n\r\n[", Then.CLOSE)),
    "cut chunks": in_turn(Say(OK + b"Transfer-Encoding: chunked\r\n\r\n9\r\n[", Then.CLOSE)),
    "no gzip": in_turn(Say(OK + b"Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\nno gzip!!")),
    "no JSON": in_turn(answer(b"<html>")),
    "evil redirect": in_turn(moved("https://evil.example/")),
    "unreadable redirect": in_turn(moved("https://[")),
    **{f"echo {status}": _echo(f"{status} X") for status in (400, 401, 403, 404, 406, 429, 500, 503)},
}


@asynccontextmanager
async def _all_logs(caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    caplog.set_level(logging.DEBUG)
    yield
    everything = caplog.text + "".join(repr(vars(record)) for record in caplog.records)
    for secret in SECRETS:
        assert secret not in everything


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("request_of", [ask, _open, _refresh])
async def test_failures(case: str, request_of: Request, caplog: pytest.LogCaptureFixture) -> None:
    """Aiohttp's own errors hold the request's headers (pitfall 3): none of them travels along."""
    async with (
        RawService(CASES[case]) as service,
        open_session(service, retry=QUICKLY) as ats,
        _all_logs(caplog),
    ):
        with pytest.raises(AtsError) as caught:
            await request_of(ats)

    _assert_clean(caught.value)


@pytest.mark.parametrize("request_of", [ask, _open, _refresh])
async def test_connections_that_fail(request_of: Request, caplog: pytest.LogCaptureFixture) -> None:
    """Refused, a proxy that cannot be reached, and a certificate that does not verify."""
    proxy = f"http://user:proxy-password@127.0.0.1:{free_port()}"
    async with RawService(in_turn(answer()), tls=make_tls("x.example")[0]) as service, _all_logs(caplog):
        for settings in (
            {"base_url": f"http://127.0.0.1:{free_port()}"},
            {"base_url": f"https://127.0.0.1:{service.port}"},
            {"proxy": proxy},
        ):
            async with AtsSession(PAIR, retry=ONCE, **settings) as ats:  # type: ignore[arg-type]  # one mapping for all
                with pytest.raises(AtsError) as caught:
                    await request_of(ats)
            _assert_clean(caught.value)


async def test_proxy_that_echoes_its_password(caplog: pytest.LogCaptureFixture) -> None:
    """407 of a proxy is an aiohttp error with all headers in it."""
    async with RawService(in_turn(answer(b"", "407 proxy-password"))) as service, _all_logs(caplog):
        proxy = f"http://user:proxy-password@127.0.0.1:{service.port}"
        async with AtsSession(PAIR, retry=ONCE, proxy=proxy) as ats:
            with pytest.raises(AtsError) as caught:
                await ask(ats)

    _assert_clean(caught.value)


@pytest.mark.parametrize(
    "issued",
    [
        {"accessToken": ACCESS},
        {"accessToken": ACCESS, "refreshToken": ""},
        {"accessToken": ACCESS, "refreshToken": f"{REFRESH}\n"},
        {"accessToken": [ACCESS], "refreshToken": {REFRESH: 1}},
        [ACCESS, REFRESH],
        ACCESS,
    ],
    ids=range(6),
)
async def test_malformed_pairs(issued: object, caplog: pytest.LogCaptureFixture) -> None:
    """A refresh that answers with half a pair must not show that half."""
    script = in_turn(answer(orjson.dumps(issued)))
    async with (
        RawService(script) as service,
        _all_logs(caplog),
        open_session(service, tokens=TokenPair("a", "r")) as ats,
    ):
        with pytest.raises(AtsError) as caught:
            await ats.tokens.refresh()

    _assert_clean(caught.value)


async def test_a_refresh_that_cannot_be_saved(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Said loudly, and without the pair."""
    store = FileTokenStore(tmp_path / ("t" * 250))
    content = orjson.dumps({"accessToken": "a", "refreshToken": "r"})
    (tmp_path / ("t" * 250)).write_bytes(content)
    (tmp_path / ("t" * 250)).chmod(0o600)
    async with RawService(in_turn(issue(ACCESS, REFRESH))) as service, _all_logs(caplog):
        ats = open_session(service, tokens=store)
        await ats.tokens.refresh()
        with pytest.raises(AtsError) as caught:
            await ats.close()

    _assert_clean(caught.value)
    assert any(record.message.startswith("token_save_failed: ") for record in caplog.records)


class Blabbing(MemoryTokenStore):
    """A store of somebody else, whose errors say all that it knows."""

    def __init__(self, *speaking: str) -> None:
        super().__init__(PAIR)
        self.speaking = set(speaking)

    async def load(self) -> TokenPair:
        self._speak("load")
        return await super().load()

    async def save(self, pair: TokenPair) -> None:
        self._speak("save", pair)
        await super().save(pair)

    @asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:  # type: ignore[override]  # another kind of context manager
        self._speak("lock")
        yield
        self._speak("unlock")

    def _speak(self, operation: str, pair: TokenPair = PAIR) -> None:
        if operation in self.speaking:
            raise ValueError(f"{operation} failed, with {pair.access} and {pair.refresh}", pair)


@pytest.mark.parametrize("operation", ["load", "save", "lock", "unlock"])
async def test_what_a_store_of_somebody_else_says(operation: str, caplog: pytest.LogCaptureFixture) -> None:
    """Neither logged nor raised on: only the kind of its error is told."""
    script = in_turn(issue(f"{ACCESS}2", f"{REFRESH}2"), answer())
    store = Blabbing()
    async with RawService(script) as service, _all_logs(caplog):
        ats = open_session(service, tokens=store, retry=ONCE)
        await ats.tokens.access_token()
        store.speaking = {operation}
        await ats.tokens.refresh()
        if operation == "save":
            with pytest.raises(TokenStoreError, match="Blabbing: raised ValueError") as caught:
                await ats.close()
            _assert_clean(caught.value)
        else:
            await ats.close()
        async with open_session(service, tokens=Blabbing("load")) as other:
            with pytest.raises(TokenStoreError, match="Blabbing: raised ValueError") as caught:
                await ask(other)
            _assert_clean(caught.value)

    assert any("raised ValueError" in message for message in caplog.messages)


async def test_a_pair_that_is_kept_alive_and_dies(caplog: pytest.LogCaptureFixture) -> None:
    """What the background tells of spent tokens shows neither of them."""
    dead = TokenPair(jwt(exp=1), REFRESH)
    async with (
        RawService(_echo("403 X")) as service,
        _all_logs(caplog),
        open_session(service, tokens=dead, retry=ONCE, keep_alive=True) as ats,
    ):
        with pytest.raises(AtsError) as caught:
            await ask(ats)
        while not any("Both tokens are spent" in message for message in caplog.messages):
            await asyncio.sleep(0.001)

    _assert_clean(caught.value)
    assert dead.access not in caplog.text


async def test_a_token_that_comes_back_as_a_result_word() -> None:
    """A token that is no JWT can look like one, and the reason of a conflict is shown."""
    token = "ABCDEF0123456789SECRET"
    async with (
        RawService(in_turn(answer(token.encode()))) as service,
        open_session(service, tokens=TokenPair(token, REFRESH)) as ats,
    ):
        with pytest.raises(PayloadError) as caught:
            await ats.blacklist.clear()

    assert_clean(caught.value, [token], "aiohttp")


async def test_what_works_logs_no_secrets_either(caplog: pytest.LogCaptureFixture) -> None:
    """Nor does a refresh that goes well, nor a request."""
    script = in_turn(issue(f"{ACCESS}2", f"{REFRESH}2"), answer())
    async with RawService(script) as service, _all_logs(caplog), open_session(service) as ats:
        await ats.tokens.refresh()
        await ats.call_records.fetch_page(START, END, caller="79000258890", callee="79104739472")
    everything = caplog.text + "".join(repr(vars(record)) for record in caplog.records)

    assert "79000258890" not in everything
    assert ACCESS not in repr(ats) + repr(vars(ats)) + repr(ats.tokens)
