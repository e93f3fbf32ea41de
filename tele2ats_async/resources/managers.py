"""Personal managers of customers."""

from ..errors import NotFound, ServerError, TransportError
from ..models import Manager
from ..requester import Requester
from ..wire import converter
from ..wire.operations import (
    CREATE_MANAGER,
    DELETE_MANAGER,
    FETCH_MANAGER,
    LIST_MANAGERS,
    UPDATE_MANAGER,
    Request,
)
from ..wire.query import require_at_least


class Managers:
    """Personal managers and their customers: ``ats.managers``."""

    def __init__(self, requester: Requester) -> None:
        self._requester = requester

    async def fetch_all(self) -> list[Manager]:
        """Fetch all managers.

        Returns:
            The managers in the service's order.

        Raises:
            AtsError: Whatever keeps them from coming.

        Source: operation 11.
        """
        return await self._requester.fetch(Request(LIST_MANAGERS))

    async def fetch(self, manager_id: int) -> Manager:
        """Fetch one manager.

        Args:
            manager_id: The manager's id, 1 or more.

        Returns:
            The manager, with its customers.

        Raises:
            ValueError: ``manager_id`` is below 1.
            NotFound: There is no such manager.
            AtsError: Whatever else keeps it from coming.

        Source: operation 12.
        """
        require_at_least("manager_id", manager_id, 1)
        return await self._requester.fetch(Request(FETCH_MANAGER, argument=str(manager_id)))

    async def create(self, manager: Manager) -> None:
        """Make a manager. The request is never sent twice; see ``ats.calls.dial``.

        Args:
            manager: What to make; its ``id`` is not sent, the service gives one.

        Raises:
            ValueError: The name is empty.
            Conflict: A customer has another manager, or another manager handles all customers;
                ``reason`` says which.
            TransportError: No answer came; ``sent`` says whether the manager may have been made.
            PayloadError: What came is no result, such as the beginning of one: the manager may have been made.
            AtsError: Whatever else went wrong.

        Source: operation 13.
        """
        _require_name(manager)
        await self._requester.fetch(Request(CREATE_MANAGER, body=converter.encode(manager, leave_out="id")))

    async def update(self, manager: Manager) -> None:
        """Change a manager: fetch it, change it with ``attrs.evolve``, and send it back.

        Members that you did not touch, and those that this version does not know, go back unchanged.

        Args:
            manager: The manager as it shall be, with its ``id``.

        Raises:
            ValueError: The name is empty, or ``id`` is missing or below 1.
            NotFound: There is no such manager.
            Conflict: A customer has another manager, or another manager handles all customers;
                ``reason`` says which.
            AtsError: Whatever else went wrong.

        Source: operation 14.
        """
        _require_name(manager)
        if manager.id is None:
            raise ValueError("manager.id: missing; an update needs the id that the service gave")
        require_at_least("manager.id", manager.id, 1)
        await self._requester.fetch(Request(UPDATE_MANAGER, body=converter.encode(manager)))

    async def delete(self, manager_id: int) -> None:
        """Remove a manager.

        Args:
            manager_id: The manager's id, 1 or more.

        Raises:
            ValueError: ``manager_id`` is below 1.
            NotFound: There is no such manager.
            AtsError: Whatever else went wrong.

        Source: operation 15.
        """
        require_at_least("manager_id", manager_id, 1)
        request = Request(DELETE_MANAGER, argument=str(manager_id))
        may_be_done = False

        async def attempt() -> None:
            nonlocal may_be_done
            try:
                await self._requester.fetch_once(request)
            except NotFound:
                if not may_be_done:
                    raise  # else the attempt before, whose answer was lost, has removed it
            except (TransportError, ServerError) as error:
                may_be_done = may_be_done or getattr(error, "sent", True)
                raise

        await self._requester.retry.run(DELETE_MANAGER, attempt)


def _require_name(manager: Manager) -> None:
    if not manager.name:
        raise ValueError("manager.name: empty")
