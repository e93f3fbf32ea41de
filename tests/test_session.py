import asyncio
import inspect
import os
import pydoc
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme
from raw_service import (
    ACCESS,
    END,
    ONCE,
    PAIR,
    REFRESH,
    START,
    LoopbackResolver,
    RawService,
    Say,
    Then,
    answer,
    ask,
    header,
    in_turn,
    open_session,
)

from tele2ats_async import (
    AtsSession,
    AtsTimeout,
    FileTokenStore,
    MemoryTokenStore,
    RetryPolicy,
    TokenPair,
    TokenStoreError,
)

TOKENS = {"TELE2ATS_ACCESS_TOKEN": ACCESS, "TELE2ATS_REFRESH_TOKEN": REFRESH}


# Construction.


def test_built_without_a_loop_and_used_in_one() -> None:
    """Pitfall 10: a session at module level, made before the loop runs (stripe-python #1271)."""
    ats = AtsSession(PAIR, base_url="http://127.0.0.1:9", retry=ONCE, requests_per_second=100)

    async def use() -> list[object]:
        async with RawService(in_turn(answer())) as service:
            ats._transport._base_url = ats._transport._base_url.with_port(service.port)
            async with ats:
                return [await ats.call_records.fetch_page(START, END)]

    assert [[]] == asyncio.run(use())


def test_never_used_and_closed() -> None:
    """A session that made no request has nothing to close, in whatever loop."""
    ats = AtsSession(PAIR)
    asyncio.run(ats.close())
    asyncio.run(ats.close())


def test_another_loop_is_told_clearly() -> None:
    """Pitfall 10: kept across two ``asyncio.run`` calls, it says so, and not "Event loop is closed"."""
    ats = AtsSession(MemoryTokenStore(PAIR), base_url="http://127.0.0.1:9", retry=ONCE)

    async def use() -> None:
        async with RawService(in_turn(answer())) as service:
            ats._transport._base_url = ats._transport._base_url.with_port(service.port)
            await ask(ats)
            await ats._transport._client.close()  # type: ignore[union-attr]  # only so that nothing stays open

    asyncio.run(use())
    with pytest.raises(RuntimeError, match=r"another event loop: make one session per asyncio\.run\(\)"):
        asyncio.run(use())


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"base_url": ""}, ValueError),
        ({"base_url": "ats2.t2.ru"}, ValueError),
        ({"base_url": "ftp://ats2.t2.ru"}, ValueError),
        ({"base_url": "http://ats2 t2.ru"}, ValueError),
        ({"base_url": "http://ats2.t2.ru\n"}, ValueError),
        ({"base_url": "https://"}, ValueError),
        ({"base_url": "https://ats2.t2.ru/?a=b"}, ValueError),
        ({"base_url": "https://ats2.t2.ru/#a"}, ValueError),
        ({"base_url": "https://[::1"}, ValueError),
        ({"base_url": "https://user:password@ats2.t2.ru"}, ValueError),
        ({"base_url": "https://ats2.t2.ru:port"}, ValueError),
        ({"base_url": None}, TypeError),
        ({"proxy": "127.0.0.1:3128"}, ValueError),
        ({"proxy": "socks5://user:password@127.0.0.1:1080"}, ValueError),
        ({"proxy": ""}, ValueError),
        ({"max_connections": 0}, ValueError),
        ({"max_connections": -1}, ValueError),
        ({"max_connections": 1.5}, TypeError),
        ({"requests_per_second": 0}, ValueError),
        ({"requests_per_second": -1.0}, ValueError),
        ({"requests_per_second": float("nan")}, ValueError),
        ({"requests_per_second": float("inf")}, ValueError),
        ({"user_agent": ""}, ValueError),
        ({"user_agent": "a\r\nX-Evil: 1"}, ValueError),
        ({"ssl": "/nonexistent/bundle.pem"}, ValueError),
        ({"ssl": False}, TypeError),
        ({"ssl": True}, TypeError),
        ({"ssl": 5}, TypeError),
        ({"tokens": "tokens.json"}, TypeError),
        ({"tokens": (ACCESS, REFRESH)}, TypeError),
        ({"tokens": None}, TypeError),
    ],
    ids=str,
)
def test_wrong_arguments_are_told_by_name(wrong: dict[str, Any], error: type[Exception]) -> None:
    """The caller's mistake, at once, with the argument's name and without secrets in the text."""
    with pytest.raises(error, match=f"^{next(iter(wrong))}: ") as caught:
        AtsSession(**({"tokens": PAIR} | wrong))

    for secret in ("password", ACCESS, REFRESH):
        assert secret not in str(caught.value)
        assert secret not in repr(caught.value.__cause__)


