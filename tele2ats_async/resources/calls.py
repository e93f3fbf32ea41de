"""Placing calls."""

from ..numbers import require_dialable
from ..requester import Requester
from ..wire.operations import DIAL, Request
from ..wire.query import encode_query


class Calls:
    """Click-to-call: ``ats.calls``."""

    def __init__(self, requester: Requester) -> None:
        self._requester = requester

    async def dial(self, *, destination: str, source: str) -> None:
        """Let an employee's phone ring, and put the employee through to a number when answered.

        The request is never sent twice: it is tried again only where it certainly did not leave, as when
        the connection is refused. Where its fate is unknown, whether to place the call again is for a person
        to decide: after a `TransportError` whose ``sent`` is True, a `ServerError` or a `PayloadError`.

        Args:
            destination: The number to call, digits only.
            source: The employee's number, full or short, digits only.

        Raises:
            ValueError: A number is malformed, or both are the same.
            NotFound: There is no such employee.
            TransportError: No answer came; ``sent`` says whether the call may have been placed.
            ServerError: The service failed; the call may have been placed.
            PayloadError: The answer makes no sense; the call may have been placed.
            AtsError: Whatever else went wrong; no call was placed.

        Source: operation 5.
        """
        require_dialable("destination", destination)
        require_dialable("source", source)
        if destination == source:
            raise ValueError(f"destination: {destination!r} would call itself")
        query = encode_query({"destination": destination, "source": source})
        await self._requester.fetch(Request(DIAL, query=query))
