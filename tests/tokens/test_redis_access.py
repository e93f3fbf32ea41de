import asyncio
import logging
import pickle
import ssl
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from raw_service import ACCESS, PAIR, REFRESH, free_port
from redis import Redis
from redis_wire import NEWER, Relay, enter, no_redis
from secrecy import assert_clean

from tele2ats_async import RedisTokenStore, TokenStoreError
from tele2ats_async.tokens import redis_access

PASSWORD = "password-that-nobody-may-see"
USER = "user-that-nobody-may-see"
SECRETS = (ACCESS, REFRESH, PASSWORD, USER)


async def _load(store: RedisTokenStore) -> None:
    await store.load()


async def _save(store: RedisTokenStore) -> None:
    await store.save(PAIR)


async def _assert_fails(store: RedisTokenStore, caplog: pytest.LogCaptureFixture, reason: str = "") -> None:
    """Find one error at every verb, which says what is wrong and where, and no secret anywhere."""
    caplog.set_level(logging.DEBUG)
    for verb in (_load, _save, enter):
        with pytest.raises(TokenStoreError) as caught:
            await verb(store)
        assert reason in caught.value.reason
        assert "tele2ats:tokens at redis" in caught.value.store
        assert_clean(caught.value, SECRETS, "redis")
        again = pickle.loads(pickle.dumps(caught.value))
        assert (caught.value.store, caught.value.reason) == (again.store, again.reason)
    everything = caplog.text + "".join(repr(vars(record)) for record in caplog.records)
    assert [] == [secret for secret in SECRETS if secret in everything]


def _with_secrets(port: int) -> str:
    return f"redis://{USER}:{PASSWORD}@127.0.0.1:{port}/3"


# What is given to the constructor.


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://localhost", "redis://localhost:6379/0"),
        ("redis://", "redis://localhost:6379/0"),
        ("redis://:secret@redis.example/", "redis://redis.example:6379/0"),
        ("redis://secret:secret@redis.example:6380/5", "redis://redis.example:6380/5"),
        ("redis://redis.example/5?db=7&password=secret&username=secret", "redis://redis.example:6379/7"),
        ("redis://:sec%2Fret%40@redis.example", "redis://redis.example:6379/0"),
        ("redis://:s@ecret@redis.example", "redis://redis.example:6379/0"),
        ("rediss://:secret@[::1]:6380/1?ssl_ca_certs=ca.pem", "rediss://[::1]:6380/1"),
        ("unix:///run/redis.sock", "unix:///run/redis.sock?db=0"),
        ("unix://secret@/run/redis.sock?db=2&password=secret", "unix:///run/redis.sock?db=2"),
    ],
)
def test_urls(url: str, shown: str) -> None:
    """Every form that redis-py knows; user and password are never shown."""
    assert f"RedisTokenStore('{shown}', 'k')" == repr(RedisTokenStore(url, "k", initial=PAIR))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "secret",
        "localhost:6379",
        "http://secret@localhost",
        "redis:secret@localhost",
        "redis:/secret@localhost",
        "REDIS://secret@localhost",
        "redis://:secret@localhost:port",
        "redis://:secret@[::1",
        "redis://:secret/4@localhost",
        "redis://:12/secret@localhost",
        "redis://:12/34@localhost",
        "redis://:12?secret@localhost",
        "redis://:12#secret@localhost",
        "redis://localhost/secret",
        "redis://localhost?secret=1",
        "redis://localhost?db=secret",
        "rediss://localhost?ssl_cert_reqs=secret",
        "unix://secret",
        "unix://:12/secret@/run/redis.sock",
    ],
)
def test_urls_that_are_none(url: str) -> None:
    """The caller's mistake, told before anything is sent, and without the URL: it may hold a password."""
    with pytest.raises(ValueError, match=r"^url: expected redis://") as caught:
        RedisTokenStore(url)

    assert_clean(caught.value, ["secret"], "redis")


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda: RedisTokenStore("redis://localhost", ""), ValueError),
        (lambda: RedisTokenStore("redis://localhost", b"key"), TypeError),  # type: ignore[arg-type]  # the mistake
        (lambda: RedisTokenStore(b"redis://secret@localhost"), TypeError),  # type: ignore[arg-type]  # the mistake
    ],
)
def test_other_mistakes(make: Callable[[], object], kind: type[Exception]) -> None:
    """An empty key, and bytes."""
    with pytest.raises(kind) as caught:
        make()

    assert "secret" not in str(caught.value)


