"""Operations that the contract does not know yet."""

from collections.abc import Mapping
from urllib.parse import quote

import orjson

from .operations import Operation, Request
from .query import encode_query

_METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")
_REPEATABLE = ("DELETE", "GET", "PUT")


def custom_request(method: str, path: str, query: Mapping[str, str] | None, body: object) -> Request[object]:
    """Make a request from its parts.

    Raises:
        ValueError: The method is unknown, the path is not one below the base URL, or the body cannot be
            JSON.
    """
    if method not in _METHODS:
        raise ValueError(f"method: expected one of {', '.join(_METHODS)}, got {method!r}")
    if not path.startswith("/") or ".." in path.split("/") or "?" in path or "#" in path:
        raise ValueError(f"path: expected /a/path below the base URL, got {path!r}")
    operation = Operation(
        number=0,
        name="custom",
        method=method,
        path=quote(path, safe="/"),
        answer=object,
        repeatable=method in _REPEATABLE,
    )
    return Request(operation, query=encode_query(query or {}), body=_encode_body(body))


def _encode_body(body: object) -> bytes | None:
    try:
        return None if body is None else orjson.dumps(body)
    except TypeError as error:
        raise ValueError(f"body: cannot be JSON: {error}") from None
