"""A service that sends recordings as fast as they are taken, and knows how much it has sent.

``python -m benchmarks.serving.source PORT RECORDING_BYTES``
"""

from functools import lru_cache

import attrs
import typer
from aiohttp import web

from ..corpus import make_recording, number_of
from ..sockets import listening_socket

_CHUNK_BYTES = 64 * 1024
_RECORDINGS = 16

_recording = lru_cache(_RECORDINGS)(make_recording)


@attrs.define
class Source:
    """What is served.

    Attributes:
        recording_bytes: Size of each recording.
        sent_bytes: Of all recordings so far, what the connections have taken.
    """

    recording_bytes: int
    sent_bytes: int = 0

    async def send_recording(self, request: web.Request) -> web.StreamResponse:
        """Serve a recording (operation 9)."""
        body = memoryview(_recording(number_of(request.query["filename"]), self.recording_bytes))
        response = web.StreamResponse(headers={"Content-Type": "audio/mpeg"})
        response.content_length = len(body)
        await response.prepare(request)
        for start in range(0, len(body), _CHUNK_BYTES):
            chunk = body[start : start + _CHUNK_BYTES]
            await response.write(chunk)
            self.sent_bytes += len(chunk)
        return response

    async def tell(self, _: web.Request) -> web.Response:
        """Tell how much was sent."""
        return web.json_response(self.sent_bytes)


def main(port: int, recording_bytes: int) -> None:
    """Serve until the process is ended."""
    source = Source(recording_bytes)
    app = web.Application()
    app.router.add_get("/crm/openapi/call-records/file", source.send_recording)
    app.router.add_get("/sent", source.tell)
    web.run_app(app, sock=listening_socket(port), print=None, access_log=None, shutdown_timeout=0.2)


if __name__ == "__main__":
    typer.run(main)
