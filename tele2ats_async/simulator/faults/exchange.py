"""One request under a fault, and what is needed to answer it badly."""

import asyncio
import math
from contextlib import suppress

import attrs
from aiohttp import web
from aiohttp.typedefs import Handler

from ..pbx import Pbx
from ..reception import split_target
from ..refusals import Refusal

# aiohttp does not tell a handler that its client has gone; it has to look.
_LOOK_S = 0.02


@attrs.frozen(eq=False)
class Closing:
    """The end of a service, awaited by all who stall."""

    event: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def announce(self, _: web.Application) -> None:
        """Let those who stall go."""
        self.event.set()


@attrs.frozen(eq=False)
class Exchange:
    """A request, and the service behind it."""

    request: web.Request
    handler: Handler
    pbx: Pbx
    closing: Closing

    @property
    def is_over(self) -> bool:
        """Whether there is nobody left to answer, or no service to do it."""
        transport = self.request.transport
        return transport is None or transport.is_closing() or self.closing.event.is_set()

    def refuse(self, refusal: Refusal) -> web.Response:
        """Make the answer that a refusal gets."""
        return refusal.respond(split_target(self.request)[0], self.pbx.clock())

    async def pause(self, seconds: float = math.inf) -> None:
        """Let time pass, for as long as the exchange is not over."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while not self.is_over and (left_s := until - loop.time()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left_s, _LOOK_S)):
                    await self.closing.event.wait()
