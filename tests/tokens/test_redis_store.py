import asyncio
import traceback

import orjson
import pytest
from raw_service import PAIR, ask
from redis import Redis
from redis_wire import NEWER, OTHER, Relay, until

from tele2ats_async import AtsSession, RedisTokenStore, TokenPair, TokenStore, TokenStoreError
from tele2ats_async.simulator import AtsSimulator

pytestmark = pytest.mark.asyncio


def _spelled(pair: TokenPair) -> bytes:
    return orjson.dumps({"accessToken": pair.access, "refreshToken": pair.refresh})


async def test_saves_and_loads(redis_url: str, redis_key: str, redis_server: Redis) -> None:
    """In the form in which the service issues the pair, for ever, and for every store on the key."""
    store: TokenStore = RedisTokenStore(redis_url, redis_key)
    await store.save(PAIR)

    assert _spelled(PAIR) == redis_server.get(redis_key)
    assert -1 == redis_server.ttl(redis_key)
    assert PAIR == await store.load()
    assert PAIR == await RedisTokenStore(redis_url, redis_key).load()
    await RedisTokenStore(redis_url, redis_key).save(NEWER)
    assert NEWER == await store.load()


async def test_default_key_belongs_to_the_library() -> None:
    """It is documented: whoever writes the first pair by hand must find it."""
    assert "tele2ats:tokens" in repr(RedisTokenStore("redis://localhost"))


async def test_reads_what_a_person_wrote(redis_url: str, redis_key: str, redis_server: Redis) -> None:
    """Line breaks, other members and another order are no trouble."""
    text = f'\n{{\n "refreshToken": "{PAIR.refresh}", "note": 1,\n "accessToken": "{PAIR.access}"}}\n'
    redis_server.set(redis_key, text)

    assert PAIR == await RedisTokenStore(redis_url, redis_key).load()
    assert PAIR == await RedisTokenStore(f"{redis_url}?decode_responses=1", redis_key).load()


async def test_databases_are_kept_apart(redis_url: str, redis_key: str) -> None:
    """The number in the URL counts, and stands in every error."""
    await RedisTokenStore(redis_url, redis_key).save(PAIR)
    with pytest.raises(TokenStoreError, match="/1: does not exist"):
        await RedisTokenStore(f"{redis_url}/1", redis_key).load()


async def test_missing_key_says_what_to_do(redis_url: str, redis_key: str) -> None:
    """The first thing that every newcomer meets."""
    with pytest.raises(TokenStoreError) as caught:
        await RedisTokenStore(redis_url, redis_key).load()

    assert f"{redis_key} at {redis_url}/0" == caught.value.store
    for part in ("does not exist", f'SET {redis_key} \'{{"accessToken": "…", "refreshToken": "…"}}\''):
        assert part in str(caught.value)


async def test_initial_pair_is_written_only_where_there_is_none(
    redis_url: str, redis_key: str, redis_server: Redis
) -> None:
    """The pair of the environment begins the key; afterwards the key knows better."""
    store = RedisTokenStore(redis_url, redis_key, initial=PAIR)
    assert PAIR == await store.load()
    assert _spelled(PAIR) == redis_server.get(redis_key)
    await store.save(NEWER)
    assert NEWER == await RedisTokenStore(redis_url, redis_key, initial=PAIR).load()


async def test_initial_pair_is_forgotten(redis_url: str, redis_key: str, redis_server: Redis) -> None:
    """A key that somebody deleted later is not begun again with a pair that is long dead."""
    await RedisTokenStore(redis_url, redis_key).save(NEWER)
    store = RedisTokenStore(redis_url, redis_key, initial=PAIR)
    assert NEWER == await store.load()
    redis_server.delete(redis_key)
    with pytest.raises(TokenStoreError, match="does not exist"):
        await store.load()


async def test_two_that_begin_at_once_agree(redis_url: str, redis_key: str, redis_server: Redis) -> None:
    """Who finds no key, and is late with the initial pair, takes what has been written meanwhile."""
    async with Relay(redis_url, request=b"\r\nNX\r\n") as relay:
        beginning = asyncio.create_task(RedisTokenStore(relay.url, redis_key, initial=PAIR).load())
        await until(relay.arrived.is_set)
        await RedisTokenStore(redis_url, redis_key, initial=OTHER).load()
        relay.may_pass.set()
        assert OTHER == await beginning
    assert _spelled(OTHER) == redis_server.get(redis_key)


