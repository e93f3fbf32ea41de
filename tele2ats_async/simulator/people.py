"""The people of a generated company: those who work there, and those who call."""

import random

import attrs

from .names import DEPARTMENTS, FEMALE_NAMES, MALE_NAMES, SURNAMES


@attrs.frozen
class Employee:
    """Somebody who works at the company.

    Attributes:
        employee_id: The number operation 4 lists.
        short_number: The extension, such as ``0001``.
        full_number: 11 digits, a mobile or a city number.
        department: What the contract calls the group.
    """

    employee_id: int
    name: str
    surname: str
    short_number: str
    full_number: str
    department: str
    email: str

    @property
    def full_name(self) -> str:
        """Name and surname, as call records show them."""
        return f"{self.name} {self.surname}"


@attrs.frozen
class Customer:
    """Somebody outside who calls, or is called.

    Attributes:
        number: 11 digits, a mobile number.
        full_name: None where the address book does not know the number.
    """

    number: str
    full_name: str | None


class PhoneBook:
    """Hands out numbers, none of them twice."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._taken: set[str] = set()

    def mobile(self) -> str:
        """Give a free mobile number."""
        return self._free("79", 9)

    def city(self) -> str:
        """Give a free Moscow number."""
        return self._free("7495", 7)

    def _free(self, prefix: str, digits: int) -> str:
        while True:
            number = f"{prefix}{self._rng.randrange(10**digits):0{digits}d}"
            if number not in self._taken:
                self._taken.add(number)
                return number


def hire(rng: random.Random, phones: PhoneBook, head_count: int) -> tuple[Employee, ...]:
    """Fill a company: every department has somebody, and one in four has a city number."""
    first_id = rng.randrange(400, 6000)
    return tuple(
        Employee(
            employee_id=first_id + place * 3,
            name=name,
            surname=surname,
            short_number=f"{place + 1:04d}",
            full_number=phones.city() if rng.random() < 0.25 else phones.mobile(),
            department=DEPARTMENTS[place % len(DEPARTMENTS)],
            email=f"user{place + 1}@example.com",
        )
        for place, (name, surname) in enumerate(_distinct_names(rng, head_count))
    )


def find_customers(rng: random.Random, phones: PhoneBook, count: int) -> tuple[Customer, ...]:
    """Make the people outside; the address book knows three of four."""
    return tuple(
        Customer(phones.mobile(), " ".join(_name(rng)) if rng.random() < 0.75 else None) for _ in range(count)
    )


def _distinct_names(rng: random.Random, count: int) -> list[tuple[str, str]]:
    names: dict[tuple[str, str], None] = {}
    while len(names) < count:
        names[_name(rng)] = None
    return list(names)


def _name(rng: random.Random) -> tuple[str, str]:
    masculine, feminine = rng.choice(SURNAMES)
    if rng.random() < 0.5:
        return rng.choice(MALE_NAMES), masculine
    return rng.choice(FEMALE_NAMES), feminine
