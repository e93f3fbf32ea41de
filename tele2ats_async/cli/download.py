"""``tele2ats download``: the recordings of a period, with a report at the end."""

from collections.abc import AsyncIterator
from pathlib import Path

from ..models import CallRecord
from ..session import AtsSession
from .reports import Report, follow, print_report
from .running import OK, SOMETHING_FAILED
from .views import View, make_console, make_view


async def download(
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
