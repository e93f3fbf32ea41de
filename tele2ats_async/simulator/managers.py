"""Operations 11 to 15: the personal managers, kept as the JSON they came as."""

from itertools import count

import attrs

from ..models import SaveResult
from .company import Company
from .manager_form import Json, check_manager, customers_of
from .names import COMPANY_NAMES
from .refusals import bad_request, not_found

_VIP_SPELLINGS = ("isVip", "isVIP")

_FIRST_ID, _FIRST_CUSTOMER_ID = 26, 92
# A member of the service's own, which no page documents: who saves what he fetched brings it back.
_OWN: Json = {"version": 1}


@attrs.define(eq=False)
class ManagerRegister:
    """The managers of a company, and whose customers are whose.

    A manager is kept as it was sent, with members that nobody knows; saving it replaces all of it.

    Attributes:
        company_id: Whose managers they are.
        vip_spelling: How answers spell ``isVip``, or ``isVIP``; requests say ``isVip``.
    """

    company_id: int
    vip_spelling: str = attrs.field(validator=attrs.validators.in_(_VIP_SPELLINGS))
    _managers: dict[int, Json] = attrs.field(factory=dict[int, Json], init=False)
    _ids: "count[int]" = attrs.field(factory=lambda: count(_FIRST_ID), init=False)
    _customer_ids: "count[int]" = attrs.field(factory=lambda: count(_FIRST_CUSTOMER_ID), init=False)

    @classmethod
    def of(cls, company: Company, vip_spelling: str) -> "ManagerRegister":
        """Open a register with three managers; the last handles whom no other does."""
        register = cls(company.company_id, vip_spelling)
        for place, person in enumerate(company.employees[:3]):
            customers = company.customers[3 * place : 3 * place + 3] if place < 2 else ()
            register.add(
                {
                    "employeeId": person.employee_id,
                    "name": person.full_name,
                    "customers": [
                        {
                            "realNumber": customer.number,
                            "companyName": COMPANY_NAMES[(place + turn) % len(COMPANY_NAMES)],
                            "info": "постоянный клиент" if turn else None,
                            "name": customer.full_name,
                            "isVip": turn == 0,
                        }
                        for turn, customer in enumerate(customers)
                    ],
                    "handleAllCustomers": place == 2,
                }
            )
        return register

    def list_all(self) -> list[Json]:
        """Answer operation 11: in order of their ids."""
        return [self._spell(self._managers[manager_id]) for manager_id in sorted(self._managers)]

    def find(self, manager_id: int) -> Json:
        """Answer operation 12.

        Raises:
            Refusal: There is no such manager.
        """
        self._check_known(manager_id)
        return self._spell(self._managers[manager_id])

    def add(self, manager: Json) -> SaveResult:
        """Answer operation 13.

        Raises:
            Refusal: It is no manager, or has an id already.
        """
        check_manager(manager)
        if "id" in manager:
            raise bad_request("Member 'id' is given by the service")
        result = self._judge(manager, None)
        if result == SaveResult.SUCCESS:
            self._keep({"id": next(self._ids), "companyId": self.company_id, **_OWN, **manager})
        return result

    def replace(self, manager: Json) -> SaveResult:
        """Answer operation 14.

        Raises:
            Refusal: It is no manager, has no id, or there is none of that id.
        """
        check_manager(manager)
        self._check_known(manager.get("id"))
        result = self._judge(manager, manager["id"])
        if result == SaveResult.SUCCESS:
            self._keep(manager)
        return result

    def remove(self, manager_id: int) -> None:
        """Answer operation 15.

        Raises:
            Refusal: There is no such manager.
        """
        self._check_known(manager_id)
        del self._managers[manager_id]

    def _check_known(self, manager_id: int | None) -> None:
        if manager_id not in self._managers:
            raise not_found("The manager is not found")

    def _judge(self, manager: Json, own_id: int | None) -> SaveResult:
        others = [other for manager_id, other in self._managers.items() if manager_id != own_id]
        if manager.get("handleAllCustomers") and any(other.get("handleAllCustomers") for other in others):
            return SaveResult.MANAGER_HANDLING_ALL_CUSTOMERS_ALREADY_EXISTS
        if any(_marks(manager) & _marks(other) for other in others):
            return SaveResult.CUSTOMER_ALREADY_ASSIGNED
        return SaveResult.SUCCESS

    def _keep(self, manager: Json) -> None:
        customers = [
            customer
            if customer.get("id") is not None
            else {**_OWN, **customer, "id": next(self._customer_ids)}
            for customer in customers_of(manager)
        ]
        self._managers[manager["id"]] = {**manager, "customers": customers}

    def _spell(self, manager: Json) -> Json:
        customers = [
            {self.vip_spelling if name == "isVip" else name: value for name, value in customer.items()}
            for customer in customers_of(manager)
        ]
        return {**manager, "customers": customers}


def _marks(manager: Json) -> set[tuple[str, object]]:
    """Tell by what its customers are recognised."""
    return {
        (name, customer[name])
        for customer in customers_of(manager)
        for name in ("id", "realNumber")
        if customer.get(name)
    }