async def test_initial_pair_outlives_a_failure(redis_url: str, redis_key: str) -> None:
    """A server that is not up yet when we are must not cost the only pair."""
    async with Relay(redis_url, request=redis_key.encode()) as relay:
        store = RedisTokenStore(f"{relay.url}?socket_timeout=0.1", redis_key, initial=PAIR)
        with pytest.raises(TokenStoreError, match="does not answer"):
            await store.load()
        relay.may_pass.set()
        assert PAIR == await store.load()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"secret",
        b'{"accessToken": "secret", "refreshToken": "secr',
        b'{"accessToken": "secret"}',
        b'{"accessToken": "secret", "refreshToken": ""}',
        b'{"accessToken": "secret", "refreshToken": null}',
        b'{"accessToken": "secret", "refreshToken": 5}',
        b'{"accessToken": "secret", "refreshToken": "sec\\nret"}',
        b'{"access_token": "secret", "refresh_token": "secret"}',
        b'["secret", "secret"]',
        b'\xef\xbb\xbf{"accessToken": "secret", "refreshToken": "secret"}',
        b"\xff\xfes\x00e\x00",
        b"null",
    ],
    ids=range(13),
)
async def test_malformed_value(redis_url: str, redis_key: str, redis_server: Redis, content: bytes) -> None:
    """The form that it must have; what stands there is never shown, nor kept behind, nor begun over."""
    redis_server.set(redis_key, content)
    with pytest.raises(TokenStoreError) as caught:
        await RedisTokenStore(redis_url, redis_key, initial=PAIR).load()

    assert "is malformed (" in str(caught.value)
    assert '{"accessToken": "…", "refreshToken": "…"}' in str(caught.value)
    assert "secret" not in "".join(traceback.format_exception(caught.value))
    assert "secret" not in repr(caught.value.__context__) + repr(vars(caught.value))
    assert content == redis_server.get(redis_key)


async def test_wrong_type(redis_url: str, redis_key: str, redis_server: Redis) -> None:
    """Somebody else's list under our key is not ours to overwrite with an initial pair."""
    redis_server.rpush(redis_key, "secret")
    with pytest.raises(TokenStoreError, match="the key holds something else than a string"):
        await RedisTokenStore(redis_url, redis_key, initial=PAIR).load()

    assert 1 == redis_server.llen(redis_key)


async def test_cancelled_save_is_whole_or_not_at_all(redis_url: str, redis_key: str) -> None:
    """The program may be stopped at any step of it: a pair is there, and no connection is left open."""
    store = RedisTokenStore(redis_url, redis_key, initial=PAIR)
    await store.load()
    for steps in range(25):
        saving = asyncio.create_task(store.save(NEWER))
        for _ in range(steps):
            await asyncio.sleep(0)
        saving.cancel()
        await asyncio.wait([saving])
        assert await store.load() in (PAIR, NEWER)


async def test_no_connection_is_kept(redis_url: str, redis_key: str, redis_server: Redis) -> None:
    """A pair is refreshed once a day: nothing to close, and nothing that goes stale."""
    store = RedisTokenStore(redis_url, redis_key, initial=PAIR)
    name = redis_key.replace(":", "-")
    named = RedisTokenStore(f"{redis_url}?client_name={name}", redis_key)
    await store.load()
    async with named.lock():
        await named.save(NEWER)
        assert [] == [client for client in redis_server.client_list() if client["name"] == name]
    assert [] == [client for client in redis_server.client_list() if client["name"] == name]


async def test_session_renews_the_pair(simulator: AtsSimulator, redis_url: str, redis_key: str) -> None:
    """The pair of the environment begins the key, and the refreshed one stands in it."""
    store = RedisTokenStore(redis_url, redis_key, initial=TokenPair(*simulator.tokens))
    async with AtsSession(store, base_url=simulator.base_url) as ats:
        await ask(ats)
        await ats.tokens.refresh()
        await ask(ats)

    assert TokenPair(*simulator.tokens) == await RedisTokenStore(redis_url, redis_key).load()
    assert 1 == simulator.refresh_count


async def test_many_sessions_refresh_once(simulator: AtsSimulator, redis_url: str, redis_key: str) -> None:
    """Design, number 8: whoever meets an expired token, on whatever store object, one renews it for all."""
    initial = TokenPair(*simulator.tokens)
    sessions = [
        AtsSession(RedisTokenStore(redis_url, redis_key, initial=initial), base_url=simulator.base_url)
        for _ in range(2)
    ]
    async with sessions[0], sessions[1]:
        await asyncio.gather(*(ask(ats) for ats in sessions))
        simulator.expire_access_token()
        await asyncio.gather(*(ask(ats) for ats in sessions for _ in range(50)))

    assert 1 == simulator.refresh_count
    assert TokenPair(*simulator.tokens) == await RedisTokenStore(redis_url, redis_key).load()


async def test_the_environment_names_it(redis_url: str, redis_key: str, simulator: AtsSimulator) -> None:
    """`TELE2ATS_REDIS_URL` and `TELE2ATS_REDIS_KEY`, begun by the two tokens."""
    environment = {
        "TELE2ATS_REDIS_URL": redis_url,
        "TELE2ATS_REDIS_KEY": redis_key,
        "TELE2ATS_ACCESS_TOKEN": simulator.tokens.access,
        "TELE2ATS_REFRESH_TOKEN": simulator.tokens.refresh,
        "TELE2ATS_BASE_URL": simulator.base_url,
    }
    async with AtsSession.from_env(environment) as ats:
        await ats.tokens.refresh()
    async with AtsSession.from_env(environment) as ats:
        await ask(ats)

    assert TokenPair(*simulator.tokens) == await RedisTokenStore(redis_url, redis_key).load()
    assert 1 == simulator.refresh_count
