"""Pairs that no service ever issued."""

import base64
import secrets
import time

import orjson

from ..tokens import TokenPair

_LIFE_S = 86_400
_KILOBYTES = 4
# All of them may stand in a header; each is special to some format or language of queries.
_AWKWARD = "'\"`\\%s{}$1:p;,?&=+/<>#|--*/~"


def make_pair() -> TokenPair:
    """Make a pair that differs from every other one, also from those of an earlier run."""
    mark = secrets.token_hex(16)
    return TokenPair(f"made-up-access-{mark}", f"made-up-refresh-{mark}")


def make_pairs_of_all_kinds() -> dict[str, TokenPair]:
    """Make a pair of every kind that a store has to keep, by what to call it."""
    filler = secrets.token_hex(_KILOBYTES * 512)
    opaque = make_pair()
    return {
        "a readable pair": TokenPair(_jwt("ACCESS_OPENAPI_TOKEN"), _jwt("REFRESH_OPENAPI_TOKEN")),
        "an opaque pair": opaque,
        "a pair with quotes and the like in it": TokenPair(
            opaque.access + _AWKWARD, _AWKWARD + opaque.refresh
        ),
        f"a pair of {_KILOBYTES} KiB each": TokenPair(opaque.access + filler, opaque.refresh + filler),
        "a pair of one character each": TokenPair("a", "r"),
    }


def _jwt(subject: str) -> str:
    account = {"companyId": 1, "userId": 1, "login": "made-up@example.com"}
    claims = {"sub": subject, "exp": int(time.time()) + _LIFE_S, "user": account}
    parts = orjson.dumps({"alg": "HS512"}), orjson.dumps(claims), secrets.token_bytes(64)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
