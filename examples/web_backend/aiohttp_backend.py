"""Calls in a browser, with aiohttp.web: ``python aiohttp_backend.py``, on port 8080 or the one in ``PORT``."""

import logging
import os
from collections.abc import AsyncGenerator

from aiohttp import web
from aiohttp.typedefs import Handler
from answers import PAGE, PRIVATE, Refused, admit, fetch_calls, fetch_words, open_session, refuse
from parts import open_part

from tele2ats_async import AtsError, AtsSession

ATS = web.AppKey("ats", AtsSession)
routes = web.RouteTableDef()
routes.static("/page", PAGE)


@routes.get("/")
async def show_page(_: web.Request) -> web.FileResponse:
    """Give the page."""
    return web.FileResponse(PAGE / "index.html")


@routes.get("/calls")
async def list_calls(request: web.Request) -> web.Response:
    """List calls, the newest first."""
    return web.json_response(await fetch_calls(request.app[ATS], request.query), headers=PRIVATE)


@routes.get("/transcript")
async def show_transcript(request: web.Request) -> web.Response:
    """List the words of a recording."""
    words = await fetch_words(request.app[ATS], request.query.get("name", ""))
    return web.json_response(words, headers=PRIVATE)


@routes.get("/recording")  # and HEAD
async def play(request: web.Request) -> web.StreamResponse:
    """Pass a recording on, as it comes and as fast as it is heard."""
    name = request.query.get("name", "")
    async with open_part(request.app[ATS], name, request.method, request.headers) as part:
        response = web.StreamResponse(status=part.status, headers=part.headers)
        await response.prepare(request)
        try:
            async for chunk in part.chunks():
                await response.write(chunk)
        except AtsError as error:
            # The status is sent. That this is not all is told by a connection that ends too early.
            logging.getLogger(__name__).warning("a recording broke off: %s", error)
            raise ConnectionAbortedError(str(error)) from error
        return response


@web.middleware
async def answer_or_refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let in who may come in, and make a status of what goes wrong."""
    try:
        admit(request.headers.get("Authorization"))
        return await handler(request)
    except (AtsError, Refused) as error:
        refused = refuse(error)
    return web.json_response({"message": refused.message}, status=refused.status, headers=refused.headers)


async def hold_session(app: web.Application) -> AsyncGenerator[None, None]:
    """Keep one session for as long as the application runs."""
    async with open_session() as app[ATS]:
        yield


def make_app() -> web.Application:
    """Make the application."""
    app = web.Application(middlewares=[answer_or_refuse])
    app.cleanup_ctx.append(hold_session)
    app.add_routes(routes)
    return app


if __name__ == "__main__":
    web.run_app(
        make_app(),
        host="127.0.0.1",
        port=int(os.environ.get("PORT", "8080")),
        handler_cancellation=True,  # who leaves ends the handler at once, and with it the request to the exchange
        shutdown_timeout=2,  # who listens on would keep it from stopping
    )