@pytest.mark.parametrize(
    "content", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_what_is_no_bundle(tmp_path: Path, content: bytes) -> None:
    """The path is named: most likely it is a typing error."""
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(content)
    with pytest.raises(ValueError, match=r"^ssl: .*bundle\.pem is no CA bundle: "):
        AtsSession(PAIR, ssl=bundle)


@pytest.mark.asyncio
async def test_ca_bundle_as_a_path(tmp_path: Path) -> None:
    """Section 1: instead of switching verification off; `str` and `Path` alike."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "bundle.pem")
    server_tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server_tls)
    async with RawService(in_turn(answer()), tls=server_tls) as service:
        for bundle in (tmp_path / "bundle.pem", str(tmp_path / "bundle.pem")):
            async with AtsSession(
                PAIR, base_url=f"https://127.0.0.1:{service.port}", ssl=bundle, retry=ONCE
            ) as ats:
                await ask(ats)


@pytest.mark.asyncio
async def test_user_agent_in_any_script() -> None:
    """A name in Cyrillic is a name."""
    async with (
        RawService(in_turn(answer())) as service,
        open_session(service, user_agent="Наша CRM/1.0") as ats,
    ):
        await ask(ats)

    assert "Наша CRM/1.0" == header(service.requests[0], "User-Agent")


def test_default_user_agent_does_not_look_like_a_library() -> None:
    """Section 1: the gateway answers 406 to those."""
    agent = AtsSession(PAIR)._transport._user_agent

    assert agent.startswith("Mozilla/5.0 (compatible; tele2ats_async/")
    assert "aiohttp" not in agent.lower()


@pytest.mark.asyncio
async def test_timeout_is_obeyed() -> None:
    """The caller's own limits go before ours (twilio-python #925)."""
    limits = aiohttp.ClientTimeout(total=None, sock_read=0.05)
    async with (
        RawService(in_turn(Say(then=Then.SILENCE))) as service,
        open_session(service, timeout=limits) as ats,
    ):
        with pytest.raises(AtsTimeout):
            await ask(ats)


# Borrowed clients, and closing.


@pytest.mark.asyncio
async def test_borrowed_client_is_never_closed() -> None:
    """It belongs to a program that goes on using it; its own limits on connections hold too."""
    async with RawService(in_turn(answer())) as service, aiohttp.ClientSession() as client:
        for _ in range(2):
            async with open_session(service, client=client) as ats:
                await ask(ats)
            assert not client.closed
        async with client.get(f"{service.base_url}/own") as response:
            assert 200 == response.status

    assert 1 == service.connections


@pytest.mark.asyncio
async def test_borrowed_client_keeps_its_timeout_out() -> None:
    """The session's limits hold, not the client's 300 seconds in all that kill long downloads (pitfall 6)."""
    async with (
        RawService(in_turn(answer())) as service,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=0.000001)) as client,
    ):
        await ask(open_session(service, client=client))


@pytest.mark.asyncio
async def test_borrowed_client_gets_no_token_of_ours() -> None:
    """Two accounts may share one client: nothing of the one is left in it for the other."""
    async with RawService(in_turn(answer())) as service, aiohttp.ClientSession() as client:
        await ask(open_session(service, client=client))
        await ask(open_session(service, client=client, tokens=TokenPair("a2", "r2")))

    assert [ACCESS, "a2"] == service.tokens
    assert "Authorization" not in client.headers


@pytest.mark.asyncio
async def test_own_client_is_closed() -> None:
    """No connection is left open, and a closed session says that it is closed."""
    async with RawService(in_turn(answer())) as service:
        ats = open_session(service)
        async with ats:
            await ask(ats)
            client = ats._transport._client
            assert client is not None
        assert client.closed
        with pytest.raises(RuntimeError, match="this AtsSession is closed"):
            await ask(ats)
        await ats.close()


