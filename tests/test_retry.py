import asyncio
import logging
import socket
import time
from collections.abc import Callable

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from raw_service import (
    END,
    NAME,
    ONCE,
    PAIR,
    QUICKLY,
    START,
    LoopbackResolver,
    RawService,
    Say,
    Then,
    answer,
    ask,
    in_turn,
    make_tls,
    open_session,
)
from stamina.instrumentation import RetryDetails, set_on_retry_hooks
from yarl import URL

from tele2ats_async import (
    AtsError,
    AtsSession,
    AtsTimeout,
    CertificateError,
    ConnectionFailed,
    Forbidden,
    GatewayRefused,
    NotAudio,
    NotFound,
    NotReady,
    PayloadError,
    RateLimited,
    ReauthorizationRequired,
    RedirectRefused,
    ResponseError,
    RetryPolicy,
    ServerError,
    StorageError,
    TokenStoreError,
    Truncated,
)
from tele2ats_async.requester import Requester
from tele2ats_async.retry import Retrying, may_repeat
from tele2ats_async.tokens import MemoryTokenStore, TokenRefresher
from tele2ats_async.transport import DEFAULT_TIMEOUT, Transport
from tele2ats_async.wire.operations import DIAL, LIST_CALL_RECORDS, REFRESH_TOKENS, AnyOperation, Request

pytestmark = pytest.mark.asyncio

FACTS = ("GET", "/a", "reason")
SAID = ("GET", "/a", "details")
GOOD = answer()
BAD = answer(b"{}", "500 Oh")


# Which failure of which operation.


