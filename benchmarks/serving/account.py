"""An account with many calls and small recordings: ``python -m benchmarks.serving.account PORT …``."""

import asyncio
from datetime import datetime, timedelta

import attrs
import typer
from aiohttp import web

from ..corpus import make_recording, number_of
from ..records import first_number_at, make_page, make_row


@attrs.frozen
class Account:
    """What is served.

    Attributes:
        rows: The JSON object of each call, in order.
        page_delay_s: How long a page takes.
        recording_bytes: Size of each recording.
    """

    rows: list[bytes]
    page_delay_s: float
    recording_bytes: int

    async def list_calls(self, request: web.Request) -> web.Response:
        """Serve a page (operation 8)."""
        await asyncio.sleep(self.page_delay_s)
        query = request.query
        start, end = (datetime.fromisoformat(query[name]) for name in ("start", "end"))
        size = int(query["size"])
        first = first_number_at(start) + int(query["page"]) * size
        stop = min(first + size, first_number_at(end + timedelta(microseconds=1)))
        return web.Response(body=make_page(self.rows[first:stop]), content_type="application/json")

    async def send_recording(self, request: web.Request) -> web.Response:
        """Serve a recording (operation 9)."""
        number = number_of(request.query["filename"])
        return web.Response(body=make_recording(number, self.recording_bytes), content_type="audio/mpeg")


def main(port: int, calls: int, page_delay_s: float = 0.0, recording_bytes: int = 4096) -> None:
    """Serve until the process is ended."""
    account = Account([make_row(number) for number in range(calls)], page_delay_s, recording_bytes)
    app = web.Application()
    app.router.add_get("/crm/openapi/call-records/info", account.list_calls)
    app.router.add_get("/crm/openapi/call-records/file", account.send_recording)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None, handle_signals=True)


if __name__ == "__main__":
    typer.run(main)
