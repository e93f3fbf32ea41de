from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tele2ats_async import (
    AuthorizationError,
    Conflict,
    Forbidden,
    GatewayRefused,
    NotFound,
    PayloadError,
    RateLimited,
    ResponseError,
    ServerError,
)
from tele2ats_async.wire.decipher import decipher_answer, decipher_error
from tele2ats_async.wire.operations import (
    ADD_TO_BLACKLIST,
    CLEAR_BLACKLIST,
    CREATE_MANAGER,
    DIAL,
    LIST_CALL_RECORDS,
    UPDATE_MANAGER,
    AnyOperation,
)

BODY = {
    "timestamp": 1663130897123,
    "status": 403,
    "error": "Forbidden",
    "message": "Forbidden",
    "details": "The token is expired",
    "path": "/crm/openapi/employees",
}


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, ResponseError),
        (401, AuthorizationError),
        (403, AuthorizationError),
        (404, NotFound),
        (405, ResponseError),
        (406, GatewayRefused),
        (409, ResponseError),
        (429, RateLimited),
        (500, ServerError),
        (501, ServerError),
        (502, ServerError),
        (503, RateLimited),
        (504, ServerError),
        (599, ServerError),
    ],
)
def test_statuses(status: int, error: type[ResponseError]) -> None:
    """Section 3: one status, one error, with its facts."""
    made = decipher_error(LIST_CALL_RECORDS, status, {}, orjson.dumps(BODY))

    assert error is type(made)
    assert (status, "GET", "/call-records/info") == (made.status, made.method, made.path)
    assert "The token is expired" == made.details


def test_403_is_not_yet_forbidden() -> None:
    """Only a fresh token that is refused too makes a 403 final."""
    assert not isinstance(decipher_error(LIST_CALL_RECORDS, 403, {}, b""), Forbidden)


@pytest.mark.parametrize(
    ("body", "details"),
    [
        (b"", ""),
        (b"<html><h1>403 Forbidden</h1></html>", ""),
        (b"\xff\xfe", ""),
        (b"null", ""),
        (b"[]", ""),
        (b'"Forbidden"', ""),
        (b"{}", ""),
        (b'{"details": null, "message": "", "error": "Forbidden"}', "Forbidden"),
        (b'{"message": "No", "error": "Forbidden"}', "No"),
        (b'{"details": ["a", 1]}', "['a', 1]"),
        (b'{"details": 7}', "7"),
        (b'{"details": "  two\\n lines\\u0000 "}', "two lines\x00"),
        ('{"details": "Нет доступа"}'.encode(), "Нет доступа"),
    ],
)
def test_bodies(body: bytes, details: str) -> None:
    """Section 3: any member may be missing; the body may be HTML or empty."""
    assert details == decipher_error(LIST_CALL_RECORDS, 400, {}, body).details


def test_long_details_are_shortened() -> None:
    """A page of text in an error drowns the log that it is written to."""
    body = orjson.dumps({"details": "a" * 10_000})

    assert 300 == len(decipher_error(LIST_CALL_RECORDS, 500, {}, body).details)


def _wait_s(value: str | None, status: int = 503) -> float | None:
    error = decipher_error(LIST_CALL_RECORDS, status, {} if value is None else {"Retry-After": value}, b"")
    assert isinstance(error, RateLimited)
    return error.retry_after_s


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_in_seconds(status: int) -> None:
    """Section 3: `Retry-After` where it is given."""
    assert [None, 0.0, 120.0] == [_wait_s(value, status) for value in (None, "0", "120")]


def test_retry_after_as_a_date() -> None:
    """The other form of the header; a date that is over means now."""
    now = datetime.now(UTC)
    coming = _wait_s(format_datetime(now + timedelta(seconds=100), usegmt=True))

    assert coming is not None
    assert 90 < coming <= 100
    assert 0.0 == _wait_s("Wed, 21 Oct 2015 07:28:00 GMT")
    assert 0.0 == _wait_s("Wed, 21 Oct 2015 07:28:00 -0000")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "soon",
        "-5",
        "1.5",
        "٣",  # a digit, but not of HTTP
        "Wed, 99 Oct 2015 07:28:00 GMT",
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        "Mon, 01 Jan 2022 00:00:00 +99999999999999999999",
    ],
)
def test_unreadable_retry_after(value: str) -> None:
    """Whatever stands there, the caller sees RateLimited."""
    assert _wait_s(value) is None


