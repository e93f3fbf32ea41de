"""The company's employees."""

from ..models import Employee
from ..requester import Requester
from ..wire.operations import LIST_EMPLOYEES, Request


class Employees:
    """The company's employees: ``ats.employees``."""

    def __init__(self, requester: Requester) -> None:
        self._requester = requester

    async def fetch_all(self) -> list[Employee]:
        """Fetch all employees.

        Returns:
            The employees in the service's order.

        Raises:
            AtsError: Whatever keeps them from coming.

        Source: operation 4.
        """
        return await self._requester.fetch(Request(LIST_EMPLOYEES))
