"""What an answer means: a value, or one error of the tree."""

import re
from collections.abc import Collection, Generator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar, cast

import attrs
import orjson

from ..errors import (
    AuthorizationError,
    Conflict,
    GatewayRefused,
    NotFound,
    PayloadError,
    RateLimited,
    ResponseError,
    ServerError,
)
from ..models import OpenEnum
from .converter import decode_in_steps
from .masking import mask
from .operations import AnyOperation, Operation

T = TypeVar("T")

_DETAILS_CHARACTERS = 300
# A longer one is no word, and would drown the log that its error is written to.
_RESULT_WORD = re.compile(r'("?)([A-Z][A-Z0-9_]{0,99})\1')
_ERRORS: dict[int, type[ResponseError]] = {
    401: AuthorizationError,
    403: AuthorizationError,
    404: NotFound,
    406: GatewayRefused,
}


@attrs.frozen
class Undeciphered:
    """An answer that came, and is to be deciphered when there is time for it."""

    body: bytes = attrs.field(repr=False)

    def may_hold(self, count: int) -> bool:
        """Say at a glance whether there may be so many objects in it; where not, that is certain.

        Each has a brace. Braces are more than objects where a text holds one, or objects hold objects.
        """
        return self.body.count(b"{") >= count


def decipher_error(
    operation: AnyOperation,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    secrets: Collection[str] = (),
) -> ResponseError:
    """Make the error that an error status stands for; what it tells holds none of the secrets."""
    facts = (status, operation.method, operation.path, _details(body, secrets))
    if status in (429, 503):
        return RateLimited(*facts, _retry_after_s(headers.get("Retry-After")))
    if status >= 500:
        return ServerError(*facts)
    return _ERRORS.get(status, ResponseError)(*facts)


def decipher_answer(
    operation: Operation[T], body: bytes, secrets: Collection[str] = ()
) -> Generator[None, None, T]:
    """Decode a successful answer in steps: the generator's return value is the answer.

    Raises:
        Conflict: It is a result word other than success.
        PayloadError: It is not what the contract says.
    """
    answer: object = operation.answer
    if answer is Undeciphered:
        return cast("T", Undeciphered(body))
    if answer is type(None):
        if body.lstrip().startswith(b"<"):
            # An error page under a good status: to call that a success would be a guess.
            raise PayloadError("$", "expected no content, got a page", str(operation))
        return cast("T", None)
    if answer is object and not body:
        return cast("T", None)
    if isinstance(answer, type) and issubclass(answer, OpenEnum):
        return _decipher_result(operation, answer, body, secrets)
    try:
        return (yield from decode_in_steps(body, operation.answer, one_or_many=operation.one_or_many))
    except PayloadError as error:
        where, reason = error.where, error.reason
    raise PayloadError(where, reason, str(operation))


def _decipher_result(
    operation: Operation[T], results: type[OpenEnum], body: bytes, secrets: Collection[str]
) -> T:
    """Read a result word, which arrives bare or as a JSON string."""
    found = _RESULT_WORD.fullmatch(body.decode(errors="replace").strip())
    word = found[2] if found else ""
    # A word that is not known is told to the caller as it came: an echo of the request must not pass for one.
    if not word or mask(word, secrets) != word:
        raise PayloadError("$", "expected a result word", str(operation))
    result = results.of(word)
    # Where nothing told the end of the body, the beginning of a word may be all that came of it: to call
    # that a refusal would have the caller do once more what is done.
    if not result.is_known and any(known.startswith(word) for known in results):
        raise PayloadError("$", "expected a result word, got the beginning of one", str(operation))
    if result != "SUCCESS":
        raise Conflict(200, operation.method, operation.path, word, result)
    return cast("T", result)


def _details(body: bytes, secrets: Collection[str]) -> str:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""  # an HTML page of the gateway, or nothing
    if not isinstance(said, dict):
        return ""
    members = cast("dict[str, object]", said)
    text = next((members[key] for key in ("details", "message", "error") if members.get(key)), "")
    try:
        shown = str(text)
    except RecursionError:  # lists in lists: JSON may go deeper than Python can spell
        return ""
    # Masked once it is decoded, for JSON can spell a token in many ways, and before it is cut.
    return mask(" ".join(shown.split()), secrets)[:_DETAILS_CHARACTERS]


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
