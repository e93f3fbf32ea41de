"""Numbers that may not call."""

from ..errors import Conflict
from ..models import BlacklistEntry, BlacklistResult
from ..numbers import require_international
from ..requester import Requester
from ..wire.operations import (
    ADD_TO_BLACKLIST,
    CLEAR_BLACKLIST,
    LIST_BLACKLIST,
    REMOVE_FROM_BLACKLIST,
    Request,
)


class Blacklist:
    """Numbers that may not call: ``ats.blacklist``."""

    def __init__(self, requester: Requester) -> None:
        self._requester = requester

    async def fetch_all(self) -> list[BlacklistEntry]:
        """Fetch the blacklist.

        Returns:
            The entries in the service's order.

        Raises:
            AtsError: Whatever keeps it from coming.

        Source: operation 19.
        """
        return await self._requester.fetch(Request(LIST_BLACKLIST))

    async def add(self, msisdn: str) -> bool:
        """Put a number on the blacklist.

        Args:
            msisdn: The number with its country code, digits only: ``79998887766``.

        Returns:
            False where the number had been there before.

        Raises:
            ValueError: The number is malformed.
            Conflict: The service refuses for another reason, which stands in ``reason``.
            AtsError: Whatever else went wrong.

        Source: operation 16.
        """
        require_international("msisdn", msisdn)
        # The contract wants this media type, by this name.
        request = Request(ADD_TO_BLACKLIST, body=msisdn.encode(), content_type="html/text")
        try:
            await self._requester.fetch(request)
        except Conflict as conflict:
            if conflict.reason is BlacklistResult.DUPLICATE_BLACK_LIST_NUMBER:
                return False
            raise
        return True

    async def remove(self, msisdn: str) -> None:
        """Take a number off the blacklist.

        Args:
            msisdn: The number with its country code, digits only: ``79998887766``.

        Raises:
            ValueError: The number is malformed.
            Conflict: The service refuses; why stands in ``reason``.
            AtsError: Whatever else went wrong.

        Source: operation 17.
        """
        require_international("msisdn", msisdn)
        await self._requester.fetch(Request(REMOVE_FROM_BLACKLIST, argument=msisdn))

    async def clear(self) -> None:
        """Empty the blacklist.

        Raises:
            Conflict: The service refuses; why stands in ``reason``.
            AtsError: Whatever else went wrong.

        Source: operation 18.
        """
        await self._requester.fetch(Request(CLEAR_BLACKLIST))
