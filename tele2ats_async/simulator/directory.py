"""Operation 4: the employees, as carefully kept as such lists are."""

from .company import Company
from .people import Employee


def list_employees(company: Company) -> list[dict[str, object]]:
    """Answer operation 4: in order of their ids."""
    return [_spell(person, place) for place, person in enumerate(company.employees)]


def _spell(person: Employee, place: int) -> dict[str, object]:
    """Spell an employee; the place in the list decides what nobody ever filled in."""
    row: dict[str, object] = {
        "employeeId": person.employee_id,
        "name": person.name,
        "surname": person.surname,
        "fullNumber": person.full_number,
        "shortNumber": person.short_number,
        "groupName": person.department,
        "email": person.email,
    }
    if place % 7 == 5:
        return {"employeeId": person.employee_id}
    if place % 5 == 2:
        return {name: row[name] for name in ("employeeId", "name", "fullNumber", "email")}
    if place % 5 == 3:
        return {**row, "groupName": None, "email": ""}
    return row
