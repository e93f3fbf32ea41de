"""Section 5 of the contract: personal managers and their customers."""

from collections.abc import Mapping
from typing import Any

import attrs

from .open_enum import OpenEnum


class SaveResult(OpenEnum):
    """What came of saving a manager.

    Source: operations 13 and 14.
    """

    SUCCESS = "SUCCESS"
    MANAGER_HANDLING_ALL_CUSTOMERS_ALREADY_EXISTS = "MANAGER_HANDLING_ALL_CUSTOMERS_ALREADY_EXISTS"
    CUSTOMER_ALREADY_ASSIGNED = "CUSTOMER_ALREADY_ASSIGNED"


def _as_received() -> Any:
    """Make the field that keeps an object's JSON members as they came.

    What the caller does not touch goes back to the service unchanged, and so do members that this
    version does not know.
    """
    return attrs.field(factory=dict[str, Any], repr=False, eq=False, kw_only=True)


@attrs.frozen
class Customer:
    """A customer whom a manager handles.

    Attributes:
        real_number: The customer's number, 11 digits.
        as_received: The JSON members as the service sent them; empty for a customer made here.

    Source: operations 11 to 14.
    """

    id: int | None = None
    client_id: int | None = None
    company_id: int | None = None
    company_name: str | None = None
    info: str | None = None
    name: str | None = None
    real_number: str | None = None
    is_vip: bool | None = None
    as_received: Mapping[str, Any] = _as_received()


@attrs.frozen
class Manager:
    """A personal manager. Change one with ``attrs.evolve(manager, name="…")``.

    Attributes:
        id: Given by the service; None for a manager made here.
        employee_id: The employee who is the manager.
        handle_all_customers: Whether all customers without a manager of their own are this one's.
        as_received: The JSON members as the service sent them; empty for a manager made here.

    Source: operations 11 to 14.
    """

    id: int | None = None
    employee_id: int | None = None
    company_id: int | None = None
    name: str | None = None
    customers: list[Customer] = attrs.field(factory=list[Customer])
    handle_all_customers: bool | None = None
    as_received: Mapping[str, Any] = _as_received()
