"""What an answer means: a value, or one error of the tree."""

from collections.abc import Generator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import orjson

from ..errors import (
    AuthorizationError,
    GatewayRefused,
    NotFound,
    PayloadError,
    RateLimited,
    ResponseError,
    ServerError,
)
from .converter import decode_in_steps
from .operations import AnyOperation, Operation

T = TypeVar("T")

_DETAILS_CHARACTERS = 300
_ERRORS: dict[int, type[ResponseError]] = {
    401: AuthorizationError,
    403: AuthorizationError,
    404: NotFound,
    406: GatewayRefused,
}


def decipher_error(
    operation: AnyOperation, status: int, headers: Mapping[str, str], body: bytes
) -> ResponseError:
    """Make the error that an error status stands for."""
    facts = (status, operation.method, operation.path, _details(body))
    if status in (429, 503):
        return RateLimited(*facts, _retry_after_s(headers.get("Retry-After")))
    if status >= 500:
        return ServerError(*facts)
    return _ERRORS.get(status, ResponseError)(*facts)


def decipher_answer(operation: Operation[T], body: bytes) -> Generator[None, None, T]:
    """Decode a successful answer in steps: the generator's return value is the answer.

    Raises:
        PayloadError: It is not what the contract says.
    """
    try:
        return (yield from decode_in_steps(body, operation.answer))
    except PayloadError as error:
        where, reason = error.where, error.reason
    raise PayloadError(where, reason, str(operation))


def _details(body: bytes) -> str:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""  # an HTML page of the gateway, or nothing
    if not isinstance(said, dict):
        return ""
    text = next((said[key] for key in ("details", "message", "error") if said.get(key)), "")
    return " ".join(str(text).split())[:_DETAILS_CHARACTERS]


def _retry_after_s(value: str | None) -> float | None:
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # a year of twenty digits is more than C can count
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