@pytest.mark.parametrize(
    ("error", "repeatable", "not_repeatable"),
    [
        (ConnectionFailed(*FACTS, False), True, True),
        (ConnectionFailed(*FACTS, True), True, False),
        (AtsTimeout(*FACTS, False), True, True),
        (AtsTimeout(*FACTS, True), True, False),
        (CertificateError(*FACTS, False), False, False),
        (RedirectRefused(*FACTS, True), False, False),
        (RateLimited(429, *SAID, None), True, False),
        (RateLimited(503, *SAID, 1.0), True, False),
        (ServerError(500, *SAID), True, False),
        (Truncated("a/b", 2, 1), True, False),
        (ResponseError(400, *SAID), False, False),
        (Forbidden(403, *SAID), False, False),
        (NotFound(404, *SAID), False, False),
        (GatewayRefused(406, *SAID), False, False),
        (ReauthorizationRequired(403, *SAID), False, False),
        (PayloadError("$", "wrong"), False, False),
        (TokenStoreError("/a", "wrong"), False, False),
        (NotReady("a/b", ""), False, False),
        (NotAudio("a/b", ""), False, False),
        (StorageError("a/b", 28, "full", "/a"), False, False),
        (TimeoutError(), False, False),
        (OSError(), False, False),
        (ValueError(), False, False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
async def test_what_may_be_repeated(error: Exception, repeatable: bool, not_repeatable: bool) -> None:  # noqa: FBT001  # columns
    """Design section 5: passing failures only; what must not arrive twice, only where it certainly did not leave."""
    assert (repeatable, not_repeatable) == (may_repeat(LIST_CALL_RECORDS, error), may_repeat(DIAL, error))


async def test_the_refresh_is_not_repeatable() -> None:
    """It burns a single-use token."""
    assert not REFRESH_TOKENS.repeatable
    assert LIST_CALL_RECORDS.repeatable


# How often, at the server.


@pytest.mark.parametrize(
    "say",
    [
        BAD,
        answer(b"<html>", "502 Bad Gateway", kind="text/html"),
        answer(b"", "503 Service Unavailable"),
        answer(b"", "503 Service Unavailable", headers={"Retry-After": "0"}),
        answer(b"", "429 Too Many Requests", headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}),
        answer(b"", "429 Too Many Requests", headers={"Retry-After": "soon"}),
        answer(b"", "504 Gateway Timeout"),
        Say(then=Then.CLOSE),
        Say(then=Then.RESET),
        Say(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[", Then.CLOSE),
    ],
    ids=range(10),
)
async def test_passing_failures_are_repeated(say: Say) -> None:
    """Three failures and then an answer: four requests, and the caller hears of nothing."""
    async with (
        RawService(in_turn(say, say, say, GOOD)) as service,
        open_session(service, retry=QUICKLY) as ats,
    ):
        assert [] == await ats.call_records.fetch_page(START, END)

    assert 4 == len(service.requests)
    assert 1 == len(set(service.lines))


@pytest.mark.parametrize(
    ("say", "error"),
    [(BAD, ServerError), (answer(b"", "429 X"), RateLimited), (Say(then=Then.CLOSE), ConnectionFailed)],
)
async def test_attempts_are_counted(say: Say, error: type[AtsError]) -> None:
    """Neither more nor less than the policy says; then the last failure itself is raised."""
    async with RawService(in_turn(say)) as service, open_session(service, retry=QUICKLY) as ats:
        with pytest.raises(error):
            await ask(ats)
    assert 4 == len(service.requests)

    async with RawService(in_turn(say)) as service, open_session(service, retry=ONCE) as ats:
        with pytest.raises(error):
            await ask(ats)
    assert 1 == len(service.requests)


@pytest.mark.parametrize("status", ["400 X", "404 X", "406 X", "418 X"])
async def test_lasting_failures_are_not_repeated(status: str) -> None:
    """What will not change is not asked again."""
    async with (
        RawService(in_turn(answer(b"{}", status))) as service,
        open_session(service, retry=QUICKLY) as ats,
    ):
        with pytest.raises(ResponseError):
            await ask(ats)

    assert 1 == len(service.requests)


async def test_wrong_payloads_and_redirects_are_not_repeated() -> None:
    """Nor are answers that nobody understands."""
    for say in (answer(b"<html>"), answer(b"", "302 Found", headers={"Location": "/a"})):
        async with RawService(in_turn(say)) as service, open_session(service, retry=QUICKLY) as ats:
            with pytest.raises((PayloadError, RedirectRefused)):
                await ask(ats)
        assert 1 == len(service.requests)


async def test_certificates_are_not_tried_again() -> None:
    """A certificate will not verify any better in a second."""
    async with RawService(in_turn(GOOD), tls=make_tls("x.example")[0]) as service:
        resolver = LoopbackResolver({"ats2.t2.ru": service.port})
        connector = aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False)
        async with aiohttp.ClientSession(connector=connector) as client:
            with pytest.raises(CertificateError):
                await ask(AtsSession(PAIR, client=client, retry=QUICKLY))

    assert ["ats2.t2.ru"] == resolver.asked


async def test_silence_is_repeated() -> None:
    """A stalled answer is given up and asked for again."""
    limits = aiohttp.ClientTimeout(total=None, sock_read=0.1)
    async with (
        RawService(in_turn(Say(then=Then.SILENCE), GOOD)) as service,
        open_session(service, retry=QUICKLY, timeout=limits) as ats,
    ):
        await ask(ats)

    assert 2 == len(service.requests)


async def test_opening_a_recording_is_repeated() -> None:
    """The same rules where the answer is streamed."""
    mp3 = answer(b"ID3" + b"\x00" * 100, kind="audio/mpeg")
    async with (
        RawService(in_turn(BAD, BAD, mp3)) as service,
        open_session(service, retry=QUICKLY) as ats,
        ats.recordings.open(NAME) as stream,
    ):
        assert 103 == stream.content_length

    assert 3 == len(service.requests)


# What must not arrive twice.


def _requester(
    base_url: str,
    client: aiohttp.ClientSession | None = None,
    timeout: aiohttp.ClientTimeout = DEFAULT_TIMEOUT,
) -> tuple[Transport, Requester]:
    transport = Transport(
        base_url=URL(base_url),
        client=client,
        proxy=None,
        ssl=None,
        timeout=timeout,
        requests_per_second=None,
        user_agent="agent",
    )
    tokens = TokenRefresher(MemoryTokenStore(PAIR), transport, QUICKLY)
    return transport, Requester(transport, tokens, QUICKLY, max_connections=4)


_CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n["


@pytest.mark.parametrize(
    "say",
    [
        BAD,
        answer(b"", "429 X"),
        answer(b"", "503 X", headers={"Retry-After": "0"}),
        Say(then=Then.CLOSE),
        Say(then=Then.RESET),
        Say(then=Then.SILENCE),
        Say(_CUT, Then.CLOSE),
        Say(_CUT, Then.RESET),
        Say(_CUT, Then.SILENCE),
        Say(b"HTTP/1.1 200 OK\r\n", Then.CLOSE),
        Say(b"HTTP/1.1 200 OK\r\n", Then.SILENCE),
        Say(b"no HTTP\r\n\r\n", Then.CLOSE),
    ],
    ids=range(12),
)
@pytest.mark.parametrize(
    "limits",
    [aiohttp.ClientTimeout(total=None, sock_read=0.2), aiohttp.ClientTimeout(total=0.2)],
    ids=["silence", "total"],
)
async def test_what_must_not_arrive_twice_does_not(say: Say, limits: aiohttp.ClientTimeout) -> None:
    """Operation 5: "Never send it twice". Not even where the failure is a passing one."""
    async with RawService(in_turn(say, GOOD)) as service:
        transport, requester = _requester(service.base_url, timeout=limits)
        with pytest.raises(AtsError) as caught:
            await requester.fetch(Request(DIAL))
        await transport.close()

    assert ["POST /crm/openapi/call/outgoing HTTP/1.1"] == service.lines
    assert isinstance(caught.value, ResponseError) or vars(caught.value)["sent"]


class _Hesitant(AbstractResolver):
    """Knows a name only when asked for the third time."""

    def __init__(self, known: AbstractResolver) -> None:
        self._known = known
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Look a name up."""
        self.asked += 1
        if self.asked < 3:
            raise OSError(None, "Temporary failure in name resolution")
        return await self._known.resolve(host, port, family)

    async def close(self) -> None:
        """Have nothing to close."""


@pytest.mark.parametrize(("operation", "answered"), [(DIAL, None), (LIST_CALL_RECORDS, [])], ids=str)
async def test_what_has_not_left_is_repeated_whatever_it_is(
    operation: AnyOperation, answered: object
) -> None:
    """A name that does not resolve yet: nothing can have arrived, and in the end one request does."""
    async with RawService(in_turn(GOOD)) as service:
        resolver = _Hesitant(LoopbackResolver({"ats.example": service.port}))
        connector = aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False)
        async with aiohttp.ClientSession(connector=connector) as client:
            _, requester = _requester("http://ats.example/crm/openapi", client)
            assert answered == await requester.fetch(Request(operation))

    assert (3, 1) == (resolver.asked, len(service.requests))


# When.


def _failing(*errors: Exception) -> tuple[list[float], Callable[[], "asyncio.Future[str]"]]:
    """Make a call that fails with these errors, one after the other, and then works; and when it was made."""
    left, calls = list(errors), list[float]()

    async def call() -> str:
        calls.append(time.monotonic())
        if left:
            raise left.pop(0)
        return "done"

    return calls, lambda: asyncio.ensure_future(call())


async def test_retry_after_is_obeyed() -> None:
    """The service's wish goes before our own waits."""
    calls, call = _failing(RateLimited(429, *SAID, 0.2))

    assert "done" == await Retrying(QUICKLY).run(LIST_CALL_RECORDS, call)
    assert calls[1] - calls[0] > 0.19


async def test_retry_after_on_the_wire_is_obeyed() -> None:
    """From the header to the wait, in whole seconds."""
    asked: list[float] = []

    def script(_: bytes) -> Say:
        asked.append(time.monotonic())
        return answer(b"", "503 X", headers={"Retry-After": "1"}) if len(asked) == 1 else GOOD

    async with RawService(script) as service, open_session(service, retry=QUICKLY) as ats:
        await ask(ats)

    assert asked[1] - asked[0] > 0.95


@pytest.mark.parametrize(
    "retry_after", ["61", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT", "9" * 400]
)
async def test_retry_after_beyond_the_budget(retry_after: str) -> None:
    """Nobody is left waiting for longer than the policy allows: told at once, with the wish as a fact."""
    script = in_turn(answer(b"", "429 X", headers={"Retry-After": retry_after}))
    policy = RetryPolicy(attempts=4, total_s=60)
    async with RawService(script) as service, open_session(service, retry=policy) as ats, asyncio.timeout(5):
        with pytest.raises(RateLimited) as caught:
            await ask(ats)

    assert 1 == len(service.requests)
    assert caught.value.retry_after_s is not None
    assert caught.value.retry_after_s > 60


async def test_total_budget() -> None:
    """After `total_s` no further attempt begins, however many are left."""
    calls, call = _failing(*[ServerError(500, *SAID)] * 10_000)
    policy = RetryPolicy(attempts=10_000, total_s=0.1, wait_initial_s=0.01, wait_max_s=0.01)
    with pytest.raises(ServerError):
        await Retrying(policy).run(LIST_CALL_RECORDS, call)

    assert 2 <= len(calls) < 100


async def test_waits_grow() -> None:
    """A service in trouble is asked less and less often."""
    calls, call = _failing(*[ServerError(500, *SAID)] * 4)
    policy = RetryPolicy(attempts=5, wait_initial_s=0.02, wait_max_s=10)
    await Retrying(policy).run(LIST_CALL_RECORDS, call)

    # 0.02 and at most as much jitter, then twice that, and so on.
    assert calls[4] - calls[3] > 2 * 0.04


async def test_waits_can_be_cancelled() -> None:
    """Waiting for the next attempt ends at once when nobody waits for it any more."""
    calls, call = _failing(*[RateLimited(429, *SAID, 30.0)] * 4)
    task = asyncio.create_task(Retrying(RetryPolicy()).run(LIST_CALL_RECORDS, call))
    while not calls:  # filled by the task
        await asyncio.sleep(0)
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert 1 == len(calls)


async def test_cancellation_is_not_repeated() -> None:
    """It is nobody's failure."""
    calls, call = _failing(asyncio.CancelledError())  # type: ignore[arg-type]  # no Exception, which is the point
    with pytest.raises(asyncio.CancelledError):
        await Retrying(QUICKLY).run(LIST_CALL_RECORDS, call)

    assert 1 == len(calls)


async def test_repetitions_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Each one that is going to be repeated, once, with the operation's name and why; no word of the service."""
    caplog.set_level(logging.INFO, logger="tele2ats_async")
    _, call = _failing(ServerError(500, *SAID))
    await Retrying(QUICKLY).run(LIST_CALL_RECORDS, call)
    [record] = caplog.records
    names = ("event", "operation", "attempt", "wait_s", "error", "status", "reason")

    assert "request_failed: call_records.info is tried again: GET /a answered 500" == record.message
    assert ("tele2ats_async.retry", logging.INFO) == (record.name, record.levelno)
    assert (
        "request_failed",
        "call_records.info",
        1,
        None,
        "ServerError",
        500,
        "GET /a answered 500",
    ) == tuple(vars(record)[name] for name in names)


async def test_what_is_not_repeated_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The last failure is the caller's error, and no line of a log."""
    caplog.set_level(logging.INFO, logger="tele2ats_async")

    async def fail() -> None:
        raise ServerError(500, *SAID)

    with pytest.raises(ServerError):
        await Retrying(RetryPolicy(attempts=3, wait_initial_s=0.001, wait_max_s=0.01)).run(
            LIST_CALL_RECORDS, fail
        )

    assert 2 == sum(record.name == "tele2ats_async.retry" for record in caplog.records)


async def test_repetitions_are_told_to_hooks() -> None:
    """Stamina's hooks learn which operation it is, and why; nothing that could hold a number or a name."""
    told: list[RetryDetails] = []
    _, call = _failing(ServerError(500, *SAID))

    def hook(details: RetryDetails) -> None:
        told.append(details)

    set_on_retry_hooks([hook])
    try:
        await Retrying(QUICKLY).run(LIST_CALL_RECORDS, call)
    finally:
        set_on_retry_hooks(None)
    [details] = told

    assert ("tele2ats_async.call_records.info", (), {}) == (details.name, details.args, details.kwargs)
    assert "GET /a answered 500" == str(details.caused_by)


@pytest.mark.parametrize(
    "wrong",
    [
        {"attempts": 0},
        {"attempts": -1},
        {"total_s": 0},
        {"total_s": -1},
        {"wait_initial_s": -0.1},
        {"wait_max_s": -1},
    ],
)
async def test_wrong_policies(wrong: dict[str, float]) -> None:
    """Named at once, not when the first request fails."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RetryPolicy(**wrong)  # type: ignore[arg-type]  # one mapping for all fields


async def test_odd_policies_work() -> None:
    """No waits at all, and a first wait above the longest one."""
    for policy in (
        RetryPolicy(wait_initial_s=0, wait_max_s=0),
        RetryPolicy(wait_initial_s=30, wait_max_s=0.01),
    ):
        _, call = _failing(ServerError(500, *SAID))
        async with asyncio.timeout(5):
            assert "done" == await Retrying(policy).run(LIST_CALL_RECORDS, call)
