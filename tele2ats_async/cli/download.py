"""``tele2ats download``: the recordings of a period, with a report at the end."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import attrs
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from ..models import CallRecord
from ..recordings import SaveOutcome
from ..session import AtsSession
from .running import OK, SOMETHING_FAILED
from .views import View, make_console, make_view, say


@attrs.define
class Report:
    """The figures of a run."""

    fetched: int = 0
    skipped: int = 0
    transcripts: int = 0
    size_bytes: int = 0
    failed: int = 0
    seconds: float = 0.0

    def add(self, outcome: SaveOutcome) -> None:
        """Count one outcome."""
        self.size_bytes += outcome.size_bytes
        self.transcripts += outcome.transcript_path is not None
        if outcome.error is not None:
            self.failed += 1
        elif outcome.skipped:
            self.skipped += 1
        else:
            self.fetched += 1

    def rows(self, directory: Path) -> list[tuple[str, str]]:
        """List the figures in the order of their telling."""
        return [
            ("fetched", str(self.fetched)),
            ("there already", str(self.skipped)),
            ("failed", str(self.failed)),
            ("transcripts", str(self.transcripts)),
            ("size", decimal(self.size_bytes)),
            ("time", f"{self.seconds:.1f} s"),
            ("folder", str(directory.resolve())),
        ]


async def download(
    session: AtsSession,
    pages: AsyncIterator[list[CallRecord]],
    directory: Path,
    *,
    transcripts: bool,
    concurrency: int,
) -> int:
    """Save the recordings of the listed calls, report, and give the exit status."""
    console = make_console()
    with make_view(console) as view:
        async with session:
            names = [row.record_file_name async for page in pages for row in page if row.record_file_name]
            report = await save(
                session, names, directory, view, transcripts=transcripts, concurrency=concurrency
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
) -> Report:
    """Save recordings and count what became of them."""
    report = Report()
    began_at = time.monotonic()
    view.listed(len(names))
    outcomes = session.recordings.save_many(
        names, directory, concurrency=concurrency, transcripts=transcripts, progress=view.received
    )
    async for outcome in outcomes:
        report.add(outcome)
        view.finished(outcome)
    report.seconds = time.monotonic() - began_at
    return report


def print_report(console: Console, report: Report, directory: Path) -> None:
    """Print the figures: a table for people, lines otherwise."""
    if not console.is_terminal:
        for title, figure in report.rows(directory):
            say(console, f"{title}: {figure}")
        return
    table = Table("recordings", "", show_header=False)
    for row in report.rows(directory):
        table.add_row(*row)
    console.print(table)
