"""Faults of the body: too little of it, too slowly, or not what was announced."""

import gzip
from typing import ClassVar, get_args

import attrs
from aiohttp import web

from .exchange import Exchange
from .fault import RECORDING, AnswerFault, body_of, is_good
from .sending import Framing, begin, hang_up, send

SHARE = (attrs.validators.ge(0.0), attrs.validators.lt(1.0))

_PIECES_PER_S = 20


@attrs.frozen
class BodyFault(AnswerFault):
    """A fault of the body, by default of recordings."""

    default_operations: ClassVar[frozenset[int]] = RECORDING


@attrs.frozen
class CutBody(BodyFault):
    """The connection ends in the middle of the body.

    Attributes:
        framing: What should have told where the body ends: ``length``, ``chunked``, or the end of
            the connection, ``close``, by which a client cannot know that it was cut.
        after: Which share of the body is sent, 0 to 1.
    """

    framing: Framing = attrs.field(default="length", validator=attrs.validators.in_(get_args(Framing)))
    after: float = attrs.field(default=0.5, validator=SHARE)

    def is_for(self, exchange: Exchange, answer: web.Response) -> bool:
        """Tell whether there is a body; of chunks there is always one, the last, to leave out."""
        return super().is_for(exchange, answer) or (self.framing == "chunked" and is_good(answer))

    async def spoil(self, exchange: Exchange, answer: web.Response) -> web.StreamResponse:
        """Send a part."""
        whole = len(body_of(answer))
        response = await begin(exchange, answer, framing=self.framing, announced_bytes=whole)
        await send(response, beginning_of(answer, self.after))
        hang_up(exchange)
        return response


@attrs.frozen
class StallBody(BodyFault):
    """Silence in the middle of the body, until the client leaves or the simulator is closed.

    Attributes:
        after: Which share of the body is sent, 0 to 1.
    """

    after: float = attrs.field(default=0.5, validator=SHARE)

    async def spoil(self, exchange: Exchange, answer: web.Response) -> web.StreamResponse:
        """Send a part, and wait."""
        response = await begin(exchange, answer, announced_bytes=len(body_of(answer)))
        await send(response, beginning_of(answer, self.after))
        await exchange.pause()
        hang_up(exchange)
        return response


@attrs.frozen
class WrongLength(BodyFault):
    """The whole body under a wrong length, and then the end of the connection, which is announced.

    Attributes:
        by: How many bytes more, or fewer where negative, are announced than sent.
    """

    by: int = attrs.field(default=100, validator=attrs.validators.not_(attrs.validators.in_((0,))))

    def is_for(self, exchange: Exchange, answer: web.Response) -> bool:
        """Tell whether a wrong length is possible: of nothing, less cannot be announced."""
        return super().is_for(exchange, answer) or (self.by > 0 and is_good(answer))

    async def spoil(self, exchange: Exchange, answer: web.Response) -> web.StreamResponse:
        """Send all, and announce something else."""
        body = body_of(answer)
        # Without an announced end, what is too much would be taken for the next answer.
        answer.headers["Connection"] = "close"
        response = await begin(exchange, answer, announced_bytes=max(0, len(body) + self.by))
        await send(response, body)
        hang_up(exchange)
        return response


@attrs.frozen
class Trickle(BodyFault):
    """The whole body, slowly.

    Attributes:
        bytes_per_s: How slowly.
    """

    bytes_per_s: float = attrs.field(validator=attrs.validators.gt(0))

    async def spoil(self, exchange: Exchange, answer: web.Response) -> web.StreamResponse:
        """Send piece by piece."""
        body = body_of(answer)
        response = await begin(exchange, answer, announced_bytes=len(body))
        piece_bytes = max(1, int(self.bytes_per_s / _PIECES_PER_S))
        for start in range(0, len(body), piece_bytes):
            await send(response, body[start : start + piece_bytes])
            await exchange.pause(piece_bytes / self.bytes_per_s)
            if exchange.is_over:
                hang_up(exchange)
                break
        return response


@attrs.frozen
class GzipAnyway(BodyFault):
    """The body compressed, and said to be, for a client that did not ask for it."""

    def is_for(self, exchange: Exchange, answer: web.Response) -> bool:
        """Tell whether there is a body, and nobody spoke of gzip."""
        asked = exchange.request.headers.get("Accept-Encoding", "")
        return super().is_for(exchange, answer) and "gzip" not in asked.lower()

    async def spoil(self, exchange: Exchange, answer: web.Response) -> web.StreamResponse:  # noqa: ARG002
        """Compress."""
        answer.headers["Content-Encoding"] = "gzip"
        answer.body = gzip.compress(body_of(answer), mtime=0)
        return answer


def beginning_of(answer: web.Response, share: float) -> bytes:
    """Give the first bytes of a body: never all of them."""
    body = body_of(answer)
    return body[: int(len(body) * share)]
