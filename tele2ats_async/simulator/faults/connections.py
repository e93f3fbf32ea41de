"""Faults of the connection: no answer, or one that is long in coming."""

import attrs
from aiohttp import web

from .exchange import Exchange
from .fault import RequestFault
from .sending import NoResponse, reset


@attrs.frozen
class Refuse(RequestFault):
    """The connection is reset without a word, and nothing is carried out."""

    async def befall(self, exchange: Exchange) -> web.StreamResponse:
        """Say nothing."""
        return reset(exchange)


@attrs.frozen
class Vanish(RequestFault):
    """The operation is carried out, and then the connection is reset without a word."""

    async def befall(self, exchange: Exchange) -> web.StreamResponse:
        """Act, and say nothing."""
        await exchange.handler(exchange.request)
        return reset(exchange)


@attrs.frozen
class DelayFirstByte(RequestFault):
    """The operation is carried out, and its answer begins so many seconds later."""

    seconds: float = attrs.field(validator=attrs.validators.ge(0))

    async def befall(self, exchange: Exchange) -> web.StreamResponse:
        """Act, and answer late."""
        answer = await exchange.handler(exchange.request)
        await exchange.pause(self.seconds)
        return NoResponse() if exchange.is_over else answer
