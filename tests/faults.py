"""What a service can do wrong, as middlewares for the simulator."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import attrs
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

RECORDING = "/call-records/file"
TRANSCRIPT = "/call-records/file/stt"
LISTING = "/call-records/info"

Respond = Callable[[web.Request], Awaitable[web.StreamResponse]]


def answer_with(path: str, respond: Respond, *, times: int = 10**9) -> Middleware:
    """Answer the first requests of one path in another way."""
    left = times

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        nonlocal left
        if request.path.endswith(path) and left > 0:
            left -= 1
            return await respond(request)
        return await handler(request)

    return middleware


def body(content: bytes, *, content_type: str = "audio/mpeg", status: int = 200) -> Respond:
    """Answer with these bytes."""

    async def respond(_: web.Request) -> web.StreamResponse:
        return web.Response(body=content, content_type=content_type, status=status)

    return respond


def cut_after(content: bytes, *, announced_bytes: int | None) -> Respond:
    """Send some bytes of a longer body and drop the connection; chunked where no length is announced."""

    async def respond(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "audio/mpeg"})
        if announced_bytes is None:
            response.enable_chunked_encoding()
        else:
            response.content_length = announced_bytes
        await response.prepare(request)
        await response.write(content)
        assert request.transport is not None
        request.transport.close()
        return response

    return respond


@attrs.define
class Trickle:
    """Sends the beginning of a body, and then waits until it is let go on.

    Attributes:
        begun: How many requests it has begun to answer.
    """

    content: bytes
    begun: int = 0
    started: asyncio.Event = attrs.field(factory=asyncio.Event)
    go_on: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Answer a request."""
        response = web.StreamResponse(headers={"Content-Type": "audio/mpeg"})
        response.content_length = len(self.content)
        await response.prepare(request)
        half = len(self.content) // 2
        self.begun += 1
        await response.write(self.content[:half])
        self.started.set()
        await self.go_on.wait()
        await response.write(self.content[half:])
        return response


@attrs.define
class InFlight:
    """Counts how many requests of one path are under way at once, each held for a moment."""

    path: str
    now: int = 0
    most: int = 0
    seen: Counter[str] = attrs.field(factory=Counter)

    @property
    def middleware(self) -> Middleware:
        """The middleware that counts."""

        @web.middleware
        async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not request.path.endswith(self.path):
                return await handler(request)
            self.seen[request.query_string] += 1
            self.now += 1
            self.most = max(self.most, self.now)
            try:
                await asyncio.sleep(0.005)
                return await handler(request)
            finally:
                self.now -= 1

        return count
