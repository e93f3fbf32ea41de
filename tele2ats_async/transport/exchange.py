"""One request and one answer on a connection that aiohttp made.

aiohttp resolves, connects, negotiates TLS and keeps the connections, and its parser reads the head of the
answer. Only what follows a plain head, so many bytes of a recording as it announces, is taken here: the
pieces go on as the socket gave them, uncopied, and whoever waits is woken once for many of them. Any other
answer, an error, a redirect, one in chunks, compressed or malformed, is handed over to aiohttp's own
protocol, which reads it as if nobody had been there before.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Self

import aiohttp
from aiohttp.connector import Connection

from .head import plain_head

Piece = bytes | memoryview

# Unread bytes from which on the service has to wait, where nobody waits for the service.
_ENOUGH_BYTES = 64 * 1024
_READ_BYTES = 64 * 1024
# What asyncio makes room for at each look at a socket. Usually it is 256 KiB, for which malloc asks the system
# each time, and gets pages that have to be cleared: that cost more than the rest of receiving a small recording.
_RECEIVED_BYTES = 120_000
# A longer head is for aiohttp to judge.
_LONGEST_HEAD_BYTES = 16 * 1024
# How long what came is kept from a reader who has asked for more; progress is told as often.
_IMPATIENCE_S = 0.1
_SWITCHING_PROTOCOLS = 101


class Exchange(asyncio.Protocol):
    """An answer on its way, with as much of the face of an ``aiohttp.ClientResponse`` as is used here.

    Attributes:
        status: The HTTP status.
        headers: The answer's headers.
        content: The body: this object itself, or aiohttp's stream where it was handed over.
    """

    def __init__(
        self,
        connection: Connection,
        loop: asyncio.AbstractEventLoop,
        *,
        silence_s: float | None,
        first_byte_s: float | None,
    ) -> None:
        handler, transport = connection.protocol, connection.transport
        assert handler is not None and transport is not None  # noqa: S101, PT018  # it was handed out just now
        self._connection = connection
        self._handler = handler
        self._transport = transport
        if hasattr(transport, "max_size"):  # asyncio's own, without TLS
            transport.max_size = _RECEIVED_BYTES  # pyright: ignore[reportAttributeAccessIssue]  # no part of the type
        self._loop = loop
        self._silence_s = silence_s
        self._head = b""
        self._left: int | None = None
        self._pieces: deque[Piece] = deque()
        self._buffered_bytes = 0
        self._wanted_bytes = 1
        self._may_be_reused = True
        self._is_paused = False
        self._failure: BaseException | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._heard_at = self._loop.time()
        self._head_by = None if first_byte_s is None else self._heard_at + first_byte_s
        self._watch: asyncio.TimerHandle | None = None
        self._is_open = True
        self._is_handed_over = False
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self.content: Exchange | aiohttp.StreamReader = self

    async def start(self, request: bytes) -> None:
        """Send the request, and wait for the head of its answer.

        Raises:
            aiohttp.ClientError: There was none.
        """
        self._transport.set_protocol(self)
        self._transport.write(request)
        self._keep_watch()
        while self._left is None and not self._is_handed_over and self._failure is None:
            await self._wait()
        if self._is_handed_over:
            await self._read_as_aiohttp_does()
        elif self._left is None and self._failure is not None:
            raise self._failure

    async def read_pieces(self, wanted_bytes: int) -> list[Piece]:
        """Read what has come, once it is that much, the end, or a moment after; empty at the end."""
        self._wanted_bytes = wanted_bytes
        if self._left and self._buffered_bytes < wanted_bytes and self._failure is None:
            await self._wait()
        while self._left and not self._pieces and self._failure is None:
            await self._wait()
        pieces = list(self._pieces)
        self._pieces.clear()
        self._buffered_bytes = 0
        if not pieces and self._failure is not None:
            raise self._failure
        if self._is_paused:
            self._resume()
        return pieces

    def at_eof(self) -> bool:
        """Whether all has been read."""
        return not (self._pieces or self._left)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Give the connection back; one in the middle of an answer is closed."""
        self._end(is_reusable=False)

    def data_received(self, data: bytes) -> None:
        """Take what the socket gave."""
        self._heard_at = self._loop.time()
        if self._left is None:
            self._read_head(data)
        else:
            self._take(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits, and aiohttp."""
        if self._left is None:
            failure = (
                aiohttp.ClientOSError(*exc.args)
                if isinstance(exc, OSError)
                else aiohttp.ServerDisconnectedError()
            )
            self._fail(failure)
        elif self._left:
            self._fail(aiohttp.ClientPayloadError("the answer broke off"))
        self._handler.connection_lost(exc)
        self._end(is_reusable=False)

    def _read_head(self, data: bytes) -> None:
        self._head += data
        end = self._head.find(b"\r\n\r\n") + 4
        if end < 4 and len(self._head) < _LONGEST_HEAD_BYTES:
            return
        message = plain_head(self._handler, self._loop, self._head[:end]) if end >= 4 else None
        if message is None:
            self._hand_over()
            return
        self.status, self.headers = message.code, message.headers
        self._left = int(message.headers["Content-Length"])
        self._may_be_reused = not message.should_close
        begin, self._head = memoryview(self._head)[end:], b""
        self._take(begin)
        self._wake()

    def _take(self, piece: Piece) -> None:
        left = self._left or 0
        if len(piece) > left:
            self._may_be_reused = False  # the next answer would begin with the surplus
            if bytes(piece[left:]).strip():
                self._fail(aiohttp.ClientPayloadError("there is more than was announced"))
            piece = piece[:left]
        if piece:
            self._pieces.append(piece)
            self._buffered_bytes += len(piece)
            self._left = left - len(piece)
        if not self._left:
            self._end(is_reusable=self._may_be_reused)
            self._wake()
        elif self._buffered_bytes >= self._wanted_bytes:
            self._wake()
        if self._waiter is None and self._buffered_bytes >= _ENOUGH_BYTES and self._is_open:
            self._is_paused = True
            self._transport.pause_reading()

    def _resume(self) -> None:
        self._is_paused = False
        if self._is_open:
            self._heard_at = self._loop.time()
            self._transport.resume_reading()

    def _hand_over(self) -> None:
        """Let aiohttp's protocol read the answer, from its first byte on."""
        self._end_watch()
        self._is_handed_over = True
        handler = self._handler
        self._transport.set_protocol(handler)
        handler.set_response_params(
            read_until_eof=True,
            auto_decompress=True,
            read_timeout=self._silence_s,
            read_bufsize=_READ_BYTES,
        )
        handler.start_timeout()
        handler.data_received(self._head)
        self._wake()

    async def _read_as_aiohttp_does(self) -> None:
        async with asyncio.timeout_at(self._head_by):
            message, payload = await self._handler.read()
            while 100 <= message.code < 200 and message.code != _SWITCHING_PROTOCOLS:
                message, payload = await self._handler.read()
        self.status, self.headers, self.content = message.code, message.headers, payload
        payload.on_eof(lambda: self._end(is_reusable=True))

    def _end(self, *, is_reusable: bool) -> None:
        """Part from the connection."""
        self._end_watch()
        if not self._is_open:
            return
        self._is_open = False
        if not self._transport.is_closing():
            self._transport.set_protocol(self._handler)
        if is_reusable:
            if self._is_paused:
                self._is_paused = False
                self._transport.resume_reading()
            self._connection.release()  # which closes it where aiohttp knows a reason
        else:
            self._connection.close()

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

    def _keep_watch(self) -> None:
        """See to it that nobody waits for ever; a timer that looks now and then, for moving one costs more."""
        look_at = self._loop.time() + _IMPATIENCE_S
        if self._silence_s is not None and not self._is_paused:
            look_at = min(look_at, self._heard_at + self._silence_s)
        if self._head_by is not None and self._left is None:
            look_at = min(look_at, self._head_by)
        self._watch = self._loop.call_at(look_at, self._look)

    def _look(self) -> None:
        now = self._loop.time()
        is_silent = self._silence_s is not None and now - self._heard_at >= self._silence_s
        is_late = self._left is None and self._head_by is not None and now >= self._head_by
        if (is_silent and not self._is_paused) or is_late:
            self._fail(aiohttp.SocketTimeoutError("Timeout on reading data from socket"))
            return
        if self._pieces:
            self._wake()  # whoever wants more judges the pace
        self._keep_watch()

    def _end_watch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
