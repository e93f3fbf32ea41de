"""``tele2ats mirror``: an account in a directory, kept up to date, and proved to be whole."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Annotated

import typer

from ..archive import ArchiveReport, verify_archive
from ..archive.stock import take_stock
from ..recordings import SaveOutcome
from ..session import AtsSession
from .download import CONCURRENCY, MOST_CONCURRENT, Directory, Transcripts
from .options import BaseUrl, End, TokenFile, open_session, require_texts, whole_number
from .paths import require_archive
from .reports import follow, print_figures
from .running import OK, SOMETHING_FAILED, run, wrong_use
from .times import parse_age, parse_period
from .views import View, make_console, make_view, say
from .zones import TimeZone


def mirror(
    directory: Directory,
    start: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="First day or moment: 2026-11-01, 2026-11-01T09:30, today, -7d."),
    ] = None,
    end: End = None,
    *,
    transcripts: Transcripts = False,
    concurrency: Annotated[
        int | None,
        typer.Option(
            parser=whole_number(1, MOST_CONCURRENT),
            metavar="NUMBER",
            help=f"Recordings under way at once, at the most; default: {CONCURRENCY}.",
        ),
    ] = None,
    keep: Annotated[
        str | None,
        typer.Option(
            metavar="DAYS", help="Remove recordings older than this, in days: 90d; default: keep all."
        ),
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Instead, compare all files with the index, and repair; offline.")
    ] = False,
    zone: TimeZone = None,
    token_file: TokenFile = None,
    base_url: BaseUrl = None,
) -> None:
    """Keep a directory up to date with the calls of a period.

    They are in archive.sqlite3, their recordings beside it. A run lists what is new and fetches what
    the index lacks, and nothing twice; killed at any moment, the next one goes on there. With --verify
    nothing is sent, and no tokens are needed: every file is read, and what is not as the index says is
    fetched again by the next run; a run alone does not look at old files. The tokens come from a file,
    or from TELE2ATS_ACCESS_TOKEN and TELE2ATS_REFRESH_TOKEN. Times without an offset are local, or of
    --tz. Exit status: 0 all is there, 1 something failed, was given up, missing or damaged, or another
    mirror is at work, 2 wrong use, 3 the tokens are spent, 130 interrupted.

    Example: tele2ats mirror --start 2026-11-01 --directory archive --keep 90d
    """
    with wrong_use():
        if verify:
            _refuse_beside_verify(
                start=start, end=end, keep=keep, transcripts=transcripts, concurrency=concurrency, tz=zone
            )
            require_archive("--directory", directory)
    if verify:
        run(_verify(directory))
    with wrong_use():
        require_texts(start=start, end=end, keep=keep)
        if start is None:
            raise ValueError("--start: not given; type the first day to mirror, such as 2026-11-01")
        session = open_session(token_file, base_url)
        view = make_view(make_console())
        outcomes = session.recordings.mirror(
            *parse_period(start, end, zone),
            directory,
            transcripts=transcripts,
            concurrency=concurrency or CONCURRENCY,
            keep=parse_age(keep) if keep else None,
            progress=view.received,
        )
    run(_mirror(session, outcomes, view, directory, transcripts=transcripts))


def _refuse_beside_verify(**given: object) -> None:
    if refused := [f"--{option}" for option, value in given.items() if value]:
        raise ValueError(f"--verify: looks at the whole directory; leave out {', '.join(refused)}")


async def _mirror(
    session: AtsSession,
    outcomes: AsyncGenerator[SaveOutcome, None],
    view: View,
    directory: Path,
    *,
    transcripts: bool,
) -> int:
    """Run a mirror to its end, report, and give the exit status."""
    before = await take_stock(directory)
    with view:
        async with session, aclosing(outcomes):
            report = await follow(outcomes, view)
    stock = await take_stock(directory)
    given_up = stock.given_up + transcripts * stock.transcripts_given_up
    asked_later = stock.asked_later + transcripts * stock.transcripts_asked_later
    *figures, folder = report.rows(directory)
    figures += [
        ("given up", str(given_up)),
        ("asked later", str(asked_later)),
        ("removed", str(stock.removed - before.removed)),
        ("archive holds", str(stock.held)),
    ]
    print_figures(make_console(), [*figures, folder])
    return SOMETHING_FAILED if report.failed or given_up or asked_later else OK


async def _verify(directory: Path) -> int:
    """Compare an archive's files with its index, report, and give the exit status."""
    report = await verify_archive(directory)
    console = make_console()
    for line in _lines(report):
        say(console, line)
    print_figures(console, _rows(report, directory))
    return OK if report.agreed else SOMETHING_FAILED


def _lines(report: ArchiveReport) -> Iterator[str]:
    """Name the files that did not agree, not all where they are very many."""
    for kind, count in (
        ("missing", report.missing),
        ("damaged", report.damaged),
        ("adopted", report.adopted),
        ("unreadable", report.unreadable),
    ):
        examples = report.examples.get(kind, [])
        yield from (f"{kind} {file}" for file in examples)
        if more := count - len(examples):
            yield f"{kind} {more} more"


def _rows(report: ArchiveReport, directory: Path) -> list[tuple[str, str]]:
    return [
        ("intact", str(report.intact)),
        ("missing", str(report.missing)),
        ("damaged", str(report.damaged)),
        ("adopted", str(report.adopted)),
        ("leftovers", str(report.leftovers)),
        ("unknown", str(report.unknown)),
        ("unreadable", str(report.unreadable)),
        ("folder", str(directory.resolve())),
    ]
