"""A web backend that passes recordings on, with FastAPI under uvicorn.

``python -m benchmarks.serving.backend_fastapi PORT BASE_URL CONNECTIONS``
"""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import typer
import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from tele2ats_async import AtsSession, RecordingStream, TokenPair

from ..memory_use import peak_memory_bytes
from ..sockets import listening_socket


async def _chunks(stream: RecordingStream, stack: AsyncExitStack) -> AsyncGenerator[bytes, None]:
    async with stack:
        async for chunk in stream:
            yield chunk


def make_app(base_url: str, connections: int) -> FastAPI:
    """Make the application, which has one session for as long as it runs."""
    tokens = TokenPair("access", "refresh")
    ats = AtsSession(tokens, base_url=base_url, max_connections=connections)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None, None]:
        async with ats:
            yield

    async def play(name: str) -> StreamingResponse:
        # The recording is opened before the answer begins, so that what it lacks can still be its status.
        async with AsyncExitStack() as stack:
            stream = await stack.enter_async_context(ats.recordings.open(name))
            headers = {"Content-Length": str(stream.content_length)}
            return StreamingResponse(
                _chunks(stream, stack.pop_all()), headers=headers, media_type=stream.content_type
            )

    app = FastAPI(lifespan=lifespan)
    app.add_api_route("/play", play, response_model=None)
    app.add_api_route("/memory", peak_memory_bytes)
    return app


def main(port: int, base_url: str, connections: int) -> None:
    """Serve until the process is ended."""
    config = uvicorn.Config(make_app(base_url, connections), log_level="error", access_log=False)
    uvicorn.Server(config).run(sockets=[listening_socket(port)])


if __name__ == "__main__":
    typer.run(main)
