"""Operations that the contract does not know yet."""

from collections.abc import Mapping
from typing import cast
from urllib.parse import quote

import orjson

from .operations import CUSTOM, Operation, Request
from .query import encode_query

_METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")
_REPEATABLE = ("DELETE", "GET", "PUT")


def custom_request(method: str, path: str, query: Mapping[str, str] | None, body: object) -> Request[object]:
    """Make a request from its parts.

    Raises:
        TypeError: The path or a parameter is no text.
        ValueError: The method is unknown, the path is not one below the base URL, or the body cannot be
            JSON.
    """
    if method not in _METHODS:
        raise ValueError(f"method: expected one of {', '.join(_METHODS)}, got {method!r}")
    if not isinstance(path, str):
        raise TypeError(f"path: expected a text, got {type(path).__name__}")
    if (
        not path.startswith("/")
        or ".." in path.split("/")
        or "?" in path
        or "#" in path
        or not path.isprintable()
    ):
        raise ValueError(f"path: expected /a/path below the base URL, got {path!r}")
    for name, value in _parameters(query):
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError(f"query: expected texts, got {name!r} with {type(value).__name__}")
    operation = Operation(
        number=CUSTOM,
        name="custom",
        method=method,
        path=quote(path, safe="/"),
        answer=object,
        repeatable=method in _REPEATABLE,
    )
    return Request(operation, query=encode_query(query or {}), body=_encode_body(body))


def _parameters(query: object) -> list[tuple[object, object]]:
    if query is None:
        return []
    if not isinstance(query, Mapping):
        raise TypeError(f"query: expected a mapping, got {type(query).__name__}")
    return list(cast("Mapping[object, object]", query).items())


def _encode_body(body: object) -> bytes | None:
    try:
        return None if body is None else orjson.dumps(body)
    except TypeError as error:
        raise ValueError(f"body: cannot be JSON: {error}") from None
