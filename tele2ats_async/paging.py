"""Pages to one async iterator, the next page under way while the caller works on this one."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

from .errors import PayloadError
from .models import CallRecord
from .tasks import wait_out

# Rows that a listing may be shifted by between two pages and still come out without repetition.
_REMEMBERED_ROWS = 10_000
# Pages without anything new after which the service is taken not to count pages at all.
_REPEATED_PAGES = 100


async def iter_pages(
    fetch_page: Callable[[int], Awaitable[list[CallRecord]]], *, size: int, first_page: int
) -> AsyncGenerator[list[CallRecord], None]:
    """Yield the pages of a listing in order, up to the first one shorter than `size`.

    Calls that finish meanwhile shift a listing, and its next page repeats rows of the pages before:
    those are left out.
    """
    seen: dict[CallRecord | str, None] = {}
    page = first_page
    repeated_pages = 0
    coming = asyncio.ensure_future(fetch_page(page))
    try:
        while True:
            rows = await coming
            is_last = len(rows) < size
            if not is_last:
                page += 1
                coming = asyncio.ensure_future(fetch_page(page))
            if fresh := _without_repetitions(rows, seen, max(_REMEMBERED_ROWS, 2 * size)):
                repeated_pages = 0
                yield fresh
            else:
                repeated_pages += 1
            if repeated_pages > _REPEATED_PAGES:
                raise PayloadError("$", f"the {repeated_pages} last pages held nothing new")
            if is_last:
                return
    finally:
        coming.cancel()
        await wait_out([coming])


def _without_repetitions(
    rows: list[CallRecord], seen: dict[CallRecord | str, None], remembered: int
) -> list[CallRecord]:
    """Leave out what earlier pages held; two equal rows of one page are two calls."""
    keys = [row.record_file_name or row for row in rows]
    fresh = [row for row, key in zip(rows, keys, strict=True) if key not in seen]
    seen.update(dict.fromkeys(keys))
    for _ in range(len(seen) - remembered):
        del seen[next(iter(seen))]
    return fresh
