"""Recordings through a web backend to many slow listeners: memory, backpressure, time to the first byte.

``python -m benchmarks.backend``
"""

import asyncio
from collections.abc import Sequence
from importlib.util import find_spec

import aiohttp
import attrs
import typer

from .listeners import RECORDINGS, Listeners
from .options import JsonFile, Quick, Rounds, SvgFile
from .processes import serving
from .report import Row, Table, report
from .sockets import make_socket

_MB = 1_000_000
_LISTENERS = 200
_QUICK_LISTENERS = 10
_SIZES_MB = (5, 10)
_REQUESTS = 200
_QUICK_REQUESTS = 10
# The backend needs a connection for each listener, and more for those who come later.
_SPARE_CONNECTIONS = 10
_SAME = "the same for small and large recordings"
_BACKENDS = {
    "aiohttp.web": ("backend_aiohttp", ()),
    "FastAPI, uvicorn": ("backend_fastapi", ("fastapi", "uvicorn")),
}


@attrs.define
class Figures:
    """What the rounds have given for one backend and one size of recordings."""

    added_ms: list[float] = attrs.field(factory=list)
    memory_kb: list[float] = attrs.field(factory=list)
    stalled_mb: list[float] = attrs.field(factory=list)


async def listen(program: str, size_mb: int, listeners: int, requests: int, figures: Figures) -> None:
    """Measure once, with servers that have served nobody else."""
    size_bytes = size_mb * _MB
    with (
        serving("source", size_bytes) as source,
        serving(program, f"{source}/crm/openapi", listeners + _SPARE_CONNECTIONS) as backend,
    ):
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, socket_factory=make_socket)
        ) as client:
            crowd = Listeners(client=client, source=source, backend=backend, recording_bytes=size_bytes)
            await crowd.latencies_ms(RECORDINGS)
            latencies = await crowd.latencies_ms(requests)
            heard = await crowd.stall(listeners)
    figures.added_ms.append(latencies["through"] - latencies["directly"])
    figures.memory_kb.append(heard.memory_bytes / 1000)
    figures.stalled_mb.append(heard.stalled_bytes / _MB)


def measure(rounds: int, listeners: int, requests: int, sizes_mb: Sequence[int]) -> list[Table]:
    """Measure each backend with each size, in turns."""
    missing: dict[str, str] = {}
    present: dict[tuple[str, int], Figures] = {}
    for name, (_, modules) in _BACKENDS.items():
        if absent := [module for module in modules if find_spec(module) is None]:
            missing[name] = f"{' and '.join(absent)} not installed"
        else:
            present |= {(name, size_mb): Figures() for size_mb in sizes_mb}
    for _ in range(rounds):
        for (name, size_mb), figures in present.items():
            asyncio.run(listen(_BACKENDS[name][0], size_mb, listeners, requests, figures))
    return _tables(present, missing, listeners)


def _tables(present: dict[tuple[str, int], Figures], missing: dict[str, str], listeners: int) -> list[Table]:
    def table(figure: str, title: str, unit: str, target: str) -> Table:
        rows = [
            Row(name=f"{name}, recordings of {size_mb} MB", samples=getattr(figures, figure))
            for (name, size_mb), figures in present.items()
        ]
        rows += [Row(name=name, missing=reason) for name, reason in missing.items()]
        return Table(title=title, unit=unit, target=target, rows=rows)

    return [
        table("added_ms", "first byte through the backend, beside directly", "ms more", "at most 2"),
        table(
            "memory_kb",
            f"memory of the backend for each of {listeners} listeners that stall",
            "KB",
            _SAME,
        ),
        table(
            "stalled_mb",
            "sent by the service to each listener that stalls, most of it into buffers of the system",
            "MB",
            _SAME,
        ),
    ]


def main(*, rounds: Rounds = 7, quick: Quick = False, json: JsonFile = None, svg: SvgFile = None) -> None:
    """Pass recordings on to 200 listeners that stall after the first bytes."""
    if quick:
        tables = measure(1, _QUICK_LISTENERS, _QUICK_REQUESTS, _SIZES_MB[:1])
    else:
        tables = measure(rounds, _LISTENERS, _REQUESTS, _SIZES_MB)
    report("backend", tables, json_path=json, svg_path=svg)


if __name__ == "__main__":
    typer.run(main)
