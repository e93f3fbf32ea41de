"""``tele2ats mirror``: an account in a directory, kept up to date, and proved to be whole."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from pathlib import Path

from ..archive import ArchiveReport, verify_archive
from ..archive.stock import take_stock
from ..recordings import SaveOutcome
from ..session import AtsSession
from .reports import follow, print_figures
from .running import OK, SOMETHING_FAILED
from .views import View, make_console, say


async def mirror(
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


async def verify(directory: Path) -> int:
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
