"""What a run of downloads comes to: counted while it goes on, told at its end."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import attrs
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from ..recordings import SaveOutcome
from .texts import in_one_line
from .views import View, say


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
        self.transcripts += outcome.transcript_path is not None and not outcome.skipped
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


async def follow(outcomes: AsyncIterator[SaveOutcome], view: View) -> Report:
    """Take the outcomes of a run, show them, and count them."""
    report = Report()
    began_at = time.monotonic()
    async for outcome in outcomes:
        report.add(outcome)
        view.finished(outcome)
    report.seconds = time.monotonic() - began_at
    return report


def print_report(console: Console, report: Report, directory: Path) -> None:
    """Print the figures of a run."""
    print_figures(console, report.rows(directory))


def print_figures(console: Console, rows: list[tuple[str, str]]) -> None:
    """Print figures with their names: a table for people, lines otherwise."""
    if not console.is_terminal:
        for title, figure in rows:
            say(console, f"{title}: {figure}")
        return
    table = Table("", "", show_header=False)
    for row in rows:
        table.add_row(*(Text(in_one_line(cell), overflow="fold") for cell in row))
    console.print(table)
