"""``tele2ats download``: the recordings of a period, with a report at the end."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import typer

from ..models import CallRecord
from ..session import AtsSession
from .options import BaseUrl, End, Start, TokenFile, open_session, require_texts, whole_number
from .paths import output_directory
from .reports import Report, follow, print_report
from .running import OK, SOMETHING_FAILED, run, wrong_use
from .times import parse_period
from .views import View, make_console, make_view
from .zones import TimeZone

CONCURRENCY = 16
# What a mistyped number may cost: each recording under way has a task, and each process an interpreter.
MOST_CONCURRENT = 1000
_MOST_PROCESSES = 64

Transcripts = Annotated[
    bool, typer.Option("--transcripts", help="Save the transcripts too, as .json beside the recordings.")
]
Directory = Annotated[Path, typer.Option(parser=output_directory, metavar="DIRECTORY", help="Where to save.")]
Concurrency = Annotated[
    int,
    typer.Option(
        parser=whole_number(1, MOST_CONCURRENT),
        metavar="NUMBER",
        help="Recordings under way at once, at the most.",
    ),
]


def download(
    start: Start,
    directory: Directory,
    end: End = None,
    *,
    transcripts: Transcripts = False,
    concurrency: Concurrency = CONCURRENCY,
    processes: Annotated[
        int,
        typer.Option(
            parser=whole_number(1, _MOST_PROCESSES), metavar="NUMBER", help="How many processes save."
        ),
    ] = 1,
    zone: TimeZone = None,
    token_file: TokenFile = None,
    base_url: BaseUrl = None,
) -> None:
    """Save all recordings of a period.

    What is there already is not fetched again. The tokens come from a file, or from
    TELE2ATS_ACCESS_TOKEN and TELE2ATS_REFRESH_TOKEN. Times without an offset are local, or of --tz.
    Exit status: 0 all is there, 1 something failed, 2 wrong use, 3 the tokens are spent, 130
    interrupted.

    Example: tele2ats download --start -7d --directory recordings
    """
    with wrong_use():
        if processes > concurrency:
            raise ValueError(
                f"--processes: more than recordings at once; type --concurrency {processes}, too"
            )
        require_texts(start=start, end=end)
        session = open_session(token_file, base_url)
        pages = session.call_records.iter_pages(*parse_period(start, end, zone), is_recorded=True)
    run(
        _download(
            session, pages, directory, transcripts=transcripts, concurrency=concurrency, processes=processes
        )
    )


async def _download(
    session: AtsSession,
    pages: AsyncIterator[list[CallRecord]],
    directory: Path,
    *,
    transcripts: bool,
    concurrency: int,
    processes: int,
) -> int:
    """Save the recordings of the listed calls, report, and give the exit status."""
    console = make_console()
    with make_view(console) as view:
        async with session:
            names = [row.record_file_name async for page in pages for row in page if row.record_file_name]
            report = await save(
                session,
                names,
                directory,
                view,
                transcripts=transcripts,
                concurrency=concurrency,
                processes=processes,
            )
    print_report(console, report, directory)
    return SOMETHING_FAILED if report.failed else OK


async def save(
    session: AtsSession,
    names: list[str],
    directory: Path,
    view: View,
    *,
    transcripts: bool,
    concurrency: int,
    processes: int = 1,
) -> Report:
    """Save recordings and count what became of them."""
    view.listed(len(names))
    outcomes = session.recordings.save_many(
        names,
        directory,
        concurrency=concurrency,
        transcripts=transcripts,
        progress=view.received,
        processes=processes,
    )
    return await follow(outcomes, view)
