"""Reading all calls of an account of `benchmarks.serving.account`, with this package and without it."""

from collections.abc import AsyncGenerator

import aiohttp

from tele2ats_async import AtsSession, TokenPair

from .records import FIRST_MOMENT, moment_of
from .rounds import DisqualifiedError

PAGE_ROWS = 3000


async def list_records(base_url: str, pages: int) -> None:
    """List with the largest pages, one record after the other.

    Raises:
        DisqualifiedError: It were not as many as there are, or not in order.
    """
    expected, last = pages * PAGE_ROWS, None
    count = 0
    async with AtsSession(TokenPair("access", "refresh"), base_url=base_url) as ats:
        async for record in ats.call_records.iter(FIRST_MOMENT, moment_of(expected), size=PAGE_ROWS):
            if last is not None and record.date < last:
                raise DisqualifiedError(f"record {count} is out of order")
            last = record.date
            count += 1
    if count != expected:
        raise DisqualifiedError(f"{count} records came, of {expected}")


async def fetch_pages(
    client: aiohttp.ClientSession, base_url: str, pages: int
) -> AsyncGenerator[bytes, None]:
    """Fetch the same pages with nothing but aiohttp, and the empty one by which the end is known."""
    period = {"start": FIRST_MOMENT.isoformat(), "end": moment_of(pages * PAGE_ROWS).isoformat()}
    for page in range(pages + 1):
        query = {**period, "page": str(page), "size": str(PAGE_ROWS)}
        async with client.get(f"{base_url}/call-records/info", params=query) as response:
            response.raise_for_status()
            yield await response.read()