@pytest.mark.asyncio
async def test_the_block_s_own_error_passes_through() -> None:
    """Leaving the block by an exception closes the session and changes nothing else."""
    async with RawService(in_turn(answer())) as service:
        ats = open_session(service)
        with pytest.raises(ZeroDivisionError):  # noqa: PT012  # the block is what is tested
            async with ats:
                await ask(ats)
                raise ZeroDivisionError
        client = ats._transport._client
        assert client is not None
        assert client.closed


@pytest.mark.asyncio
async def test_connections_are_closed_even_if_the_pair_cannot_be_saved() -> None:
    """The error is told, and nothing leaks for it."""

    class ReadOnlyStore(MemoryTokenStore):
        async def save(self, pair: TokenPair) -> None:
            raise TokenStoreError("store", f"read-only ({len(pair.access)} characters)")

    async with RawService(in_turn(answer(b'{"accessToken": "a2", "refreshToken": "r2"}'))) as service:
        ats = open_session(service, tokens=ReadOnlyStore(PAIR))
        with pytest.raises(TokenStoreError, match="read-only"):
            async with ats:
                await ats.tokens.refresh()
        client = ats._transport._client
        assert client is not None
        assert client.closed


# from_env().


@asynccontextmanager
async def _from_env(
    environment: Mapping[str, str], **settings: Any
) -> AsyncIterator[tuple[AtsSession, RawService]]:
    async with RawService(in_turn(answer())) as service:
        base_url = {"TELE2ATS_BASE_URL": service.base_url}
        async with AtsSession.from_env(base_url | dict(environment), retry=ONCE, **settings) as ats:
            yield ats, service


@pytest.mark.asyncio
async def test_from_env_with_a_pair() -> None:
    """The two tokens and the base URL."""
    async with _from_env(TOKENS) as (ats, service):
        await ask(ats)

    assert [ACCESS] == service.tokens


@pytest.mark.asyncio
async def test_from_env_with_a_file(tmp_path: Path) -> None:
    """A token file; what the pair beside it is for is to begin it."""
    path = tmp_path / "tokens.json"
    for environment in ({"TELE2ATS_TOKEN_FILE": str(path), **TOKENS}, {"TELE2ATS_TOKEN_FILE": str(path)}):
        async with _from_env(environment) as (ats, service):
            await ask(ats)
        assert [ACCESS] == service.tokens
    await FileTokenStore(path).save(TokenPair("a2", "r2"))
    async with _from_env({"TELE2ATS_TOKEN_FILE": str(path), **TOKENS}) as (ats, service):
        await ask(ats)

    assert ["a2"] == service.tokens


@pytest.mark.asyncio
async def test_from_env_with_a_proxy() -> None:
    """Requests to a plain service go through the proxy, whose password stays between it and us."""
    async with RawService(in_turn(answer())) as proxy:
        environment = {
            **TOKENS,
            "TELE2ATS_BASE_URL": "http://ats.example/crm/openapi",
            "TELE2ATS_PROXY": f"http://user:password@127.0.0.1:{proxy.port}",
        }
        async with AtsSession.from_env(environment, retry=ONCE) as ats:
            await ask(ats)

    assert proxy.lines[0].startswith("GET http://ats.example/crm/openapi/call-records/info?")
    assert "Basic dXNlcjpwYXNzd29yZA==" == header(proxy.requests[0], "Proxy-Authorization")


@pytest.mark.asyncio
async def test_from_env_with_a_ca_file(tmp_path: Path) -> None:
    """`TELE2ATS_CA_FILE` stands for `ssl`."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "bundle.pem")
    server_tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server_tls)
    async with RawService(in_turn(answer()), tls=server_tls) as service:
        base_url = f"https://127.0.0.1:{service.port}"
        environment = {
            **TOKENS,
            "TELE2ATS_CA_FILE": str(tmp_path / "bundle.pem"),
            "TELE2ATS_BASE_URL": base_url,
        }
        async with AtsSession.from_env(environment, retry=ONCE) as ats:
            await ask(ats)


@pytest.mark.asyncio
async def test_from_env_with_a_user_agent() -> None:
    """`TELE2ATS_USER_AGENT` stands for `user_agent`: who cannot change the program gets past the gateway."""
    async with _from_env(TOKENS | {"TELE2ATS_USER_AGENT": "Mine/1"}) as (ats, service):
        await ask(ats)

    assert "Mine/1" == header(service.requests[0], "User-Agent")


@pytest.mark.asyncio
async def test_arguments_go_before_the_environment() -> None:
    """What stands in the code is meant."""
    async with (
        RawService(in_turn(answer())) as other,
        _from_env(TOKENS, base_url=other.base_url, user_agent="Mine/1") as (ats, service),
    ):
        await ask(ats)

    assert (0, 1) == (len(service.requests), len(other.requests))
    assert "Mine/1" == header(other.requests[0], "User-Agent")


def test_from_env_reads_the_process_s_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is when it is called, not when the package was imported; the default base URL is the new host."""
    for name in [name for name in os.environ if name.startswith("TELE2ATS_")]:
        monkeypatch.delenv(name)
    with pytest.raises(ValueError, match="TELE2ATS_TOKEN_FILE"):
        AtsSession.from_env()
    for name, value in TOKENS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TELE2ATS_PROXY", "")

    assert "https://ats2.t2.ru/crm/openapi" == str(AtsSession.from_env()._transport._base_url)


