"""The present, by two clocks: a wrong one must not have days to come held for listed, nor young recordings removed."""

from email.utils import parsedate_to_datetime
from typing import TypeVar

from ..requester import Requester
from ..transport import Incoming
from ..wire.operations import Request
from . import moments

T = TypeVar("T")


class Clock:
    """The clock of this machine, held back by the service's: each answer bears the time at which it was made."""

    def __init__(self, requester: Requester) -> None:
        self._requester = requester
        self._ahead_s = 0

    def now_s(self) -> int:
        """Give the present second by the clock that is behind, as far as the service has told its own."""
        return moments.second_of(moments.now()) - self._ahead_s

    async def fetch(self, request: Request[T]) -> T:
        """Send a request as the requester does, and read the time of the answer."""
        return await self._requester.retry.run(request.operation, self._fetch_once, request)

    async def _fetch_once(self, request: Request[T]) -> T:
        async with await self._requester.open(request) as incoming:
            self._compare(incoming)
            return await incoming.decode()

    def _compare(self, incoming: Incoming[T]) -> None:
        try:
            told = parsedate_to_datetime(incoming.headers.get("Date", ""))
            self._ahead_s = max(0, moments.second_of(moments.now()) - moments.second_of(told))
        except (TypeError, ValueError, OverflowError):  # it says nothing, or nonsense, or leaves out the zone
            return
