"""An answer on its way: its body in chunks, whole or decoded, within limits of pace and size."""

import asyncio
import time
from collections.abc import Collection, Mapping
from typing import Generic, TypeVar, cast

import aiohttp

from ..errors import AtsTimeout, ConnectionFailed, PayloadError
from ..pace import MinimumSpeed, Pace
from ..wire.decipher import decipher_answer
from ..wire.operations import Operation
from .exchange import Exchange
from .failures import mapped

T = TypeVar("T")


class Incoming(Generic[T]):
    """A successful answer whose body is still on its way."""

    def __init__(
        self,
        operation: Operation[T],
        response: aiohttp.ClientResponse | Exchange,
        slowest: MinimumSpeed,
        limit_bytes: int,
        headers: Mapping[str, str],
        *,
        secrets: Collection[str] = (),
    ) -> None:
        self._operation = operation
        self._response = response
        self._headers = headers
        self._secrets = secrets
        self._pace = Pace(slowest)
        self._has_begun = False
        self._limit_bytes = limit_bytes

    @property
    def status(self) -> int:
        """The HTTP status: 2xx, or 416 where a part was asked for."""
        return self._response.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The answer's headers, by names in any case, without the tokens that may stand in them."""
        return self._headers

    async def read(self) -> bytes:
        """Read the whole body.

        Raises:
            PayloadError: It is larger than an answer may be.
        """
        body = bytearray()  # no list of chunks: of a byte each, they would weigh many times the body
        while chunk := await self.read_chunk():
            body += chunk
            if len(body) > self._limit_bytes:
                raise PayloadError("$", f"it has more than {self._limit_bytes} bytes", str(self._operation))
        return bytes(body)

    async def decode(self) -> T:
        """Read the whole body and decode it, as `decode_body()`."""
        return await self.decode_body(await self.read())

    async def decode_body(self, body: bytes) -> T:
        """Decode a body that was read, in steps between which other tasks get their turn.

        Raises:
            PayloadError: It is not what the contract says.
        """
        steps = decipher_answer(self._operation, body, self._secrets)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return cast("T", end.value)
            await asyncio.sleep(0)

    async def read_chunk(self) -> bytes:
        """Read what has come of the body, any number of bytes; empty at its end.

        Raises:
            AtsTimeout: It comes more slowly than the minimum speed.
        """
        content = self._response.content
        asked_at = time.monotonic()
        try:
            chunk = await mapped(self._operation, content.readany())
        except RuntimeError:  # aiohttp's, where its parser gave up before the connection was lost
            reason = "the answer broke off"
            raise ConnectionFailed(self._operation.method, self._operation.path, reason, True) from None
        # The first byte has a limit of its own, and what is complete is in time.
        is_too_slow = self._has_begun and self._pace.is_too_slow(time.monotonic() - asked_at, len(chunk))
        self._has_begun = True
        if is_too_slow and not content.at_eof():
            raise AtsTimeout(
                self._operation.method, self._operation.path, "the answer comes too slowly", True
            )
        return chunk
