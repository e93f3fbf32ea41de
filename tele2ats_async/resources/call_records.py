"""The list of finished calls."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime

from ..models import CallRecord
from ..paging import iter_pages
from ..requester import Requester
from ..wire import converter
from ..wire.decipher import Undeciphered
from ..wire.listing import CallRecordListing
from ..wire.query import require_at_least


class CallRecords:
    """Finished calls, page by page or one by one: ``ats.call_records``."""

    def __init__(self, requester: Requester) -> None:
        self._requester = requester
        converter.load()

    def iter(
        self,
        start: datetime,
        end: datetime,
        *,
        caller: str | None = None,
        callee: str | None = None,
        is_recorded: bool | None = None,
        size: int = 1000,
        sort: str = "date,ASC",
        first_page: int = 0,
    ) -> AsyncGenerator[CallRecord, None]:
        """Iterate over the calls of a period.

        The next page is fetched while the caller works on this one. Leaving the loop early ends it.

        Args:
            start: First moment, aware datetime; sent in whole seconds, rounded down.
            end: Last moment, aware datetime; sent in whole seconds, rounded up.
            caller: Only calls from this number.
            callee: Only calls to this number; with ``caller``, only calls between the two.
            is_recorded: True for calls with a recording only; None or False for all.
            size: Records per page; the service is known to serve up to 3000.
            sort: ``field,ASC`` or ``field,DESC`` by any field of the service's records.
            first_page: 0-based page to begin with.

        Yields:
            The records in the order of ``sort``. A record that comes again on a later page, because
            calls that finished meanwhile shifted the listing, is yielded once.

        Raises:
            TypeError: An argument is of another type.
            ValueError: A time is naive, ``end`` lies before ``start``, ``size`` is below 1,
                ``first_page`` below 0, or ``sort`` is malformed.
            PayloadError: A page is not what the contract says.
            AtsError: Whatever else keeps the pages from coming.

        Source: operation 8.
        """
        pages = self.iter_pages(
            start,
            end,
            caller=caller,
            callee=callee,
            is_recorded=is_recorded,
            size=size,
            sort=sort,
            first_page=first_page,
        )
        return _iter_rows(pages)

    def iter_pages(
        self,
        start: datetime,
        end: datetime,
        *,
        caller: str | None = None,
        callee: str | None = None,
        is_recorded: bool | None = None,
        size: int = 1000,
        sort: str = "date,ASC",
        first_page: int = 0,
    ) -> AsyncGenerator[list[CallRecord], None]:
        """Iterate over the calls of a period, page by page; arguments and errors as `iter()`.

        Yields:
            The pages in order, none of them empty.

        Raises:
            ValueError: As `iter()`.
            AtsError: As `iter()`.

        Source: operation 8.
        """
        listing = CallRecordListing(
            start=start,
            end=end,
            caller=caller,
            callee=callee,
            is_recorded=is_recorded,
            size=size,
            sort=sort,
        )
        require_at_least("first_page", first_page, 0)

        async def fetch_page(page: int) -> Undeciphered:
            return await self._requester.fetch(listing.undeciphered_page(page))

        return iter_pages(fetch_page, size=size, first_page=first_page)

    async def fetch_page(
        self,
        start: datetime,
        end: datetime,
        *,
        page: int = 0,
        caller: str | None = None,
        callee: str | None = None,
        is_recorded: bool | None = None,
        size: int = 1000,
        sort: str = "date,ASC",
    ) -> list[CallRecord]:
        """Fetch one page of the calls of a period; other arguments and errors as `iter()`.

        Args:
            start: First moment, aware datetime.
            end: Last moment, aware datetime.
            page: 0-based page.
            caller: Only calls from this number.
            callee: Only calls to this number.
            is_recorded: True for calls with a recording only.
            size: Records per page.
            sort: ``field,ASC`` or ``field,DESC``.

        Returns:
            The records of the page in the order of ``sort``; fewer than ``size`` on the last one.

        Raises:
            ValueError: ``page`` is below 0, or as `iter()`.
            AtsError: As `iter()`.

        Source: operation 8.
        """
        listing = CallRecordListing(
            start=start,
            end=end,
            caller=caller,
            callee=callee,
            is_recorded=is_recorded,
            size=size,
            sort=sort,
        )
        return await self._requester.fetch(listing.page(page))


async def _iter_rows(pages: AsyncGenerator[list[CallRecord], None]) -> AsyncGenerator[CallRecord, None]:
    async with aclosing(pages):
        async for rows in pages:
            for row in rows:
                yield row
