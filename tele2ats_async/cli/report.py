"""``tele2ats report``: the figures of a period as one HTML page, from the service or from an archive."""

from collections.abc import AsyncIterator, Awaitable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.filesize import decimal

from .. import disk
from ..archive.reading import read_calls
from ..models import CallRecord
from ..report import LANGUAGES, Language, Report, ReportBuilder, render_html
from ..session import AtsSession
from .options import BaseUrl, End, Start, TokenFile, open_session, require_texts
from .paths import output_file, read_directory, require_archive
from .reports import print_figures
from .running import OK, run, wrong_use
from .times import parse_period
from .views import make_console
from .zones import TimeZone


def _read_language(text: str) -> Language:
    """Read the name of a language.

    Raises:
        typer.BadParameter: There is no page in it.
    """
    for language in LANGUAGES:
        if text == language:
            return language
    raise typer.BadParameter(f"{text!r} is none of the languages; type {' or '.join(LANGUAGES)}")


def report(
    start: Start,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            parser=output_file("report.html"),
            metavar="FILE",
            help="Where to write the page.",
        ),
    ],
    end: End = None,
    *,
    archive: Annotated[
        Path | None,
        typer.Option(
            parser=read_directory,
            metavar="DIRECTORY",
            help="Take the calls from what `mirror` has listed there, offline; default: from the service.",
        ),
    ] = None,
    language: Annotated[
        Language,
        typer.Option(parser=_read_language, metavar="|".join(LANGUAGES), help="Language of the page."),
    ] = "en",
    zone: TimeZone = None,
    token_file: TokenFile = None,
    base_url: BaseUrl = None,
) -> None:
    """Write the figures of a period into one HTML page.

    It has calls by day, hour, status, employee and queue. The page needs no network and no other file,
    and can be read on a phone and printed. It holds names and numbers of callers. An archive is only
    read, and needs no tokens. Exit status: 0 it is written, 1 the calls could not be had or the file
    not be written, 2 wrong use, 3 the tokens are spent, 130 interrupted.

    Example: tele2ats report --start 2026-11-01 --end 2026-11-30 -o report.html
    """
    with wrong_use():
        require_texts(start=start, end=end)
        first, last = parse_period(start, end, zone)
        builder = ReportBuilder(first, last, tz=zone)
        render_html(builder.build(), language=language)  # so that a package that is missing is told now
        if archive is None:
            session = open_session(token_file, base_url)
            pages = session.call_records.iter_pages(first, last)
            figures = _ask(session, pages, first, last, builder)
        else:
            _refuse_beside_archive(token_file=token_file, base_url=base_url)
            require_archive("--archive", archive)
            figures = disk.run(_read, archive, first, last, builder)
    run(_write(figures, output, language))


def _refuse_beside_archive(**given: Path | str | None) -> None:
    if refused := [f"--{option.replace('_', '-')}" for option, value in given.items() if value is not None]:
        raise ValueError(f"--archive: asks nothing of the service; leave out {', '.join(refused)}")


async def _ask(
    session: AtsSession,
    pages: AsyncIterator[list[CallRecord]],
    start: datetime,
    end: datetime,
    builder: ReportBuilder,
) -> Report:
    async with session:
        employees = await session.employees.fetch_all()
        statistics = await session.statistics.fetch_common(start, end)
        async for page in pages:
            builder.add(page)
    return builder.build(employees=employees, statistics=statistics)


def _read(archive: Path, start: datetime, end: datetime, builder: ReportBuilder) -> Report:
    with read_calls(archive, start, end) as (records, gaps):
        builder.add(records)
    return builder.build(gaps=gaps)


async def _write(figures: Awaitable[Report], output: Path, language: Language) -> int:
    """Write the page, whole or not at all, and tell the figures that matter."""
    report = await figures
    page = (await disk.run(partial(render_html, report, language=language))).encode()
    await disk.run(disk.write_whole, output, page)
    for first, after in report.gaps:
        typer.echo(
            f"tele2ats: warning: not listed for good, calls may be missing: {first.isoformat(timespec='seconds')}"
            f" to {after.isoformat(timespec='seconds')}",
            err=True,
        )
    print_figures(make_console(), _rows(report, len(page), output))
    return OK


def _rows(report: Report, size_bytes: int, output: Path) -> list[tuple[str, str]]:
    return [
        ("calls", str(report.total)),
        ("missed", str(report.missed)),
        ("not called back", str(report.unreturned_calls)),
        ("size", decimal(size_bytes)),
        ("page", str(output.resolve())),
    ]
