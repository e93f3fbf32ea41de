"""The simulator, with doors that a benchmark needs: ``python -m benchmarks.serving.simulated PORT``.

For what is counted, not for throughput: it is slower than the clients that it serves.
"""

import asyncio
from collections.abc import Awaitable, Callable

import attrs
import typer
from aiohttp import web

from tele2ats_async.simulator import AtsSimulator, Company

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@attrs.define
class Doors:
    """What the cabinet and the operator could do: look at tokens, and let them die."""

    simulator: AtsSimulator | None = None

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer requests below ``/doors``."""
        if not request.path.startswith("/doors/") or self.simulator is None:
            return await handler(request)
        if request.path == "/doors/expire":
            self.simulator.expire_access_token()
        access, refresh = self.simulator.tokens
        return web.json_response(
            {"access": access, "refresh": refresh, "refreshes": self.simulator.refresh_count}
        )


async def _serve(port: int) -> None:
    doors = Doors()
    company = Company.generate(seed=1, recordings=10, duration_s=(1, 2))
    async with AtsSimulator(company=company, port=port, middlewares=[doors.middleware]) as simulator:
        doors.simulator = simulator
        await asyncio.Event().wait()


def main(port: int) -> None:
    """Serve until the process is ended."""
    asyncio.run(_serve(port))


if __name__ == "__main__":
    typer.run(main)
