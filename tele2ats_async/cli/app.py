"""All commands: each is a function in a file of its own, and a line here."""

from typing import Annotated

import typer

from ..version import __version__
from .blacklist import blacklist
from .demo import demo, simulator
from .dial import dial
from .download import download
from .employees import employees
from .managers import managers
from .mirror import mirror
from .monitoring import calls, queues
from .records import records
from .report import report
from .stats import stats
from .token_commands import tokens
from .transcript import transcript
from .usage import Commands


def _print_version(wanted: bool) -> None:  # noqa: FBT001  # how typer calls it
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


def _tele2ats(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Calls, recordings and transcripts of a Tele2/T2 corporate PBX (ATS)."""


app = typer.Typer(
    cls=Commands,
    callback=_tele2ats,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for command in (
    calls,
    queues,
    employees,
    dial,
    stats,
    records,
    download,
    mirror,
    transcript,
    report,
    demo,
    simulator,
):
    app.command()(command)
for name, group in {"managers": managers, "blacklist": blacklist, "tokens": tokens}.items():
    app.add_typer(group, name=name)
