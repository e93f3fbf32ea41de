"""Calls in progress and queues."""

from collections.abc import AsyncGenerator
from functools import partial

from ..live import CallConnected, CallEnded, CallStarted, QueueEntered, QueueLeft
from ..models import CallQueue, CurrentCall
from ..requester import Requester
from ..wire.operations import LIST_CURRENT_CALLS, LIST_QUEUES, Request
from ..wire.query import require_interval


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

    def watch_calls(
        self, interval_s: float = 2.0
    ) -> AsyncGenerator[CallStarted | CallConnected | CallEnded, None]:
        """Watch the calls in progress: they are polled while the caller iterates.

        A call has ended when it is missing from two polls in a row; missing from one, it only flickers. Calls in
        progress at the first poll have started, and are connected, by then. Polls that fail because of the network, the
        service or the gateway miss nobody, and are made again; the log of ``tele2ats_async.live.polling`` tells of
        ``poll_failed`` once, and of ``poll_recovered``.

        Who takes the events slowly gets what has happened since, all at once, at the next poll: nothing is polled and
        nothing piles up meanwhile. Leaving the loop early ends it.

        Args:
            interval_s: Seconds from the beginning of one poll to that of the next, at the least.

        Yields:
            The events of a poll, first those of calls that have ended, then of those that are listed, in the service's
            order. A call's `CallStarted` comes first, its `CallEnded` last, and a `CallConnected` whenever its
            called side is another one. The watch does not end by itself.

        Raises:
            TypeError: ``interval_s`` is no number.
            ValueError: ``interval_s`` is not above 0.
            ReauthorizationRequired: Both tokens are spent.
            CertificateError: The service's certificate does not verify.
            ProxyRefused: The proxy does not accept the user name and password.
            AtsError: Whatever else does not pass by itself, such as `Forbidden` or `TokenStoreError`.

        Source: operation 2.
        """
        require_interval(interval_s)
        from ..live import watching  # noqa: PLC0415  # most programs watch nothing

        # Once: the next poll is the next attempt.
        fetch = partial(self._requester.fetch_once, Request(LIST_CURRENT_CALLS))
        return watching.watch_calls(fetch, interval_s)

    def watch_queues(self, interval_s: float = 2.0) -> AsyncGenerator[QueueEntered | QueueLeft, None]:
        """Watch who waits in the queues; all as `watch_calls()`.

        Args:
            interval_s: Seconds from the beginning of one poll to that of the next, at the least.

        Yields:
            The events of a poll, first those of callers who have left a queue, then of those who have entered one. Who
            waits at the first poll has entered by then.

        Raises:
            TypeError: ``interval_s`` is no number.
            ValueError: ``interval_s`` is not above 0.
            AtsError: As `watch_calls()`.

        Source: operation 3.
        """
        require_interval(interval_s)
        from ..live import watching  # noqa: PLC0415  # most programs watch nothing

        fetch = partial(self._requester.fetch_once, Request(LIST_QUEUES))
        return watching.watch_queues(fetch, interval_s)
