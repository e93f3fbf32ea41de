"""``tele2ats stats``: the figures of a period, and the journal of its numbers."""

from datetime import datetime
from functools import partial
from typing import Annotated

import attrs
import typer

from ..models import CommonStatistics, JournalEntry
from ..session import AtsSession
from .options import BaseUrl, End, Start, TokenFile, open_session, read_subscriber, require_texts
from .output import AsCsv, AsJson, AsJsonLines, Output, choose_output, print_fetched
from .reports import print_figures
from .rows import Sheet, show
from .running import OK, run, wrong_use
from .times import parse_period
from .views import make_console
from .zones import TimeZone

_FIGURES = Sheet(CommonStatistics, {})
_JOURNAL = Sheet(
    JournalEntry,
    {
        "number": lambda entry: entry.number,
        "calls": lambda entry: entry.number_of_calls,
        "successful": lambda entry: entry.number_of_success_calls,
        "from": lambda entry: entry.start_timestamp,
        "to": lambda entry: entry.end_timestamp,
    },
)
# What the names of the fields do not say.
_TITLES = {
    "mn_avg_call_duration": "average call duration, multi-channel number",
    "mn_max_call_duration": "max call duration, multi-channel number",
    "hangup_a_call_count": "hung up by the caller",
    "hangup_b_call_count": "hung up by the employee",
}

Period = tuple[datetime, datetime]


def stats(
    start: Start = "today",
    end: End = None,
    *,
    number: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="Only this number; default: the whole company.")
    ] = None,
    journal: Annotated[
        bool, typer.Option("--journal", help="Instead, how many calls each number had.")
    ] = False,
    as_json: AsJson = False,
    as_jsonl: AsJsonLines = False,
    as_csv: AsCsv = False,
    zone: TimeZone = None,
    token_file: TokenFile = None,
    base_url: BaseUrl = None,
) -> None:
    """Show the figures of a period, of the company or one number.

    Without a period they are those of today. Exit status: 0 shown, 1 the service did not answer, 2
    wrong use, 3 the tokens are spent.

    Example: tele2ats stats --start -7d --number 79998887766
    """
    with wrong_use():
        require_texts(start=start, end=end, number=number)
        output = choose_output(as_json=as_json, as_jsonl=as_jsonl, as_csv=as_csv, zone=zone)
        period = parse_period(start, end, zone)
        whose = None if number is None else read_subscriber("--number", number)
        session = open_session(token_file, base_url)
    if journal:
        fetch = partial(session.statistics.fetch_journal, *period, number=whose)
        run(print_fetched(output, _JOURNAL, session, fetch))
    run(_show_figures(session, period, whose, output))


async def _show_figures(session: AtsSession, period: Period, number: str | None, output: Output) -> int:
    async with session:
        figures = await session.statistics.fetch_common(*period, subscriber_number=number)
    if output.is_for_people:
        print_figures(make_console(), _rows(figures))
    else:
        output.print_one(_FIGURES, figures)
    return OK


def _rows(figures: CommonStatistics) -> list[tuple[str, str]]:
    """List the figures that there are, durations as hours, minutes and seconds."""
    rows: list[tuple[str, str]] = []
    for name, value in attrs.asdict(figures).items():
        if value is not None:
            shown = getattr(figures, name.replace("_duration", "_timedelta"))
            rows.append((_TITLES.get(name, name.replace("_", " ")), show(shown)))
    return rows
