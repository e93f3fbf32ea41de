"""A service at the end of a long line: each connection waits, and then gives so many bytes a second.

``python -m benchmarks.serving.line PORT HTTPS_PORT CHAIN_FILE KEY_FILE …``
"""

import asyncio
import json
import re
import ssl
from collections import Counter
from typing import Annotated
from urllib.parse import unquote

import attrs
import typer

from ..corpus import make_recording, number_of

_SLICE_S = 0.02
_REQUEST = re.compile(rb"GET (\S+) HTTP/1\.1\r\n")


@attrs.define
class Line:
    """What is served, and how many connections have come by each way.

    Attributes:
        first_byte_s: From a request to the first byte of its answer.
        bytes_per_s: Of each connection.
        recording_bytes: Size of each recording.
    """

    first_byte_s: float
    bytes_per_s: float
    recording_bytes: int
    connections: Counter[str] = attrs.field(factory=Counter)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of a connection, whose handshakes are over."""
        scheme = "https" if writer.get_extra_info("ssl_object") else "http"
        self.connections[scheme] += 1
        try:
            while match := _REQUEST.match(await reader.readuntil(b"\r\n\r\n")):
                asked_at = asyncio.get_running_loop().time()
                path = match[1].decode()
                if path == "/connections":
                    self.connections[scheme] -= 1
                    writer.write(_answer("application/json", json.dumps(self.connections).encode()))
                    self.connections.clear()
                    await writer.drain()
                    return
                await self._send_recording(writer, unquote(path.rpartition("filename=")[2]), asked_at)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has gone
        finally:
            writer.close()

    async def _send_recording(self, writer: asyncio.StreamWriter, name: str, asked_at: float) -> None:
        body = make_recording(number_of(name), self.recording_bytes)
        answer = memoryview(_answer("audio/mpeg", body))
        head_bytes = len(answer) - len(body)
        begins_at = asked_at + self.first_byte_s
        await _sleep_until(begins_at)
        writer.write(answer[:head_bytes])
        slice_bytes = int(self.bytes_per_s * _SLICE_S)
        for start in range(0, len(body), slice_bytes):
            end = min(start + slice_bytes, len(body))
            await _sleep_until(begins_at + end / self.bytes_per_s)
            writer.write(answer[head_bytes + start : head_bytes + end])
            await writer.drain()


def _answer(content_type: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def _sleep_until(moment: float) -> None:
    await asyncio.sleep(moment - asyncio.get_running_loop().time())


async def _serve(line: Line, port: int, https_port: int, context: ssl.SSLContext) -> None:
    # The plain one last: who sees it listen may use both.
    for number, trust in ((https_port, context), (port, None)):
        await asyncio.start_server(line.serve, "127.0.0.1", number, ssl=trust, backlog=1024)
    await asyncio.Event().wait()


def main(
    port: int,
    https_port: int,
    chain_file: str,
    key_file: str,
    *,
    first_byte_s: Annotated[float, typer.Option()],
    bytes_per_s: Annotated[float, typer.Option()],
    recording_bytes: Annotated[int, typer.Option()],
) -> None:
    """Serve until the process is ended."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain_file, key_file)
    asyncio.run(_serve(Line(first_byte_s, bytes_per_s, recording_bytes), port, https_port, context))


if __name__ == "__main__":
    typer.run(main)
