"""Calls in progress and queues."""

from ..models import CallQueue, CurrentCall
from ..requester import Requester
from ..wire.operations import LIST_CURRENT_CALLS, LIST_QUEUES, Request


class Monitoring:
    """Who is talking, and who waits: ``ats.monitoring``."""

    def __init__(self, requester: Requester) -> None:
        self._requester = requester

    async def fetch_current_calls(self) -> list[CurrentCall]:
        """Fetch the calls in progress.

        Returns:
            The calls in the service's order; empty where nobody talks.

        Raises:
            AtsError: Whatever keeps them from coming.

        Source: operation 2.
        """
        return await self._requester.fetch(Request(LIST_CURRENT_CALLS))

    async def fetch_queues(self) -> list[CallQueue]:
        """Fetch the queues and the numbers that wait in them.

        Returns:
            The queues in the service's order.

        Raises:
            AtsError: Whatever keeps them from coming.

        Source: operation 3.
        """
        return await self._requester.fetch(Request(LIST_QUEUES))
