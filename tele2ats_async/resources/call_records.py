"""The list of finished calls."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime, timedelta

from ..live import RecordAdded, RecordingReady
from ..models import CallRecord
from ..paging import iter_pages
from ..recordings import FileRequests, check_name, open_stream
from ..requester import Requester
from ..wire import converter
from ..wire.decipher import Undeciphered
from ..wire.listing import CallRecordListing
from ..wire.operations import FETCH_RECORDING
from ..wire.query import require_at_least, require_aware, require_interval, require_positive, require_seconds

_LOOK_BACK = timedelta(hours=6)


class CallRecords:
    """Finished calls, page by page or one by one: ``ats.call_records``."""

    def __init__(self, requester: Requester, files: FileRequests) -> None:
        self._requester = requester
        self._files = files
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

    def watch(
        self,
        since: datetime,
        *,
        interval_s: float = 60.0,
        look_back: timedelta = _LOOK_BACK,
        ready_within_s: float | None = 3600.0,
    ) -> AsyncGenerator[RecordAdded | RecordingReady, None]:
        """Watch the list of finished calls: it is polled while the caller iterates.

        A call is listed when it is over, by the time at which it began, so that it may appear among older ones: each
        poll lists again what began since ``look_back`` before the youngest call so far, and that much is
        remembered. A recording whose name comes later than its call is the same call.

        Polls that fail because of the network, the service or the gateway are made again, where the last one got to.
        The log of ``tele2ats_async.live.polling`` tells of ``poll_failed`` once, and of ``poll_recovered``; that of
        ``tele2ats_async.live.record_watch`` of ``recording_given_up``. Nothing is asked for while the caller works on
        an event. Leaving the loop early ends it.

        Args:
            since: When the calls began, at the earliest; an aware datetime. Those that are listed already come first.
            interval_s: Seconds from the beginning of one poll to that of the next, at the least.
            look_back: How much later than younger calls a call may be listed: the longest call, and what the
                service needs to list it. What is listed later still is not seen.
            ready_within_s: Seconds from the end of a call for which its recording is asked for while it is not ready, after
                5 seconds at first, every minute at last; from now on where its name comes later than the call, or the
                service fails. Each is asked for once at the least. None for recordings not to be asked for at all.

        Yields:
            A `RecordAdded` for each call, once, and after it a `RecordingReady` as soon as its recording, if it has one,
            can be fetched: the service has sent the headers of it. The watch does not end by itself.

        Raises:
            TypeError: An argument is of another type.
            ValueError: ``since`` is naive, ``interval_s`` or ``look_back`` not above 0, or ``ready_within_s`` below 0.
            ReauthorizationRequired: Both tokens are spent.
            CertificateError: The service's certificate does not verify.
            ProxyRefused: The proxy does not accept the user name and password.
            AtsError: Whatever else does not pass by itself, such as `Forbidden` or `TokenStoreError`.

        Source: operations 8 and 9.
        """
        require_aware("since", since)
        require_interval(interval_s)
        require_positive("look_back", look_back)
        if ready_within_s is not None:
            require_seconds("ready_within_s", ready_within_s)
        from ..live import watching  # noqa: PLC0415  # most programs watch nothing

        return watching.watch_records(
            self.iter_pages,
            self._ask,
            since=since,
            interval_s=interval_s,
            look_back=look_back,
            ready_within_s=ready_within_s,
        )

    async def _ask(self, name: str) -> None:
        """Ask for a recording, and leave at its headers."""
        check_name(name)
        async with await self._files.retry.run(FETCH_RECORDING, open_stream, self._files, name):
            pass


async def _iter_rows(pages: AsyncGenerator[list[CallRecord], None]) -> AsyncGenerator[CallRecord, None]:
    async with aclosing(pages):
        async for rows in pages:
            for row in rows:
                yield row