@given(st.text())
def test_no_retry_after_breaks_the_caller(value: str) -> None:
    """As above, for what nobody thought of."""
    wait_s = _wait_s(value)

    assert wait_s is None or wait_s >= 0


@given(st.integers(300, 999), st.binary())
def test_no_body_breaks_the_caller(status: int, body: bytes) -> None:
    """Whatever the service says, it becomes one error."""
    assert isinstance(decipher_error(LIST_CALL_RECORDS, status, {}, body), ResponseError)


def test_wrong_payload_says_where_it_came_from() -> None:
    """Among many requests, the error has to say which one."""
    with pytest.raises(PayloadError) as caught:
        list(decipher_answer(LIST_CALL_RECORDS, b'[{"callType": "INTERNAL"}]'))

    assert ("$[0].date", "GET /call-records/info") == (caught.value.where, caught.value.source)


@pytest.mark.parametrize("body", [b"<html>Sorry</html>", b"\r\n <!DOCTYPE html>"])
def test_a_page_is_no_success(body: bytes) -> None:
    """Operation 5 answers nothing: a gateway's page under a good status is not a call that was placed."""
    with pytest.raises(PayloadError) as caught:
        next(decipher_answer(DIAL, body))

    assert ("$", "POST /call/outgoing") == (caught.value.where, caught.value.source)


@pytest.mark.parametrize("body", [b"", b"OK", b'{"callId": 5}'])
def test_what_a_newer_service_adds_breaks_no_caller(body: bytes) -> None:
    """Content where the contract knows none is passed over."""
    with pytest.raises(StopIteration) as caught:
        next(decipher_answer(DIAL, body))

    assert caught.value.value is None


RESULTS = pytest.mark.parametrize(
    "operation", [ADD_TO_BLACKLIST, CLEAR_BLACKLIST, CREATE_MANAGER, UPDATE_MANAGER], ids=str
)


@RESULTS
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_cut_result_word_is_no_refusal(operation: AnyOperation, quote: str) -> None:
    """Where nothing tells the end of the body: the beginning of a word says neither that it is done nor that it is not."""
    for word in operation.answer:
        for length in range(len(word)):
            with pytest.raises(PayloadError) as caught:
                next(decipher_answer(operation, f"{quote}{word[:length]}{quote}".encode()))
            assert ("$", str(operation)) == (caught.value.where, caught.value.source)


@RESULTS
@pytest.mark.parametrize(
    "body", [b'"SUCCESS', b'SUCCESS"', b'"', b'""', b'""SUCCESS""', b'"CUSTOMER_ALREADY']
)
def test_a_result_word_with_half_its_quotes(operation: AnyOperation, body: bytes) -> None:
    """Something of it is missing."""
    with pytest.raises(PayloadError):
        next(decipher_answer(operation, body))


@RESULTS
def test_words_that_are_not_known_are_refusals(operation: AnyOperation) -> None:
    """A newer service has more of them, also such as begin with one that is known."""
    for word in ("NO", "SUCCESSFUL", "SUCH_A_NUMBER_IS_UNKNOWN", "DUPLICATES"):
        with pytest.raises(Conflict) as caught:
            next(decipher_answer(operation, word.encode(), ["a-token-that-nobody-may-see"]))
        assert word == caught.value.reason


@pytest.mark.parametrize("token", ["ABCDEF0123456789SECRET", "abcdef0123456789secret"])
def test_an_echoed_token_is_no_result_word(token: str) -> None:
    """The reason of a conflict is shown, and a token that is no JWT can look like a word."""
    with pytest.raises(PayloadError) as caught:
        next(decipher_answer(CLEAR_BLACKLIST, b'"ABCDEF0123456789SECRET"', ["other-secret", token]))

    assert "SECRET" not in str(caught.value) + repr(caught.value)
