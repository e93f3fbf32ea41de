"""The commands and their arguments."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ..session import AtsSession
from ..version import __version__
from .download import download as download_period
from .mirror import mirror as mirror_period
from .mirror import verify as verify_directory
from .options import BaseUrl, TokenFile, environment, read_directory, require_texts
from .report import report
from .running import run, wrong_use
from .times import parse_age, parse_end, parse_start
from .token_commands import tokens
from .transcript import transcript
from .views import make_console, make_view

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(tokens, name="tokens")
app.command()(report)

_CONCURRENCY = 16

Transcripts = Annotated[
    bool, typer.Option("--transcripts", help="Save the transcripts too, as .json beside the recordings.")
]
Directory = Annotated[Path, typer.Option(parser=read_directory, metavar="DIRECTORY", help="Where to save.")]
Concurrency = Annotated[int, typer.Option(min=1, help="Recordings under way at once, at the most.")]


def _print_version(wanted: bool) -> None:  # noqa: FBT001  # how typer calls it
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def tele2ats(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Calls, recordings and transcripts of a Tele2/T2 corporate PBX (ATS)."""


@app.command()
def demo(
    directory: Directory = Path("tele2ats-demo"),
    concurrency: Concurrency = _CONCURRENCY,
) -> None:
    """Mirror a week of recordings and transcripts from a simulated ATS on this machine.

    Example: tele2ats demo
    """
    with wrong_use():
        from .demo import demo as run_demo  # noqa: PLC0415  # needs the extra "simulator"
    run(run_demo(directory, concurrency=concurrency))


@app.command()
def download(
    start: Annotated[str, typer.Option(help="First day or moment: 2026-11-01 or 2026-11-01T09:30.")],
    end: Annotated[str, typer.Option(help="Last day (whole) or moment.")],
    directory: Directory,
    *,
    transcripts: Transcripts = False,
    concurrency: Concurrency = _CONCURRENCY,
    processes: Annotated[int, typer.Option(min=1, help="How many processes save.")] = 1,
    token_file: TokenFile = None,
    base_url: BaseUrl = None,
) -> None:
    """Save all recordings of a period; what is there already is not fetched again.

    The tokens come from a file, or from TELE2ATS_ACCESS_TOKEN and TELE2ATS_REFRESH_TOKEN. Times
    without an offset are local. Exit status: 0 all is there, 1 something failed, 2 wrong use,
    3 the tokens are spent, 130 interrupted.

    Example: tele2ats download --start 2026-11-01 --end 2026-11-07 --directory recordings
    """
    with wrong_use():
        session = AtsSession.from_env(environment(token_file, base_url))
        pages = session.call_records.iter_pages(parse_start(start), parse_end(end), is_recorded=True)
    run(
        download_period(
            session, pages, directory, transcripts=transcripts, concurrency=concurrency, processes=processes
        )
    )


@app.command()
def mirror(
    directory: Directory,
    start: Annotated[
        str | None, typer.Option(help="First day or moment: 2026-11-01 or 2026-11-01T09:30.")
    ] = None,
    end: Annotated[str | None, typer.Option(help="Last day (whole) or moment; default: now.")] = None,
    *,
    transcripts: Transcripts = False,
    concurrency: Annotated[
        int | None,
        typer.Option(min=1, help=f"Recordings under way at once, at the most; default: {_CONCURRENCY}."),
    ] = None,
    keep: Annotated[
        str | None, typer.Option(help="Remove recordings older than this, in days: 90d; default: keep all.")
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Instead, compare all files with the index, and repair; offline.")
    ] = False,
    token_file: TokenFile = None,
    base_url: BaseUrl = None,
) -> None:
    """Keep a directory up to date: all calls of a period in archive.sqlite3, their recordings beside it.

    A run lists what is new and fetches what the index lacks, and nothing twice; killed at any moment, the next
    one goes on there. With --verify nothing is sent, and no tokens are needed: every file is read, and what is
    not as the index says is fetched again by the next run; a run alone does not look at old files. The tokens come from a file, or from
    TELE2ATS_ACCESS_TOKEN and TELE2ATS_REFRESH_TOKEN. Times without an offset are local. Exit status: 0 all is
    there, 1 something failed, was given up, missing or damaged, or another mirror is at work, 2 wrong use, 3 the
    tokens are spent, 130 interrupted.

    Example: tele2ats mirror --start 2026-11-01 --directory archive --keep 90d
    """
    with wrong_use():
        if verify:
            _refuse_beside_verify(
                start=start, end=end, keep=keep, transcripts=transcripts, concurrency=concurrency
            )
    if verify:
        run(verify_directory(directory))
    with wrong_use():
        require_texts(end=end, keep=keep)
        if start is None:
            raise ValueError("--start: not given; type the first day to mirror, such as 2026-11-01")
        session = AtsSession.from_env(environment(token_file, base_url))
        view = make_view(make_console())
        outcomes = session.recordings.mirror(
            parse_start(start),
            parse_end(end) if end else datetime.now(UTC),
            directory,
            transcripts=transcripts,
            concurrency=concurrency or _CONCURRENCY,
            keep=parse_age(keep) if keep else None,
            progress=view.received,
        )
    run(mirror_period(session, outcomes, view, directory, transcripts=transcripts))


def _refuse_beside_verify(**given: str | bool | int | None) -> None:
    if refused := [f"--{option}" for option, value in given.items() if value]:
        raise ValueError(f"--verify: looks at the whole directory; leave out {', '.join(refused)}")


@app.command()
def simulator(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 for a free one.")] = 8093,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    seed: Annotated[int, typer.Option(help="Another seed makes another company.")] = 1,
) -> None:
    """Serve a simulated ATS until interrupted, and print what another terminal needs to use it.

    Example: tele2ats simulator --port 8093
    """
    with wrong_use():
        from .demo import serve  # noqa: PLC0415  # needs the extra "simulator"
    run(serve(host, port, seed=seed), farewell="Stopped.")


app.command()(transcript)
