import copy
import inspect
import pickle
from typing import Any

import pytest

import tele2ats_async
from tele2ats_async import SaveResult, errors

SENT = ("GET", "/employees", "reason", True)
ANSWERED = ("GET", "/employees", "details")
ALL: list[tuple[errors.AtsError, str]] = [
    (errors.AtsError("something"), "something"),
    (errors.TransportError(*SENT), "GET /employees: reason"),
    (errors.ConnectionFailed(*SENT), "GET /employees: reason"),
    (errors.CertificateError(*SENT), "GET /employees: reason. The chain"),
    (errors.ProxyRefused(*SENT), "GET /employees: reason"),
    (errors.AtsTimeout(*SENT), "GET /employees: reason"),
    (errors.RedirectRefused(*SENT), "GET /employees: reason"),
    (errors.ResponseError(400, *ANSWERED), "GET /employees answered 400: details"),
    (errors.AuthorizationError(401, *ANSWERED), "GET /employees answered 401: details"),
    (errors.ReauthorizationRequired(403, *ANSWERED), "GET /employees answered 403: details. Both"),
    (errors.Forbidden(403, "GET", "/employees", ""), "GET /employees answered 403"),
    (errors.NotFound(404, *ANSWERED), "GET /employees answered 404: details"),
    (errors.GatewayRefused(406, *ANSWERED), "GET /employees answered 406: details. Try another User-Agent"),
    (
        errors.Conflict(200, *ANSWERED, SaveResult.CUSTOMER_ALREADY_ASSIGNED),
        "GET /employees answered 200: details",
    ),
    (errors.RateLimited(429, *ANSWERED, 1.5), "answered 429: details; it asks to wait 1.5 s"),
    (errors.RateLimited(503, *ANSWERED, None), "GET /employees answered 503: details"),
    (errors.ServerError(500, *ANSWERED), "GET /employees answered 500: details"),
    (
        errors.PayloadError("$[17].date", "missing"),
        "the JSON is not what the contract says, at $[17].date: missing",
    ),
    (
        errors.PayloadError("$", "wrong", "GET /a"),
        "the answer to GET /a is not what the contract says, at $: wrong",
    ),
    (errors.TokenStoreError("/a/tokens.json", "is malformed"), "token store /a/tokens.json: is malformed"),
    (errors.ArchiveError("/a", "another mirror is at work on it"), "archive /a: another mirror is at work"),
    (errors.RecordingError("a/b"), "a/b"),
    (errors.NotAudio("a/b", "it is empty"), "recording 'a/b' is not MP3 audio: it is empty"),
    (errors.Truncated("a/b", 10, 7), "recording 'a/b' ended after 7 bytes, expected 10"),
    (errors.Truncated("a/b", None, 7), "recording 'a/b' ended after 7 bytes, expected more"),
    (errors.UnsafeName("../b", "climbs"), "name '../b' of a recording climbs"),
    (errors.NotReady("a/b", "none"), "recording 'a/b' does not exist, or is not ready yet (none)"),
    (errors.NotReady("a/b", ""), "recording 'a/b' does not exist, or is not ready yet"),
    (errors.StorageError("a/b", 28, "No space left", "/x"), "'a/b' cannot be written to /x: No space left"),
]
each_error = pytest.mark.parametrize(
    ("error", "story"), ALL, ids=[f"{type(error).__name__}-{number}" for number, (error, _) in enumerate(ALL)]
)


def test_every_error_is_tested_here() -> None:
    """A new error must join the tables of this module."""
    classes = {
        item for _, item in inspect.getmembers(errors, inspect.isclass) if issubclass(item, errors.AtsError)
    }

    assert classes == {type(error) for error, _ in ALL}
    assert set(errors.__all__) == {item.__name__ for item in classes}
    assert set(errors.__all__) <= set(tele2ats_async.__all__)


@each_error
def test_stories(error: errors.AtsError, story: str) -> None:
    """The text tells what happened, to whom, and what to do."""
    assert story in str(error)


