"""Calls in a browser, with FastAPI: ``uvicorn fastapi_backend:app --port 8080 --timeout-graceful-shutdown 2``.

Without the last option, who listens on would keep uvicorn from stopping.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated

from answers import PAGE, PRIVATE, Refused, admit, fetch_calls, fetch_words, open_session, refuse
from fastapi import Depends, FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from parts import Part, open_part

from tele2ats_async import AtsError, AtsSession

READ = ["GET", "HEAD"]


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[dict[str, AtsSession], None]:
    """Keep one session for as long as the application runs."""
    async with open_session() as ats:
        yield {"ats": ats}


async def require_listener(request: Request) -> None:
    """Let in who may come in."""
    admit(request.headers.get("Authorization"))


async def get_session(request: Request) -> AtsSession:
    """Give the session of the application."""
    ats: AtsSession = request.state.ats
    return ats


Ats = Annotated[AtsSession, Depends(get_session)]


async def find_part(request: Request, ats: Ats, name: str = "") -> AsyncGenerator[Part, None]:
    """Open a recording until the answer is sent, or the listener leaves: FastAPI closes it then (since 0.118)."""
    async with open_part(ats, name, request.method, request.headers) as part:
        yield part


# Without the pages that describe the API, which `dependencies` do not guard.
app = FastAPI(lifespan=lifespan, dependencies=[Depends(require_listener)], openapi_url=None)
# Nor these files, which hold nothing but the page.
app.mount("/page", StaticFiles(directory=PAGE))


@app.api_route("/", methods=READ)
async def show_page() -> FileResponse:
    """Give the page."""
    return FileResponse(PAGE / "index.html")


@app.api_route("/calls", methods=READ)
async def list_calls(request: Request, ats: Ats) -> JSONResponse:
    """List calls, the newest first."""
    return JSONResponse(await fetch_calls(ats, request.query_params), headers=PRIVATE)


@app.api_route("/transcript", methods=READ)
async def show_transcript(ats: Ats, name: str = "") -> JSONResponse:
    """List the words of a recording."""
    return JSONResponse(await fetch_words(ats, name), headers=PRIVATE)


@app.api_route("/recording", methods=READ)
async def play(part: Annotated[Part, Depends(find_part)]) -> StreamingResponse:
    """Pass a recording on, as it comes and as fast as it is heard."""
    return StreamingResponse(part.chunks(), part.status, part.headers)


@app.exception_handler(AtsError)
@app.exception_handler(Refused)
async def tell(_: Request, error: AtsError | Refused) -> JSONResponse:
    """Make a status of what goes wrong."""
    refused = refuse(error)
    return JSONResponse({"message": refused.message}, refused.status, refused.headers)
