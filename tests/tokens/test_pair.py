import base64
import copy
import pickle
from datetime import UTC, datetime
from typing import Any

import attrs
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from raw_service import ACCESS, PAIR, REFRESH, jwt

from tele2ats_async import TokenPair
from tele2ats_async.simulator import AtsSimulator
from tele2ats_async.tokens.pair import require_order

ACCOUNT = {"companyId": 391, "userId": 7, "login": "admin@example.ru"}


def _raw(payload: bytes) -> str:
    return f"e30.{base64.urlsafe_b64encode(payload).rstrip(b'=').decode()}.sig"


def _facts(pair: TokenPair) -> tuple[object, ...]:
    return pair.expires_at, pair.refresh_expires_at, pair.company_id, pair.login


def test_what_a_token_says() -> None:
    """Section 2: `exp` and the account; the manual does not name the object that holds the account."""
    for account in ({"user": ACCOUNT}, {"anything": ACCOUNT, "x": {"y": 1}}, ACCOUNT):
        pair = TokenPair(jwt(exp=1_663_130_897, **account), jwt(exp=1_663_735_697))

        assert (
            datetime(2022, 9, 14, 4, 48, 17, tzinfo=UTC),
            datetime(2022, 9, 21, 4, 48, 17, tzinfo=UTC),
            391,
            "admin@example.ru",
        ) == _facts(pair)


def test_tokens_of_the_simulator() -> None:
    """Another hand wrote them from the same contract."""
    simulator = AtsSimulator()
    pair = TokenPair(*simulator.tokens)

    assert simulator.company.company_id == pair.company_id
    assert simulator.company.administrator["login"] == pair.login
    assert pair.expires_at is not None
    assert pair.refresh_expires_at is not None
    assert 6 * 86_400 == (pair.refresh_expires_at - pair.expires_at).total_seconds()


@pytest.mark.parametrize(
    "token",
    [
        "opaque",
        "a.b",
        "a.b.c.d",
        "..",
        "a.@@@@.c",
        "a.A.c",
        "a.bm90IGpzb24.c",
        _raw(b"[1]"),
        _raw(b"null"),
        _raw(b"\xff\xfe"),
        _raw(b"{}"),
        _raw(b'{"exp": "1663130897"}'),
        _raw(b'{"exp": null}'),
        _raw(b'{"exp": true}'),
        _raw(b'{"exp": [1]}'),
        _raw(b'{"exp": 1e300}'),
        _raw(b'{"exp": -1e300}'),
        _raw(b'{"exp": 1663130897123}'),
        _raw(b'{"exp": 18446744073709551615}'),
        _raw(b'{"exp": 99999999999999999999999999}'),
        _raw(b'{"user": {"companyId": "391", "login": 5}}'),
        _raw(b'{"companyId": null}'),
        _raw(b'{"login": "without a company"}'),
        _raw(b"[" * 10_000),
    ],
)
def test_tokens_that_say_nothing_readable_work(token: str) -> None:
    """Section 2: a token that is no readable JWT must still work; its expiry is simply unknown."""
    assert (None, None, None, None) == _facts(TokenPair(token, token))


@given(st.binary())
def test_no_payload_breaks_the_pair(payload: bytes) -> None:
    """As above, for what nobody thought of."""
    assert len(_facts(TokenPair(_raw(payload), REFRESH))) == 4


@given(
    st.dictionaries(
        st.sampled_from(["exp", "companyId", "login", "user"]), st.floats() | st.text() | st.none()
    )
)
def test_no_claims_break_the_pair(claims: dict[str, Any]) -> None:
    """As above, for payloads that are JSON objects."""
    try:
        payload = orjson.dumps(claims)
    except TypeError:
        return  # a lone surrogate is no JSON
    assert len(_facts(TokenPair(_raw(payload), REFRESH))) == 4


def test_fractions_of_seconds() -> None:
    """A float is a number of seconds too."""
    assert (
        datetime(2022, 9, 14, 4, 48, 17, 500_000, tzinfo=UTC)
        == TokenPair(_raw(b'{"exp": 1663130897.5}'), "r").expires_at
    )


@pytest.mark.parametrize("field", ["access", "refresh"])
@pytest.mark.parametrize(
    ("token", "error"),
    [
        ("", ValueError),
        ("secret\n", ValueError),
        ("sec ret", ValueError),
        ("\ufeffsecret", ValueError),
        ("secret\x00", ValueError),
        ("sécret", ValueError),
        ("secret\r\nX-Evil: 1", ValueError),
        (None, TypeError),
        (b"secret", TypeError),
        (5, TypeError),
    ],
)
def test_what_is_no_token_is_refused(field: str, token: Any, error: type[Exception]) -> None:
    """Named, before anything is sent, and without showing it: it may be right but for a line break."""
    with pytest.raises(error, match=f"^{field}: ") as caught:
        TokenPair(**({"access": "a", "refresh": "r"} | {field: token}))

    assert "secret" not in repr(caught.value)


ACCESS_SUBJECT, REFRESH_SUBJECT = "ACCESS_OPENAPI_TOKEN", "REFRESH_OPENAPI_TOKEN"


@pytest.mark.parametrize(
    ("access", "refresh", "complaint"),
    [
        (REFRESH_SUBJECT, ACCESS_SUBJECT, "^access: this is a refresh token"),
        (REFRESH_SUBJECT, REFRESH_SUBJECT, "^access: this is a refresh token"),
        (ACCESS_SUBJECT, ACCESS_SUBJECT, "^refresh: this is an access token"),
    ],
)
def test_a_token_in_the_other_s_place_is_refused(access: str, refresh: str, complaint: str) -> None:
    """Pasted in the wrong order, a pair is known by the claim `sub`, long before the service refuses it."""
    tokens = jwt(sub=access), jwt(sub=refresh)
    with pytest.raises(ValueError, match=complaint) as caught:
        require_order(TokenPair(*tokens))

    assert not [token for token in tokens if token in repr(caught.value)]


@pytest.mark.parametrize(
    "subject", [None, "", "access_openapi_token", "SOMETHING_NEW", 5, ["ACCESS_OPENAPI_TOKEN"], {}]
)
def test_a_token_that_does_not_say_which_one_it_is(subject: Any) -> None:
    """What is not in the contract is no reason to refuse a token."""
    token = jwt(sub=subject)

    assert (token, token) == attrs.astuple(require_order(TokenPair(token, token)))


def test_repr_shows_no_token() -> None:
    """Rule 7."""
    for shown in (repr(PAIR), str(PAIR), f"{PAIR}", repr([PAIR])):
        assert ACCESS not in shown
        assert REFRESH not in shown


def test_pairs_are_values() -> None:
    """Equal by their tokens, frozen, picklable."""
    twin = TokenPair(ACCESS, REFRESH)

    assert twin == PAIR
    assert hash(twin) == hash(PAIR)
    assert TokenPair(ACCESS, "other") != PAIR
    assert PAIR == pickle.loads(pickle.dumps(PAIR))
    assert PAIR == copy.deepcopy(PAIR)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        twin.access = "x"  # type: ignore[misc]  # the mistake