@each_error
def test_errors_survive_pickle_and_copy(error: errors.AtsError, story: str) -> None:
    """They travel between processes with all their facts (rule 5, openai-python #3733)."""
    error.add_note("seen at night")
    for twin in (
        *(pickle.loads(pickle.dumps(error, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)),
        copy.copy(error),
        copy.deepcopy(error),
    ):
        assert type(error) is type(twin)
        assert (error.args, vars(error), str(error)) == (twin.args, vars(twin), str(twin))
        assert story in str(twin)


@each_error
def test_errors_are_themselves(error: errors.AtsError, story: str) -> None:
    """Two failures with the same facts are two failures, and can be kept in sets."""
    assert error != copy.copy(error)
    assert 2 == len({error, copy.copy(error)})
    assert type(error).__name__ in repr(error)
    assert story


@each_error
def test_errors_can_be_raised_from_others(error: errors.AtsError, story: str) -> None:
    """Python writes on an exception while it travels; attrs must not be in the way."""
    cause = RuntimeError(story)
    with pytest.raises(type(error)) as caught:
        raise error from cause

    assert cause is caught.value.__cause__


@pytest.mark.parametrize(
    ("error", "parent"),
    [
        (errors.ConnectionFailed, errors.TransportError),
        (errors.CertificateError, errors.ConnectionFailed),
        (errors.AtsTimeout, errors.TransportError),
        (errors.AtsTimeout, TimeoutError),
        (errors.RedirectRefused, errors.TransportError),
        (errors.ReauthorizationRequired, errors.AuthorizationError),
        *(
            (error, errors.ResponseError)
            for error in (errors.AuthorizationError, errors.Forbidden, errors.NotFound)
        ),
        *(
            (error, errors.ResponseError)
            for error in (errors.GatewayRefused, errors.RateLimited, errors.ServerError)
        ),
        (errors.UnsafeName, ValueError),
        (errors.StorageError, OSError),
        *((error, errors.RecordingError) for error in (errors.NotAudio, errors.Truncated, errors.UnsafeName)),
        *((error, errors.RecordingError) for error in (errors.NotReady, errors.StorageError)),
        *(
            (error, errors.AtsError)
            for error in (errors.TransportError, errors.ResponseError, errors.PayloadError)
        ),
        *((error, errors.AtsError) for error in (errors.TokenStoreError, errors.RecordingError)),
    ],
)
def test_tree(error: type[Exception], parent: type[Exception]) -> None:
    """Callers catch by the tree that the design draws."""
    assert issubclass(error, parent)


def test_forbidden_is_no_authorization_error() -> None:
    """Who catches AuthorizationError to ask for new tokens must not do so for a mere lack of rights."""
    assert not issubclass(errors.Forbidden, errors.AuthorizationError)


def test_certificate_error_says_what_to_install() -> None:
    """Section 1: the certificates that some systems lack, and how to pass a bundle instead of switching off."""
    told = str(errors.CertificateError(*SENT))

    for part in ("GlobalSign Root R3", "GSR SA OV SSL CA 2018", "ssl='bundle.pem'", "TELE2ATS_CA_FILE"):
        assert part in told


def test_reauthorization_says_the_steps() -> None:
    """Section 2: a person has to visit the cabinet, and needs the way there."""
    told = str(errors.ReauthorizationRequired(403, *ANSWERED))

    for part in (
        "ATS administrator",
        "organisation's name",
        "profile settings",
        "Token API",
        "«Сгенерировать токен»",
    ):
        assert part in told


def test_storage_error_is_read_as_an_os_error() -> None:
    """Code that asks ``error.errno == ENOSPC`` works."""
    facts: dict[str, Any] = {"errno": 28, "strerror": "No space left on device", "name": "a/b", "path": "/x"}
    error = errors.StorageError("a/b", 28, "No space left on device", "/x")

    assert facts == {fact: getattr(error, fact) for fact in facts}
    assert isinstance(error, OSError)
