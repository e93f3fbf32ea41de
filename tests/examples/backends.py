"""The two backends of the example as processes, on an ATS that notices who listens."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import attrs
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from raw_service import free_port

from tele2ats_async.simulator import AtsSimulator

EXAMPLE = Path(__file__).parents[2] / "examples" / "web_backend"
AIOHTTP, FASTAPI = "aiohttp", "fastapi"
UVICORN = ("-m", "uvicorn", "fastapi_backend:app", "--timeout-graceful-shutdown", "2")
PASSWORD = "пароль-that-nobody-may-see"
LISTENER = {"Authorization": aiohttp.encode_basic_auth("listener", PASSWORD)}
PATIENCE_S = 30.0
# What Python says of what was left open.
LEFT_OPEN = ("Unclosed", "ResourceWarning", "never retrieved", "never awaited", "was destroyed")


@attrs.frozen
class Backend:
    """A backend that runs.

    Attributes:
        port: Where it listens, on this machine.
    """

    port: int
    process: asyncio.subprocess.Process
    _log: Path

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def read_log(self) -> str:
        """Give what it has said on standard output and standard error."""
        return self._log.read_text()

    def require_life(self) -> None:
        assert self.process.returncode is None, self.read_log()

    async def end(self) -> int:
        """Ask it to end, and give its status."""
        if self.process.returncode is None:
            self.process.terminate()
        try:
            return await asyncio.wait_for(self.process.wait(), PATIENCE_S)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
            raise


@asynccontextmanager
async def running(
    kind: str, simulator: AtsSimulator, log: Path, *, password: str = PASSWORD
) -> AsyncIterator[Backend]:
    """Run a backend on a simulator as its page says."""
    port = free_port()
    command = {
        AIOHTTP: [str(EXAMPLE / "aiohttp_backend.py")],
        FASTAPI: [*UVICORN, "--port", str(port), "--app-dir", str(EXAMPLE)],
    }[kind]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("TELE2ATS_")}
    variables |= {
        "TELE2ATS_BASE_URL": simulator.base_url,
        "TELE2ATS_ACCESS_TOKEN": simulator.tokens.access,
        "TELE2ATS_REFRESH_TOKEN": simulator.tokens.refresh,
        "CALLS_PASSWORD": password,
        "PORT": str(port),
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "always::ResourceWarning",
    }
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, env=variables, stdout=output, stderr=output
        )
    backend = Backend(port, process, log)
    try:
        await _wait_for(backend)
        yield backend
    finally:
        await backend.end()
    said = backend.read_log()
    assert [] == [word for word in LEFT_OPEN if word in said], said


async def _wait_for(backend: Backend) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            backend.require_life()
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", backend.port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                await writer.wait_closed()
                return


@attrs.define(eq=False)
class Line:
    """What lies before a simulator: sends recordings piece by piece, and knows who still listens.

    Attributes:
        times: How many times over the bytes of a recording come, for one that no buffers hold.
        falls_silent_after: So many bytes of a recording come, and then nothing; None for all of them.
        breaks_off: What is silent hangs up instead.
        listeners: How many answers are on their way, the silent ones too.
        sent_bytes: How much went into all of them.
    """

    times: int = 1
    falls_silent_after: int | None = None
    breaks_off: bool = False
    listeners: int = 0
    sent_bytes: int = 0

    def make_middleware(self) -> Middleware:
        """Make the simulator's middleware."""

        @web.middleware
        async def send(request: web.Request, handler: Handler) -> web.StreamResponse:
            answer = await handler(request)
            if not request.path.endswith("/call-records/file") or answer.status != 200:
                return answer
            assert isinstance(answer, web.Response)
            assert isinstance(answer.body, bytes)
            return await self._send(request, answer.body * self.times)

        return send

    async def _send(self, request: web.Request, body: bytes) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "audio/mpeg"})
        response.content_length = len(body)
        self.listeners += 1
        try:
            await response.prepare(request)
            for place in range(0, len(body), 65536):
                if self.falls_silent_after is not None and place >= self.falls_silent_after:
                    await self._be_silent(request)
                    return response
                piece = body[place : place + 65536]
                await response.write(piece)
                self.sent_bytes += len(piece)
        except ConnectionError:
            pass  # nobody listens any more
        finally:
            self.listeners -= 1
        return response

    async def _be_silent(self, request: web.Request) -> None:
        while not self.breaks_off and request.transport is not None and not request.transport.is_closing():
            await asyncio.sleep(0.01)
        if request.transport is not None:
            request.transport.abort()

    async def wait_for(self, listeners: int) -> None:
        """Wait until so many listen."""
        async with asyncio.timeout(PATIENCE_S):
            while self.listeners != listeners:
                await asyncio.sleep(0.01)
