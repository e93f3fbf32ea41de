"""``tele2ats blacklist``: numbers that may not call."""

from typing import Annotated

import typer

from ..models import BlacklistEntry
from ..session import AtsSession
from .asking_first import require_consent
from .options import BaseUrl, TokenFile, Yes, open_session, read_full_number
from .output import AsCsv, AsJson, AsJsonLines, choose_output, print_fetched
from .rows import Sheet
from .running import OK, run, wrong_use
from .usage import Commands
from .views import make_console, say

blacklist = typer.Typer(cls=Commands, help="The numbers that may not call.")

_ENTRIES = Sheet(
    BlacklistEntry,
    {
        "id": lambda entry: entry.id,
        "number": lambda entry: entry.number,
        "source": lambda entry: entry.source_type,
    },
)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The number, as people write it.")]


@blacklist.command("list")
def list_(
    *,
    as_json: AsJson = False,
    as_jsonl: AsJsonLines = False,
    as_csv: AsCsv = False,
    token_file: TokenFile = None,
    base_url: BaseUrl = None,
) -> None:
    """List the numbers that may not call.

    Exit status: 0 listed, 1 the service did not answer, 2 wrong use, 3 the tokens are spent.

    Example: tele2ats blacklist list --csv
    """
    with wrong_use():
        output = choose_output(as_json=as_json, as_jsonl=as_jsonl, as_csv=as_csv)
        session = open_session(token_file, base_url)
    run(print_fetched(output, _ENTRIES, session, session.blacklist.fetch_all))


@blacklist.command()
def add(number: Number, *, token_file: TokenFile = None, base_url: BaseUrl = None) -> None:
    """Put a number on the blacklist.

    Whether it was there already is said. Exit status: 0 it is there, 1 the service did not do it, 2
    wrong use, 3 the tokens are spent.

    Example: tele2ats blacklist add "+7 999 888-77-66"
    """
    with wrong_use():
        number = read_full_number("NUMBER", number)
        session = open_session(token_file, base_url)
    run(_add(session, number))


@blacklist.command()
def remove(number: Number, *, token_file: TokenFile = None, base_url: BaseUrl = None) -> None:
    """Take a number off the blacklist.

    Exit status: 0 it may call, 1 the service did not do it, 2 wrong use, 3 the tokens are spent.

    Example: tele2ats blacklist remove 79998887766
    """
    with wrong_use():
        number = read_full_number("NUMBER", number)
        session = open_session(token_file, base_url)
    run(_remove(session, number))


@blacklist.command()
def clear(*, yes: Yes = False, token_file: TokenFile = None, base_url: BaseUrl = None) -> None:
    """Take all numbers off the blacklist; it asks first.

    Exit status: 0 it is empty, 1 the answer was no, or the service did not do it, 2 wrong use, 3 the tokens
    are spent, 130 interrupted.

    Example: tele2ats blacklist clear --yes
    """
    with wrong_use():
        session = open_session(token_file, base_url)
        require_consent("tele2ats blacklist clear", "Take all numbers off the blacklist?", yes=yes)
    run(_clear(session))


async def _add(session: AtsSession, number: str) -> int:
    async with session:
        is_new = await session.blacklist.add(number)
    say(
        make_console(),
        f"{number} is on the blacklist" if is_new else f"{number} was on the blacklist already",
    )
    return OK


async def _remove(session: AtsSession, number: str) -> int:
    async with session:
        await session.blacklist.remove(number)
    say(make_console(), f"{number} is not on the blacklist any more")
    return OK


async def _clear(session: AtsSession) -> int:
    async with session:
        await session.blacklist.clear()
    say(make_console(), "the blacklist is empty")
    return OK
