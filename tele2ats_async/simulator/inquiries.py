"""A request that the gateway and the token office let pass, read as strictly as the contract is written."""

import re
from http import HTTPStatus
from typing import Any, cast

import attrs
import orjson
from aiohttp import web

from .queries import PHONE_NUMBER, Query
from .refusals import Refusal, bad_request

LARGEST_BODY_BYTES = 64 * 1024

_ID = re.compile(r"\d{1,18}", re.ASCII)


@attrs.frozen(eq=False)
class Inquiry:
    """One request for one operation.

    Every reader refuses what is malformed.

    Attributes:
        variables: Those of the path, decoded.
    """

    request: web.Request
    query: Query
    variables: dict[str, str]

    @property
    def id(self) -> int:
        """The id in the path."""
        return int(self._variable("id", _ID))

    @property
    def msisdn(self) -> str:
        """The number in the path."""
        return self._variable("msisdn", PHONE_NUMBER)

    async def refuse_body(self) -> None:
        """Read no body."""
        if await self._read():
            raise bad_request("The body must be empty")

    async def read_object(self) -> dict[str, Any]:
        """Read a JSON object."""
        if self.request.content_type != "application/json":
            raise _wrong_type("application/json")
        try:
            value = orjson.loads(await self._read())
        except orjson.JSONDecodeError:
            raise bad_request("The body is not JSON") from None
        if type(value) is not dict:
            raise bad_request("The body must be a JSON object")
        return cast("dict[str, Any]", value)

    async def read_bare_number(self) -> str:
        """Read a number: digits and nothing else, of the type that the contract wants."""
        if self.request.headers.get("Content-Type") != "html/text":
            raise _wrong_type("html/text")
        try:
            text = (await self._read()).decode("ascii")
        except UnicodeDecodeError:
            text = ""
        if not PHONE_NUMBER.fullmatch(text):
            raise bad_request("The body must be a bare number")
        return text

    def _variable(self, name: str, pattern: re.Pattern[str]) -> str:
        if not pattern.fullmatch(self.variables[name]):
            raise bad_request(f"Path variable '{name}' must consist of digits")
        return self.variables[name]

    async def _read(self) -> bytes:
        try:
            body = await self.request.read()
        except web.HTTPRequestEntityTooLarge:
            raise _too_large() from None
        # In somebody else's server the limit is theirs.
        if len(body) > LARGEST_BODY_BYTES:
            raise _too_large()
        return body


def _wrong_type(wanted: str) -> Refusal:
    return Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Content-Type must be {wanted}")


def _too_large() -> Refusal:
    return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is larger than {LARGEST_BODY_BYTES} bytes")
