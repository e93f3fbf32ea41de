"""Section 5 of the contract: employees."""

import attrs


@attrs.frozen
class Employee:
    """One employee of the company.

    Attributes:
        full_number: 11 digits, ``7XXXXXXXXXX``.
        short_number: The number inside the company, such as ``0001``.

    Source: operation 4.
    """

    employee_id: int
    name: str | None = None
    surname: str | None = None
    full_number: str | None = None
    short_number: str | None = None
    group_name: str | None = None
    email: str | None = None
