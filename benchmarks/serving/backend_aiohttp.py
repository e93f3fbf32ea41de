"""A web backend that passes recordings on, with aiohttp.web, as the README shows it.

``python -m benchmarks.serving.backend_aiohttp PORT BASE_URL CONNECTIONS``
"""

from collections.abc import AsyncGenerator

import typer
from aiohttp import web

from tele2ats_async import AtsSession, TokenPair

from ..memory_use import peak_memory_bytes
from ..sockets import listening_socket

_ATS = web.AppKey("ats", AtsSession)


async def play(request: web.Request) -> web.StreamResponse:
    """Pass a recording on."""
    async with request.app[_ATS].recordings.open(request.query["name"]) as stream:
        response = web.StreamResponse(headers={"Content-Type": stream.content_type})
        response.content_length = stream.content_length
        await response.prepare(request)
        async for chunk in stream:
            await response.write(chunk)
        return response


async def tell_memory(_: web.Request) -> web.Response:
    """Tell the peak of this process."""
    return web.json_response(peak_memory_bytes())


def main(port: int, base_url: str, connections: int) -> None:
    """Serve until the process is ended."""

    async def open_session(app: web.Application) -> AsyncGenerator[None, None]:
        tokens = TokenPair("access", "refresh")
        async with AtsSession(tokens, base_url=base_url, max_connections=connections) as app[_ATS]:
            yield

    app = web.Application()
    app.cleanup_ctx.append(open_session)
    app.router.add_get("/play", play)
    app.router.add_get("/memory", tell_memory)
    web.run_app(app, sock=listening_socket(port), print=None, access_log=None, shutdown_timeout=0.2)


if __name__ == "__main__":
    typer.run(main)