def test_without_redis_py(monkeypatch: pytest.MonkeyPatch) -> None:
    """The text has the command that helps."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "redis"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(ImportError, match=r'pip install "tele2ats_async\[redis\]"'):
        RedisTokenStore("redis://localhost")


def test_loops_come_and_go(redis_url: str, redis_key: str) -> None:
    """A program may call `asyncio.run` again and again with one store, made outside of any loop."""
    store = RedisTokenStore(redis_url, redis_key, initial=PAIR)

    assert PAIR == asyncio.run(store.load())
    for pair in (NEWER, PAIR):
        asyncio.run(enter(store, pair))
        assert pair == asyncio.run(store.load())


# What goes wrong on the way.


@pytest.mark.asyncio
async def test_refused_connection(caplog: pytest.LogCaptureFixture) -> None:
    """Where nobody listens."""
    await _assert_fails(RedisTokenStore(_with_secrets(free_port())), caplog, "the server cannot be reached: ")


@pytest.mark.asyncio
async def test_server_that_never_answers(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It accepts and is silent, as one that hangs: no operation waits for it for ever."""
    monkeypatch.setattr(redis_access, "_TIMEOUT_S", 0.1)
    async with asyncio.timeout(20), no_redis(lambda _: b"") as port:
        await _assert_fails(RedisTokenStore(_with_secrets(port)), caplog, "does not answer in time")


@pytest.mark.asyncio
async def test_nothing_is_sent_twice() -> None:
    """A lock asked for again would find itself taken, by us; so one question, and one attempt to give it back."""
    commands: list[bytes] = []

    def answer_greetings_only(request: bytes) -> bytes:
        if b"SETINFO" not in request:
            commands.append(request.split(b"\r\n")[2])
        return b"+OK\r\n" * request.count(b"SETINFO")

    async with no_redis(answer_greetings_only) as port:
        with pytest.raises(TokenStoreError, match="does not answer in time"):
            await enter(RedisTokenStore(f"redis://127.0.0.1:{port}?socket_timeout=0.1"))

    assert [b"SET", b"EVALSHA"] == commands


@pytest.mark.asyncio
async def test_wrong_password(redis_server: Redis, redis_key: str, caplog: pytest.LogCaptureFixture) -> None:
    """A user of the server's own, so that a real server refuses; the right password is let in."""
    user, port = redis_key.replace(":", "-"), redis_server.get_connection_kwargs()["port"]
    redis_server.acl_setuser(user, enabled=True, passwords=[f"+{PASSWORD}"], keys=["*"], categories=["+@all"])
    try:
        refused = RedisTokenStore(f"redis://{user}:{PASSWORD}2@127.0.0.1:{port}")
        await _assert_fails(refused, caplog, "the user or the password is refused")
        store = RedisTokenStore(f"redis://{user}:{PASSWORD}@127.0.0.1:{port}", redis_key)
        await enter(store, PAIR)
        assert PAIR == await store.load()
    finally:
        redis_server.acl_deluser(user)


