"""Statistics of a period."""

from datetime import datetime

from ..models import CommonStatistics, JournalEntry
from ..numbers import require_subscriber
from ..requester import Requester
from ..wire.operations import FETCH_COMMON_STATISTICS, FETCH_JOURNAL, Request
from ..wire.query import encode_query, require_period, spell_moment


class Statistics:
    """Figures of the company or one number: ``ats.statistics``."""

    def __init__(self, requester: Requester) -> None:
        self._requester = requester

    async def fetch_common(
        self, start: datetime, end: datetime, *, subscriber_number: str | None = None
    ) -> CommonStatistics:
        """Fetch the figures of a period.

        Args:
            start: First moment, aware datetime; sent in whole seconds, rounded down.
            end: Last moment, aware datetime; sent in whole seconds, rounded up.
            subscriber_number: An employee's number, ``7XXXXXXXXXX``; None for the whole company.

        Returns:
            Counts, durations in seconds, and rates.

        Raises:
            ValueError: A time is naive, ``end`` lies before ``start``, or the number is malformed.
            AtsError: Whatever keeps the figures from coming.

        Source: operation 6.
        """
        query = _period_query(start, end, "subscriber_number", "subscriberNumber", subscriber_number)
        return await self._requester.fetch(Request(FETCH_COMMON_STATISTICS, query=query))

    async def fetch_journal(
        self, start: datetime, end: datetime, *, number: str | None = None
    ) -> list[JournalEntry]:
        """Fetch how many calls each number had in a period.

        Args:
            start: First moment, aware datetime; sent in whole seconds, rounded down.
            end: Last moment, aware datetime; sent in whole seconds, rounded up.
            number: Only this number, ``7XXXXXXXXXX``.

        Returns:
            The entries in the service's order; one where the service sends a single object.

        Raises:
            ValueError: A time is naive, ``end`` lies before ``start``, or the number is malformed.
            AtsError: Whatever keeps the journal from coming.

        Source: operation 7.
        """
        query = _period_query(start, end, "number", "number", number)
        return await self._requester.fetch(Request(FETCH_JOURNAL, query=query))


def _period_query(start: datetime, end: datetime, argument: str, parameter: str, number: str | None) -> str:
    require_period(start, end)
    if number is not None:
        require_subscriber(argument, number)
    return encode_query(
        {"start": spell_moment(start), "end": spell_moment(end, round_up=True), parameter: number}
    )
