"""``tele2ats employees``: the company's employees."""

from ..models import Employee
from .options import BaseUrl, TokenFile, open_session
from .output import AsCsv, AsJson, AsJsonLines, choose_output, print_fetched
from .rows import Sheet
from .running import run, wrong_use

_EMPLOYEES = Sheet(
    Employee,
    {
        "id": lambda employee: employee.employee_id,
        "name": lambda employee: " ".join(filter(None, (employee.name, employee.surname))),
        "number": lambda employee: employee.full_number,
        "short": lambda employee: employee.short_number,
        "group": lambda employee: employee.group_name,
        "email": lambda employee: employee.email,
    },
)


def employees(
    *,
    as_json: AsJson = False,
    as_jsonl: AsJsonLines = False,
    as_csv: AsCsv = False,
    token_file: TokenFile = None,
    base_url: BaseUrl = None,
) -> None:
    """List the employees and their numbers.

    Exit status: 0 listed, 1 the service did not answer, 2 wrong use, 3 the tokens are spent.

    Example: tele2ats employees --csv
    """
    with wrong_use():
        output = choose_output(as_json=as_json, as_jsonl=as_jsonl, as_csv=as_csv)
        session = open_session(token_file, base_url)
    run(print_fetched(output, _EMPLOYEES, session, session.employees.fetch_all))
