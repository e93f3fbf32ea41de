"""How an answer leaves that does not keep to what HTTP promises."""

import socket
import struct
from contextlib import suppress
from typing import Any, Literal

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from .exchange import Exchange

Framing = Literal["length", "chunked", "close"]

_NO_LINGERING = struct.pack("ii", 1, 0)


class LooseResponse(web.StreamResponse):
    """Announces what it is told, and sends what it is told."""

    # As aiohttp's own WebSocketResponse: with it, a body is cut to its length, or sent in chunks.
    _length_check = False


class NoResponse(web.StreamResponse):
    """Nothing at all; the connection ends with it."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:  # noqa: ARG002
        """Send no head."""
        return None

    async def write_eof(self, data: Any = b"") -> None:
        """Send no end."""


async def begin(
    exchange: Exchange, answer: web.Response, *, framing: Framing = "length", announced_bytes: int = 0
) -> LooseResponse:
    """Send the head of an answer.

    Args:
        exchange: Whose client it goes to.
        answer: Its status and its headers are sent.
        framing: What tells the client where the body ends: its length, chunks, or the end of the
            connection.
        announced_bytes: The length, where it is told.
    """
    response = LooseResponse(status=answer.status, reason=answer.reason, headers=answer.headers)
    response.headers.popall("Content-Length", None)
    if framing == "length":
        response.headers["Content-Length"] = str(announced_bytes)
    elif framing == "chunked":
        response.enable_chunked_encoding()
    else:
        response.force_close()
    with suppress(ConnectionError):
        await response.prepare(exchange.request)
    return response


async def send(response: LooseResponse, part: bytes) -> None:
    """Send some of a body; a client who has gone is no fault to be told."""
    with suppress(ConnectionError):
        await response.write(part)


def hang_up(exchange: Exchange) -> None:
    """End the connection when all that was sent has left."""
    if exchange.request.transport is not None:
        exchange.request.transport.close()


def reset(exchange: Exchange) -> NoResponse:
    """End the connection at once, so that the client learns of it as an error."""
    transport = exchange.request.transport
    if transport is not None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
        transport.abort()
    return NoResponse()
