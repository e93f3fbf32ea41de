"""An answer on its way: its body in chunks, whole or decoded, within limits of pace and size."""

import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from types import TracebackType
from typing import Generic, Self, TypeVar

import aiohttp

from ..errors import AtsTimeout, ConnectionFailed, PayloadError
from ..observing import UNOBSERVED, Observation
from ..pace import MinimumSpeed, Pace
from ..tasks import in_steps
from ..wire.decipher import decipher_answer
from ..wire.masking import mask
from ..wire.operations import Operation
from .connection import DirectConnection
from .failures import mapped
from .room import Room

R = TypeVar("R")
T = TypeVar("T")

IDENTITY = "identity"


class Incoming(Generic[T]):
    """A successful answer whose body is still on its way; left through ``async with``.

    Attributes:
        status: The HTTP status: 2xx, or 416 where a part was asked for.
        headers: The answer's headers, by names in any case; what is told of them goes through `told()`.
    """

    def __init__(
        self,
        operation: Operation[T],
        response: aiohttp.ClientResponse | DirectConnection,
        slowest: MinimumSpeed,
        limit_bytes: int,
        *,
        secrets: Collection[str] = (),
        observation: Observation = UNOBSERVED,
    ) -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self._operation = operation
        self._response = response
        self._pace = Pace(slowest)
        self._has_begun = False
        self._limit_bytes = limit_bytes
        self._secrets = secrets
        self._observation = observation
        self._received_bytes = 0
        self._on_end: Callable[[], None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            await self._response.__aexit__(exception_type, exception, traceback)
        finally:
            if self._on_end is not None:
                self._on_end()
                self._on_end = None
            observation, self._observation = self._observation, UNOBSERVED
            observation.ended(self._received_bytes, exception_type)

    def at_the_end(self, call: Callable[[], None]) -> None:
        """Have something called when the answer is left."""
        self._on_end = call

    def told(self, name: str) -> str:
        """Give a header as it may be told: a service that echoes tokens has them masked."""
        return mask(self.headers.get(name, ""), self._secrets)

    @property
    def has_end_mark(self) -> bool:
        """Whether the end of the body is told, so that a cut cannot pass for it."""
        if self.headers.get("Content-Encoding", IDENTITY) != IDENTITY:
            return False  # what is told is the end of the compressed bytes, which may have been cut before
        coding = self.headers.get("Transfer-Encoding")
        return "Content-Length" in self.headers if coding is None else coding.strip().lower() == "chunked"

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
        return await in_steps(decipher_answer(self._operation, body, self._secrets))

    async def read_chunk(self) -> bytes:
        """Read what has come of the body, any number of bytes; empty at its end.

        Raises:
            AtsTimeout: It comes more slowly than the minimum speed.
        """
        content = self._response.content
        assert not isinstance(content, DirectConnection)  # noqa: S101  # which is for recordings
        asked_at = time.monotonic()
        chunk = await self._received(content.readany())
        self._judge(time.monotonic() - asked_at, len(chunk))
        return chunk

    async def receive(self, room: Room, wanted_bytes: int) -> int:
        """Receive what has come of the body, so much or its end if that is soon.

        Args:
            room: Where to, and what was given to `Transport.open()`; not full.
            wanted_bytes: For how many it is worth waiting a moment.

        Returns:
            How many bytes came; 0 at the end.

        Raises:
            AtsTimeout: They come more slowly than the minimum speed.
        """
        content = self._response.content
        asked_at = time.monotonic()
        if isinstance(content, DirectConnection):
            came_bytes = await self._received(content.receive(wanted_bytes))
        else:
            chunk = await self._received(content.read(room.free_bytes))
            room.put(chunk)
            came_bytes = len(chunk)
        self._judge(time.monotonic() - asked_at, came_bytes)
        return came_bytes

    async def _received(self, work: Awaitable[R]) -> R:
        try:
            return await mapped(self._operation, work)
        except RuntimeError:  # aiohttp's, where its parser gave up before the connection was lost
            reason = "the answer broke off"
            raise ConnectionFailed(self._operation.method, self._operation.path, reason, True) from None

    def _judge(self, waited_s: float, came_bytes: int) -> None:
        self._received_bytes += came_bytes
        # The first byte has a limit of its own, and what is complete is in time.
        is_too_slow = self._has_begun and self._pace.is_too_slow(waited_s, came_bytes)
        self._has_begun = True
        if is_too_slow and not self._response.content.at_eof():
            raise AtsTimeout(
                self._operation.method, self._operation.path, "the answer comes too slowly", True
            )