@pytest.mark.asyncio
async def test_permissions_that_suffice(
    redis_server: Redis, redis_key: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The error names what a careful administrator has to allow: with just that, everything works."""
    user, port = redis_key.replace(":", "-"), redis_server.get_connection_kwargs()["port"]
    url = f"redis://{user}:{PASSWORD}@127.0.0.1:{port}"
    redis_server.acl_setuser(user, enabled=True, passwords=[f"+{PASSWORD}"])
    try:
        await _assert_fails(RedisTokenStore(url), caplog, "GET, SET, DEL, EVAL, EVALSHA and SCRIPT LOAD")
        allowed = ["+get", "+set", "+del", "+eval", "+evalsha", "+script|load"]
        keys = [redis_key, f"{redis_key}:lock"]
        redis_server.acl_setuser(user, enabled=True, keys=keys, commands=allowed)
        redis_server.script_flush()
        await enter(RedisTokenStore(url, redis_key, initial=NEWER), PAIR)
        assert PAIR == await RedisTokenStore(url, redis_key).load()
    finally:
        redis_server.acl_deluser(user)


def _echo(form: bytes) -> Callable[[bytes], bytes]:
    """Answer with whatever came, password and tokens and all, as a part of an answer."""
    return lambda request: form % request.replace(b"\r\n", b" ") + b"\r\n"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "script",
    [
        _echo(b"-ERR unknown command, with args beginning with: %s"),
        _echo(b"-WRONGPASS %s"),
        _echo(b"-NOAUTH %s"),
        _echo(b"-%s"),
        _echo(b"+%s"),
        _echo(b"-MOVED 1 %s"),
        _echo(b"%s"),
        lambda request: request,
        lambda _: b"SSH-2.0-OpenSSH\r\n",
        lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n",
        lambda _: b"\r\n" * 9,
        lambda _: b"*-1\r\n",
    ],
    ids=range(12),
)
async def test_answers_that_make_no_sense(
    script: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever stands at that port, and whatever it repeats of what we sent."""
    async with asyncio.timeout(20), no_redis(script) as port:
        await _assert_fails(RedisTokenStore(_with_secrets(port) + "?socket_timeout=0.2"), caplog)


@pytest.mark.asyncio
@pytest.mark.skipif(sys.platform == "win32", reason="asyncio has no Unix sockets there")
async def test_unix_socket(
    redis_url: str, redis_key: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As on one machine; what redis-py tells of it, wrapped in errors of its own, is understood."""
    async with Relay(redis_url, path=tmp_path / "redis.sock") as relay:
        await enter(RedisTokenStore(relay.url, redis_key), PAIR)
        assert PAIR == await RedisTokenStore(relay.url, redis_key).load()
        with pytest.raises(TokenStoreError, match="the server has no such database"):
            await RedisTokenStore(f"{relay.url}?db=99999", redis_key).load()
        url = relay.url.replace("//", f"//{USER}:{PASSWORD}@")
        refused = RedisTokenStore(url, redis_key)
        with pytest.raises(TokenStoreError, match="the user or the password is refused") as caught:
            await refused.load()
    assert_clean(caught.value, SECRETS, "redis")
    with pytest.raises(TokenStoreError, match="the server cannot be reached"):
        await RedisTokenStore(f"unix://{tmp_path}/none.sock").load()
    assert PASSWORD not in caplog.text + repr(refused)


@pytest.mark.asyncio
async def test_save_that_is_not_confirmed() -> None:
    """A pair counts as saved only where the server says so."""
    async with no_redis(lambda request: b"$-1\r\n" * request.count(b"*")) as port:
        with pytest.raises(TokenStoreError, match="the server does not say that it is"):
            await RedisTokenStore(f"redis://127.0.0.1:{port}").save(PAIR)


@pytest.mark.asyncio
async def test_tls(redis_url: str, redis_key: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The tokens are worth it: a certificate that does not verify, or for another name, is refused."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    here, elsewhere = (ssl.create_default_context(ssl.Purpose.CLIENT_AUTH) for _ in range(2))
    authority.issue_cert("127.0.0.1").configure_cert(here)
    authority.issue_cert("redis.example").configure_cert(elsewhere)
    async with Relay(redis_url, tls=here) as good, Relay(redis_url, tls=elsewhere) as bad:
        store = RedisTokenStore(f"{good.url}?ssl_ca_certs={tmp_path}/ca.pem", redis_key, initial=PAIR)
        assert PAIR == await store.load()
        await enter(store, NEWER)
        for url in (good.url, f"{bad.url}?ssl_ca_certs={tmp_path}/ca.pem"):
            await _assert_fails(RedisTokenStore(url), caplog, "CERTIFICATE_VERIFY_FAILED")


@pytest.mark.asyncio
async def test_a_cancellation_that_is_overlooked_is_repeated(redis_url: str) -> None:
    """`asyncio.wait_for` of Python 3.11, in redis-py, loses one that comes just as its work is done."""
    begun = asyncio.Event()
    overlooked = 0

    async def wait_for_long(_: object) -> None:
        nonlocal overlooked
        begun.set()
        while overlooked < 2:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                overlooked += 1
        await asyncio.sleep(60)

    running = asyncio.create_task(redis_access.RedisAccess(redis_url, "key").run(wait_for_long))
    await begun.wait()
    running.cancel()
    async with asyncio.timeout(10):
        with pytest.raises(asyncio.CancelledError):
            await running
    assert 2 == overlooked
