"""``tele2ats managers``: the personal managers of customers."""

from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Annotated

import typer

from ..errors import NotFound
from ..models import Customer, Manager
from ..session import AtsSession
from .asking_first import require_consent
from .manager_files import read_manager
from .options import BaseUrl, TokenFile, Yes, open_session, whole_number
from .output import AsCsv, AsJson, AsJsonLines, Output, choose_output, print_fetched
from .reports import print_figures
from .rows import Sheet, show
from .running import OK, SOMETHING_FAILED, fail, run, sent_once, wrong_use
from .tables import print_table
from .usage import Commands
from .views import make_console, say

managers = typer.Typer(cls=Commands, help="The personal managers of customers.")

_MANAGERS = Sheet(
    Manager,
    {
        "id": lambda manager: manager.id,
        "name": lambda manager: manager.name,
        "employee": lambda manager: manager.employee_id,
        "company": lambda manager: manager.company_id,
        "all customers": lambda manager: manager.handle_all_customers,
        "customers": lambda manager: len(manager.customers),
    },
)
_CUSTOMERS = Sheet(
    Customer,
    {
        "id": lambda customer: customer.id,
        "name": lambda customer: customer.name,
        "company": lambda customer: customer.company_name,
        "number": lambda customer: customer.real_number,
        "vip": lambda customer: customer.is_vip,
        "info": lambda customer: customer.info,
    },
)
_UNKNOWN = "the manager may have been saved; look with tele2ats managers list"

ManagerId = Annotated[
    int, typer.Argument(parser=whole_number(1), metavar="ID", help="The manager's id, as listed.")
]
ManagerFile = Annotated[
    str, typer.Argument(metavar="FILE", help="A file with the manager as JSON; - for the standard input.")
]


@managers.command("list")
def list_(
    *,
    as_json: AsJson = False,
    as_jsonl: AsJsonLines = False,
    as_csv: AsCsv = False,
    token_file: TokenFile = None,
    base_url: BaseUrl = None,
) -> None:
    """List the managers.

    Exit status: 0 listed, 1 the service did not answer, 2 wrong use, 3 the tokens are spent.

    Example: tele2ats managers list
    """
    with wrong_use():
        output = choose_output(as_json=as_json, as_jsonl=as_jsonl, as_csv=as_csv)
        session = open_session(token_file, base_url)
    run(print_fetched(output, _MANAGERS, session, session.managers.fetch_all))


@managers.command("show")
def show_(
    manager_id: ManagerId,
    *,
    as_json: AsJson = False,
    as_jsonl: AsJsonLines = False,
    as_csv: AsCsv = False,
    token_file: TokenFile = None,
    base_url: BaseUrl = None,
) -> None:
    """Show a manager and the manager's customers.

    With --json it is what update takes. Exit status: 0 shown, 1 there is none, or the service did not
    answer, 2 wrong use, 3 the tokens are spent.

    Example: tele2ats managers show 26 --json
    """
    with wrong_use():
        output = choose_output(as_json=as_json, as_jsonl=as_jsonl, as_csv=as_csv)
        session = open_session(token_file, base_url)
    run(_show(session, manager_id, output))


@managers.command()
def create(file: ManagerFile, *, token_file: TokenFile = None, base_url: BaseUrl = None) -> None:
    """Make a manager from JSON.

    It has name, employeeId, customers and handleAllCustomers. The request is never sent twice. Exit
    status: 0 made, 1 not made, or not known to be, 2 wrong use, 3 the tokens are spent, 130
    interrupted.

    Example: tele2ats managers create manager.json
    """
    with wrong_use():
        manager = read_manager(file)
        if manager.id is not None:
            raise ValueError(
                f"id: the service gives it; leave it out, or type tele2ats managers update {file} to change"
                f" manager {manager.id}"
            )
        session = open_session(token_file, base_url)
    run(_save(session, session.managers.create, manager, "made"), farewell=f"Interrupted; {_UNKNOWN}.")


@managers.command()
def update(file: ManagerFile, *, token_file: TokenFile = None, base_url: BaseUrl = None) -> None:
    """Change a manager to what is in the JSON.

    It is as "managers show --json" prints it, with its id. Exit status: 0 changed, 1 not changed, or
    not known to be, 2 wrong use, 3 the tokens are spent, 130 interrupted.

    Example: tele2ats managers update manager.json
    """
    with wrong_use():
        manager = read_manager(file)
        if manager.id is None or manager.id < 1:
            raise ValueError("id: not given; type the one that tele2ats managers list shows")
        session = open_session(token_file, base_url)
    run(_save(session, session.managers.update, manager, "changed"), farewell=f"Interrupted; {_UNKNOWN}.")


@managers.command()
def delete(
    manager_id: ManagerId, *, yes: Yes = False, token_file: TokenFile = None, base_url: BaseUrl = None
) -> None:
    """Remove a manager; it asks first.

    Exit status: 0 removed, 1 the answer was no, there is none, or the service did not do it, 2 wrong use,
    3 the tokens are spent, 130 interrupted.

    Example: tele2ats managers delete 26 --yes
    """
    with wrong_use():
        session = open_session(token_file, base_url)
        require_consent(f"tele2ats managers delete {manager_id}", f"Remove manager {manager_id}?", yes=yes)
    run(_delete(session, manager_id))


async def _show(session: AtsSession, manager_id: int, output: Output) -> int:
    async with session:
        with _no_such_manager(manager_id):
            manager = await session.managers.fetch(manager_id)
    if not output.is_for_people:
        output.print_one(_MANAGERS, manager)
        return OK
    console = make_console()
    print_figures(console, [(title, show(value(manager))) for title, value in _MANAGERS.columns.items()])
    if manager.customers:
        rows = [_CUSTOMERS.cells(customer, None) for customer in manager.customers]
        print_table(console, [*_CUSTOMERS.columns], rows)
    return OK


async def _save(
    session: AtsSession, save: Callable[[Manager], Awaitable[None]], manager: Manager, done: str
) -> int:
    async with session:
        with sent_once(_UNKNOWN, "nothing was saved"), _no_such_manager(manager.id):
            await save(manager)
    say(make_console(), f"{done}: {manager.name}")
    return OK


@contextmanager
def _no_such_manager(manager_id: int | None) -> Generator[None, None, None]:
    try:
        yield
    except NotFound as error:
        if manager_id is None:  # of one to be made, it is something else that was not found
            raise
        fail(f"{error}; tele2ats managers list shows which there are, not {manager_id}", SOMETHING_FAILED)


async def _delete(session: AtsSession, manager_id: int) -> int:
    async with session:
        with _no_such_manager(manager_id):
            await session.managers.delete(manager_id)
    say(make_console(), f"removed: manager {manager_id}")
    return OK
