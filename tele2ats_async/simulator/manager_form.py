"""What a manager may look like: the members of section 5, and the type of each."""

from typing import Any

from .refusals import bad_request

Json = dict[str, Any]

_MEMBERS = {
    "id": int,
    "employeeId": int,
    "companyId": int,
    "name": str,
    "customers": list,
    "handleAllCustomers": bool,
}
_CUSTOMER_MEMBERS = {
    "id": int,
    "clientId": int,
    "companyId": int,
    "companyName": str,
    "info": str,
    "name": str,
    "realNumber": str,
    "isVip": bool,
}
_KINDS = {int: "a whole number", str: "a text", bool: "true or false", list: "a list"}


def customers_of(manager: Json) -> list[Json]:
    """Give a manager's customers, none where they are absent or null."""
    return manager.get("customers") or []


def check_manager(manager: Json) -> None:
    """Let pass what can be a manager; members that the contract does not name are no trouble.

    Raises:
        Refusal: A member is of another type than the contract's, or ``isVip`` is spelled otherwise.
    """
    _check_members(manager, _MEMBERS)
    for customer in customers_of(manager):
        if type(customer) is not dict:
            raise bad_request("Member 'customers' must be a list of objects")
        _check_members(customer, _CUSTOMER_MEMBERS)
        if "isVIP" in customer:
            raise bad_request("Member 'isVIP' is to be sent as 'isVip'")


def _check_members(value: Json, members: dict[str, type]) -> None:
    for name, kind in members.items():
        if value.get(name) is not None and type(value[name]) is not kind:
            raise bad_request(f"Member '{name}' must be {_KINDS[kind]}")
