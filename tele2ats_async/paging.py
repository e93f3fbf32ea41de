"""Pages to one async iterator, the next page under way while the caller works on this one."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from itertools import islice

from .errors import PayloadError
from .models import CallRecord
from .tasks import in_steps, wait_out
from .wire.decipher import Undeciphered, decipher_answer
from .wire.operations import LIST_CALL_RECORDS

# Rows that a listing may be shifted by between two pages and still come out without repetition.
_REMEMBERED_ROWS = 10_000
# Pages without anything new after which the service is taken not to count pages at all.
_REPEATED_PAGES = 100
# Rows that are compared at a time.
_STEP_ROWS = 500


async def iter_pages(
    fetch_page: Callable[[int], Awaitable[Undeciphered]], *, size: int, first_page: int
) -> AsyncGenerator[list[CallRecord], None]:
    """Yield the pages of a listing in order, up to the first one shorter than `size`.

    The service shall not wait for us: the next page is asked for when a page has come that may be full,
    before it is deciphered. Should it not be full after all, a request was made for nothing.

    Calls that finish meanwhile shift a listing, and its next page repeats rows of the pages before:
    those are left out.
    """
    seen: dict[CallRecord | str, None] = {}
    page = first_page
    repeated_pages = 0
    coming = asyncio.ensure_future(fetch_page(page))
    try:
        while True:
            answer = await coming
            if answer.may_hold(size):
                page += 1
                coming = asyncio.ensure_future(fetch_page(page))
            rows = await in_steps(decipher_answer(LIST_CALL_RECORDS, answer.body))
            is_last = len(rows) < size
            if fresh := await in_steps(_without_repetitions(rows, seen, max(_REMEMBERED_ROWS, 2 * size))):
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
) -> Generator[None, None, list[CallRecord]]:
    """Leave out what earlier pages held, in steps; two equal rows of one page are two calls."""
    page: dict[CallRecord | str, None] = {}
    fresh: list[CallRecord] = []
    for start in range(0, len(rows), _STEP_ROWS):
        step = rows[start : start + _STEP_ROWS]
        keys = [row.record_file_name or row for row in step]
        fresh += [row for row, key in zip(step, keys, strict=True) if key not in seen]
        page.update(dict.fromkeys(keys))
        yield
    seen.update(page)
    # Listed at once: who looks for the first one after each removal passes all that were removed before.
    for key in [*islice(seen, max(0, len(seen) - remembered))]:
        del seen[key]
    return fresh
