"""``tele2ats dial``: an employee's phone rings, and then the number that is called."""

from typing import Annotated

import typer

from ..errors import NotFound
from ..session import AtsSession
from .options import BaseUrl, TokenFile, open_session, read_number
from .running import OK, SOMETHING_FAILED, fail, run, sent_once, wrong_use
from .views import make_console, say

_UNKNOWN = "the call may have been placed; look with tele2ats calls before you dial again"


def dial(
    source: Annotated[str, typer.Option(metavar="NUMBER", help="The employee's number, full or short.")],
    destination: Annotated[str, typer.Option(metavar="NUMBER", help="The number to call.")],
    *,
    token_file: TokenFile = None,
    base_url: BaseUrl = None,
) -> None:
    """Place a call: the employee's phone rings first.

    When it is answered, the number is called. The request is never sent twice. Exit status: 0 placed, 1
    not placed, or not known to be, 2 wrong use, 3 the tokens are spent, 130 interrupted.

    Example: tele2ats dial --source 0001 --destination "8 (999) 888-77-66"
    """
    with wrong_use():
        source = read_number("--source", source)
        destination = read_number("--destination", destination)
        if source == destination:
            raise ValueError(f"--destination: {destination} would call itself; type another number")
        session = open_session(token_file, base_url)
    run(_dial(session, source, destination), farewell=f"Interrupted; {_UNKNOWN}.")


async def _dial(session: AtsSession, source: str, destination: str) -> int:
    async with session:
        try:
            with sent_once(_UNKNOWN, "no call was placed"):
                await session.calls.dial(destination=destination, source=source)
        except NotFound as error:
            fail(
                f"{error}; no call was placed: see tele2ats employees for who {source} may be",
                SOMETHING_FAILED,
            )
    say(make_console(), f"placed: {source} rings, then {destination} is called")
    return OK
