"""The calls of a span of time, in requests that never make the service skip a page."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from itertools import pairwise

import attrs

from ..errors import PayloadError
from ..models import CallRecord
from ..paging import iter_pages
from ..wire.decipher import Undeciphered
from ..wire.listing import CallRecordListing
from .clock import Clock
from .moments import second_of, start_of
from .spans import Span, cut

_PAGE_SIZE = 1000
_WINDOW_S = 7 * 24 * 3600
# The calls of one second are in memory together, 70 MB of so many. More than any company begins, and than
# an old installation's that were taken over under one time: a service that lists more does not count its pages.
_CALLS_OF_A_SECOND = 100_000


async def iter_listed(clock: Clock, span: Span) -> AsyncGenerator[tuple[Span, list[CallRecord]], None]:
    """Yield piece by piece, in order, the spans that are listed now, each with all its calls.

    Always the first page: what follows a full one is asked from its last second on, for times in
    queries are whole seconds. Only calls of one second that fill a page are taken page by page.

    Raises:
        PayloadError: A page is not what the contract says, or not in the order that was asked; or there
            is no end of the calls of one second.
    """
    for start, stop in cut(span, _WINDOW_S):
        begin = start
        while begin < stop:
            end = stop
            rows = await clock.fetch(_listing(begin, end).page(0))
            if len(rows) >= _PAGE_SIZE:
                _require_order(rows)
                end = min(stop, second_of(rows[-1].date))
                if end <= begin:
                    end = begin + 1
                    rows = await _fetch_all(clock, _listing(begin, end))
            # The service takes the end for a part of the period: that one moment is the next span's.
            yield (begin, end), [row for row in rows if begin <= second_of(row.date) < end]
            begin = end


async def ask_time(clock: Clock, span: Span) -> int:
    """Give the present second, after a listing of one call that nobody needs, for the time of its answer."""
    await clock.fetch(attrs.evolve(_listing(*span), size=1).page(0))
    return clock.now_s()


async def _fetch_all(clock: Clock, listing: CallRecordListing) -> list[CallRecord]:
    async def fetch_page(page: int) -> Undeciphered:
        return await clock.fetch(listing.undeciphered_page(page))

    rows: list[CallRecord] = []
    async with aclosing(iter_pages(fetch_page, size=_PAGE_SIZE, first_page=0)) as pages:
        async for page in pages:
            rows += page
            if len(rows) > _CALLS_OF_A_SECOND:
                reason = f"more than {_CALLS_OF_A_SECOND} calls of one second, {listing.start.isoformat()}"
                raise PayloadError("$", reason)
    return rows


def _listing(start: int, end: int) -> CallRecordListing:
    return CallRecordListing(
        start=start_of(start),
        end=start_of(end),
        caller=None,
        callee=None,
        is_recorded=None,
        size=_PAGE_SIZE,
        sort="date,ASC",
    )


def _require_order(rows: list[CallRecord]) -> None:
    for place, (one, other) in enumerate(pairwise(rows), 1):
        if other.date < one.date:
            raise PayloadError(f"$[{place}].date", "earlier than the one before, unlike what was asked")