@pytest.mark.parametrize(
    ("environment", "text"),
    [
        ({}, "^TELE2ATS_TOKEN_FILE: not set, nor are TELE2ATS_ACCESS_TOKEN and TELE2ATS_REFRESH_TOKEN"),
        ({"TELE2ATS_TOKEN_FILE": ""}, "^TELE2ATS_TOKEN_FILE: not set"),
        ({"TELE2ATS_ACCESS_TOKEN": ACCESS}, "^TELE2ATS_REFRESH_TOKEN: not set"),
        ({"TELE2ATS_REFRESH_TOKEN": REFRESH}, "^TELE2ATS_ACCESS_TOKEN: not set"),
        ({"TELE2ATS_TOKEN_FILE": "a", "TELE2ATS_ACCESS_TOKEN": ACCESS}, "^TELE2ATS_REFRESH_TOKEN: not set"),
        (TOKENS | {"TELE2ATS_ACCESS_TOKEN": "a b"}, "^access: "),
        ({"TELE2ATS_TOKEN_FILE": "a", "TELE2ATS_REDIS_URL": "redis://x"}, "^TELE2ATS_REDIS_URL: set, and "),
        ({"TELE2ATS_REDIS_URL": "http://x"}, "^url: expected redis://"),
        (TOKENS | {"TELE2ATS_BASE_URL": "nonsense"}, "^base_url: "),
        (TOKENS | {"TELE2ATS_PROXY": "nonsense"}, "^proxy: "),
        (TOKENS | {"TELE2ATS_CA_FILE": "/nonexistent"}, "^ssl: "),
        (TOKENS | {"TELE2ATS_USER_AGENT": "a\nb"}, "^user_agent: "),
    ],
    ids=range(12),
)
def test_wrong_environments(environment: dict[str, str], text: str) -> None:
    """Which variable, and what is wrong, without its secret."""
    with pytest.raises(ValueError, match=text) as caught:
        AtsSession.from_env(environment)

    assert ACCESS not in str(caught.value)
    assert REFRESH not in str(caught.value)


def test_nothing_is_read_when_it_is_made(tmp_path: Path) -> None:
    """The token file may appear later; and a session is made without touching disk or network."""
    AtsSession(FileTokenStore(tmp_path / "later" / "tokens.json"), retry=RetryPolicy())

    assert not [*tmp_path.iterdir()]


@pytest.mark.asyncio
async def test_sessions_of_many_accounts() -> None:
    """Hundreds of accounts live in one process, each with its own tokens and its own host."""
    async with RawService(in_turn(answer())) as service:
        resolver = LoopbackResolver({"ats.example": service.port})
        connector = aiohttp.TCPConnector(resolver=resolver)
        async with aiohttp.ClientSession(connector=connector) as client:
            accounts = [
                AtsSession(
                    TokenPair(f"a{number}", "r"), base_url="http://ats.example", client=client, retry=ONCE
                )
                for number in range(100)
            ]
            await asyncio.gather(*(ask(account) for account in accounts))

    assert {f"a{number}" for number in range(100)} == set(service.tokens)


def test_no_signature_shows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Documentation and `help()` print defaults: the process's variables are none."""
    monkeypatch.setenv("TELE2ATS_ACCESS_TOKEN", "seen-by-everybody")

    assert "seen-by-everybody" not in pydoc.render_doc(AtsSession)
    assert None is inspect.signature(AtsSession.from_env).parameters["environment"].default
