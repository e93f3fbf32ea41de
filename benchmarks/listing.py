"""Listing calls: decoding, keeping up with a server that takes its time, and leaving the loop to others.

``python -m benchmarks.listing``
"""

import asyncio
import gc
import time
from collections.abc import Callable, Sequence
from functools import partial

import aiohttp
import attrs
import typer

from tele2ats_async import CallRecord
from tele2ats_async.wire.converter import decode

from .heartbeat import State, compare_lateness, freeze, rest
from .options import JsonFile, Quick, Rounds, SvgFile
from .plain_decoding import decode_plainly
from .processes import serving
from .reading import PAGE_ROWS, fetch_pages, list_records
from .records import make_page, make_row
from .report import Table, report
from .rounds import DisqualifiedError, interleave

_PAGE_DELAY_S = 0.05
_DECODED_A_ROUND = 5
_PAGES = 20
_QUICK_PAGES = 2
_LISTED_A_ROUND = 10
_QUICK_ROUNDS = 3
_PLAIN = "orjson and plain cattrs"


def compare_decoding(rounds: int) -> Table:
    """Decode the same page both ways: records per second."""
    page = make_page([make_row(number) for number in range(PAGE_ROWS)])
    decode_ours = partial(decode, answer=list[CallRecord])
    for ours, plain in zip(decode_ours(page), decode_plainly(page), strict=True):
        if attrs.astuple(ours) != attrs.astuple(plain):
            raise DisqualifiedError("both ways of decoding disagree")
    ways = {_PLAIN: partial(_decoded_per_second, decode_plainly, page)}
    ways["tele2ats_async"] = partial(_decoded_per_second, decode_ours, page)
    return Table.of(
        interleave(ways, rounds),
        title=f"decoding a page of {PAGE_ROWS} records",
        unit="records/s",
        reference=_PLAIN,
        target="at least 2",
    )


def compare_pace(rounds: int, pages: int) -> Table:
    """List from a server that takes 50 ms a page, beside a client that throws its pages away."""
    with serving("account", pages * PAGE_ROWS, "--page-delay-s", _PAGE_DELAY_S) as origin:
        base_url = f"{origin}/crm/openapi"
        ways = {
            "pages fetched and thrown away": lambda: asyncio.run(_throw_pages_away(base_url, pages)),
            "tele2ats_async": lambda: asyncio.run(_list_records(base_url, pages)),
        }
        return Table.of(
            interleave(ways, rounds),
            title=f"listing pages of {PAGE_ROWS} records, {_PAGE_DELAY_S * 1000:.0f} ms each in the server",
            unit="pages/s",
            reference="pages fetched and thrown away",
            target="at least 0.95",
        )


def measure_lag(rounds: int, pages: int, times: int) -> Table:
    """Look at how late another task wakes while pages come and are decoded, and while nothing happens."""
    with serving("account", pages * PAGE_ROWS) as origin:
        base_url = f"{origin}/crm/openapi"
        decoding = partial(list_records, base_url, pages)
        states = {
            "idle": State(rest),
            "decoding": State(decoding),
            "decoding, after gc.freeze()": State(decoding, freeze, gc.unfreeze),
        }
        return Table.of(
            compare_lateness(states, rounds, times),
            title=f"lateness of another task while pages of {PAGE_ROWS} records are decoded",
            unit="ms",
            target="max at most 5",
        )


def _decoded_per_second(decode_page: Callable[[bytes], Sequence[object]], page: bytes) -> float:
    started = time.perf_counter()
    for _ in range(_DECODED_A_ROUND):
        decode_page(page)
    return _DECODED_A_ROUND * PAGE_ROWS / (time.perf_counter() - started)


async def _throw_pages_away(base_url: str, pages: int) -> float:
    async with aiohttp.ClientSession() as client:
        started = time.perf_counter()
        async for _ in fetch_pages(client, base_url, pages):
            pass
        return (pages + 1) / (time.perf_counter() - started)


async def _list_records(base_url: str, pages: int) -> float:
    started = time.perf_counter()
    await list_records(base_url, pages)
    return (pages + 1) / (time.perf_counter() - started)


def main(*, rounds: Rounds = 7, quick: Quick = False, json: JsonFile = None, svg: SvgFile = None) -> None:
    """List finished calls: decoding, pace, and lateness of other tasks."""
    rounds, pages = (min(rounds, _QUICK_ROUNDS), _QUICK_PAGES) if quick else (rounds, _PAGES)
    lag = measure_lag(rounds, pages, times=1 if quick else _LISTED_A_ROUND)
    tables = [compare_decoding(rounds), compare_pace(rounds, pages), lag]
    report("listing", tables, json_path=json, svg_path=svg)


if __name__ == "__main__":
    typer.run(main)
