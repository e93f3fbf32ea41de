"""One connection that aiohttp made, and the recordings that come on it, one after the other.

aiohttp resolves, connects and negotiates TLS, and its parser reads the head of each answer. Only what
follows a plain head, so many bytes of a recording as it announces, is received here, straight into the
memory that it is written from. Any other answer, an error, a redirect, one in chunks, compressed or malformed, is
handed over to aiohttp's own protocol, which reads it as if nobody had been there before.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from typing import Self

import aiohttp
from aiohttp.connector import Connection
from yarl import URL

from .head import HeadParser
from .room import Room

_READ_BYTES = 64 * 1024
# A longer head is for aiohttp to judge.
_LONGEST_HEAD_BYTES = 16 * 1024
_SWITCHING_PROTOCOLS = 101
# What comes unasked goes there.
_SCRATCH_BYTES = 64
# At least so much of what finds no place in the room.
_SPILL_BYTES = 64 * 1024
_TLS_RECORD_BYTES = 16 * 1024
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_NOWHERE = Room(1)


class DirectConnection(asyncio.BufferedProtocol):
    """A connection, with as much of the face of an ``aiohttp.ClientResponse`` as is used here while it is answered.

    Attributes:
        status: The HTTP status of the answer.
        headers: Its headers.
        content: Its body: this object itself, or aiohttp's stream where it was handed over.
        origin: Where it leads.
        idle_since: By the loop's clock, when it was given back.
    """

    def __init__(
        self,
        connection: Connection,
        loop: asyncio.AbstractEventLoop,
        *,
        origin: URL | None,
        silence_s: float | None,
        at_end: Callable[["DirectConnection", bool], None],
    ) -> None:
        """Take a connection over.

        Args:
            connection: It.
            loop: The loop that runs.
            origin: Where it leads.
            silence_s: Seconds for which the service may be silent in the middle of an answer; None for ever.
            at_end: Called when an answer was left, with whether the connection can be used again.
        """
        handler, transport = connection.protocol, connection.transport
        assert handler is not None and transport is not None  # noqa: S101, PT018  # it was handed out just now
        self._connection = connection
        self._handler = handler
        self._transport = transport
        self._loop = loop
        self._silence_s = silence_s
        self._at_end = at_end
        self._parser = HeadParser(handler, loop)
        self._scratch = memoryview(bytearray(_SCRATCH_BYTES))
        self._room = _NOWHERE
        # What was received and finds no place in the room yet, and where the next of it comes.
        self._spilled = bytearray()
        self._spill: memoryview | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._failure: BaseException | None = None
        self._head_by: float | None = None
        self._heard_at = 0.0
        # Bytes of the body that are still to come; None before the head has.
        self._left: int | None = None
        self._came_bytes = self._wanted_bytes = 0
        self._is_asked = self._is_paused = self._is_handed_over = self._is_closed = False
        self._is_reusable = True
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self.content: DirectConnection | aiohttp.StreamReader = self
        self.origin = origin
        self.idle_since = 0.0
        self._switch_to(self)

    @property
    def is_usable(self) -> bool:
        """Whether it is still open."""
        return not (self._is_closed or self._transport.is_closing())

    async def ask(self, request: bytes, room: Room, head_by: float | None) -> None:
        """Send a request, and wait for the head of its answer.

        Args:
            request: Its bytes.
            room: Where the answer is received; it is empty.
            head_by: By the loop's clock, when the head has to be there; None for never.

        Raises:
            aiohttp.ClientError: There was no answer.
        """
        self._begin(room, head_by)
        self._transport.write(request)
        while self._left is None and not self._is_handed_over and self._failure is None:
            await self._wait()
        if self._is_handed_over:
            await self._read_as_aiohttp_does()
        elif self._left is None and self._failure is not None:
            raise self._failure

    async def receive(self, wanted_bytes: int) -> int:
        """Wait until so much more is in the room, or all, or what came in a moment; give how much, 0 at the end.

        Raises:
            aiohttp.ClientError: The answer broke off.
        """
        if self._spilled:
            self._pour()
        if self._is_paused and self._room.free_bytes:
            self._is_paused = False
            if not self._transport.is_closing():
                self._heard_at = self._loop.time()
                self._transport.resume_reading()
        self._wanted_bytes = wanted_bytes
        if self._left and self._came_bytes < wanted_bytes and self._failure is None:
            await self._wait()
        while self._left and not self._came_bytes and self._failure is None:
            await self._wait()
        came_bytes, self._came_bytes = self._came_bytes, 0
        if not came_bytes and self._failure is not None:
            raise self._failure
        return came_bytes

    def at_eof(self) -> bool:
        """Whether all has been received."""
        return not (self._came_bytes or self._left)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Leave the answer; in its middle, the connection is closed."""
        if not self._is_asked:
            return
        if self._left is None and not self._is_handed_over:
            self._room.clear()  # of what came of the head
        is_reusable = self._left == 0 and self._is_reusable and self._failure is None and not self._is_closed
        if not is_reusable:
            self._fail(aiohttp.ClientConnectionError("the answer was left"))
            self.close()
        self._is_asked, self._room = False, _NOWHERE
        self._spilled.clear()
        self._at_end(self, is_reusable)

    def close(self) -> None:
        """Close it."""
        if self._is_closed:
            return
        self._is_closed = True
        if not (self._is_handed_over or self._transport.is_closing()):
            self._switch_to(self._handler)
        self._connection.close()

    def look(self, now: float) -> None:
        """See to it that nobody waits for ever, and that whoever waits for much hears of a little now and then."""
        if self._is_handed_over or self._is_paused or not self._is_asked:
            return
        is_silent = self._silence_s is not None and now - self._heard_at >= self._silence_s
        is_late = self._left is None and self._head_by is not None and now >= self._head_by
        if (is_silent and self._left != 0) or is_late:
            self._fail(aiohttp.SocketTimeoutError("Timeout on reading data from socket"))
        elif self._came_bytes:
            self._wake()  # whoever wants more judges the pace

    def get_buffer(self, sizehint: int) -> memoryview:
        """Say where the next bytes belong."""
        if self._left == 0 or not self._is_asked:
            return self._scratch
        # TLS gives all that it has at once, or never where the service has closed; of a record that it has opened
        # already the hint says nothing. Other connections give no hint.
        needed_bytes = 1 if sizehint < 0 else sizehint + _TLS_RECORD_BYTES
        if self._room.free_bytes >= needed_bytes and not self._spilled:
            return self._room.free
        # Some loops go on with what they have read after they were paused, too.
        self._spill = memoryview(bytearray(max(_SPILL_BYTES, needed_bytes)))
        return self._spill

    def buffer_updated(self, nbytes: int) -> None:
        """Take note of what came."""
        self._heard_at = self._loop.time()
        if self._left == 0 or not self._is_asked:
            self._take_surplus(bytes(self._scratch[:nbytes]))
            return
        if self._spill is None:
            self._room.end += nbytes
            self._note(nbytes)
        else:
            self._spilled += self._spill[:nbytes]
            self._spill = None
            self._pour()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits, and aiohttp."""
        if self._is_asked and self._left is None:
            self._fail(
                aiohttp.ClientOSError(*exc.args)
                if isinstance(exc, OSError)
                else aiohttp.ServerDisconnectedError()
            )
        elif self._is_asked and self._left and self._left > len(self._spilled):
            self._fail(aiohttp.ClientPayloadError("the answer broke off"))
        self._handler.connection_lost(exc)
        self.close()
        if not self._is_asked:
            self._at_end(self, False)

    def _begin(self, room: Room, head_by: float | None) -> None:
        self._is_asked = True
        self._room = room
        self._head_by = head_by
        self._left = None
        self._came_bytes, self._wanted_bytes = 0, 1
        self.status, self.headers = 0, {}
        self._heard_at = self._loop.time()

    def _pour(self) -> None:
        """Bring what was spilled into the room, as much as there is room for."""
        piece = bytes(self._spilled[: self._room.free_bytes])
        if piece:
            del self._spilled[: len(piece)]
            self._room.put(piece)
            self._note(len(piece))
        if self._left == 0 and self._spilled:
            surplus = bytes(self._spilled)
            self._spilled.clear()
            self._take_surplus(surplus)

    def _note(self, came_bytes: int) -> None:
        if self._left is None:
            self._read_head()
        else:
            self._take(came_bytes)

    def _read_head(self) -> None:
        came = bytes(self._room.filled[:_LONGEST_HEAD_BYTES])
        found = _HEAD_END.search(came)
        if found is None and len(came) < _LONGEST_HEAD_BYTES:
            return
        message = self._parser.plain_head(came[: found.end()]) if found else None
        if found is None or message is None:
            self._hand_over()
            return
        self.status, self.headers = message.code, message.headers
        self._left = int(message.headers["Content-Length"])
        self._is_reusable = not message.should_close
        self._room.begin += found.end()
        self._take(self._room.filled_bytes)
        self._wake()

    def _take(self, came_bytes: int) -> None:
        left = (self._left or 0) - came_bytes
        if left < 0:
            surplus = bytes(self._room.filled[left:])
            self._room.end += left
            came_bytes += left
            left = 0
            self._take_surplus(surplus)
        self._came_bytes += came_bytes
        self._left = left
        if not left or self._came_bytes >= self._wanted_bytes:
            self._wake()
        if left and not self._room.free_bytes:
            self._is_paused = True
            self._transport.pause_reading()
            self._wake()

    def _take_surplus(self, surplus: bytes) -> None:
        """Distrust a connection on which more came than was asked for; after an empty line all is well."""
        self._is_reusable = False  # the next answer would begin with it
        if not self._is_asked:
            self.close()
            self._at_end(self, False)
        elif surplus.strip():
            self._fail(aiohttp.ClientPayloadError("there is more than was announced"))

    def _hand_over(self) -> None:
        """Let aiohttp's protocol read the answer, from its first byte on."""
        self._is_handed_over = True
        handler, came = self._handler, bytes(self._room.filled) + bytes(self._spilled)
        self._room.clear()
        self._spilled.clear()
        handler.set_response_params(
            read_until_eof=True,
            auto_decompress=True,
            read_timeout=self._silence_s,
            read_bufsize=_READ_BYTES,
        )
        handler.start_timeout()
        self._switch_to(handler)
        handler.data_received(came)
        self._wake()

    async def _read_as_aiohttp_does(self) -> None:
        async with asyncio.timeout_at(self._head_by):
            message, payload = await self._handler.read()
            while 100 <= message.code < 200 and message.code != _SWITCHING_PROTOCOLS:
                message, payload = await self._handler.read()
        self.status, self.headers, self.content = message.code, message.headers, payload
        payload.on_eof(self._connection.release)  # which closes it where aiohttp knows a reason

    def _switch_to(self, protocol: asyncio.BaseProtocol) -> None:
        # Not while it reads: some loops go on in the manner of the protocol with which they began.
        self._transport.pause_reading()
        self._transport.set_protocol(protocol)
        self._transport.resume_reading()

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, failure: BaseException) -> None:
        if self._failure is None:
            self._failure = failure
        self._wake()
