"""``tele2ats records``: the list of finished calls."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from difflib import get_close_matches
from typing import Annotated

import typer

from ..models import CallRecord
from ..session import AtsSession
from .options import (
    BaseUrl,
    End,
    Start,
    TokenFile,
    open_session,
    read_number,
    require_texts,
    whole_number,
)
from .output import AsCsv, AsJson, AsJsonLines, Output, choose_output
from .rows import Sheet
from .running import OK, run, wrong_use
from .times import parse_period
from .zones import TimeZone

_RECORDS = Sheet(
    CallRecord,
    {
        "time": lambda record: record.date,
        "type": lambda record: record.call_type,
        "caller": lambda record: record.caller_name or record.caller_number,
        "callee": lambda record: record.callee_name or record.callee_number or record.destination_number,
        "status": lambda record: record.call_status,
        "talk": lambda record: record.conversation_timedelta,
        "recording": lambda record: record.record_file_name,
    },
)
_PAGE_ROWS = 1000

Caller = Annotated[str | None, typer.Option(metavar="NUMBER", help="Only calls from this number.")]
Callee = Annotated[
    str | None,
    typer.Option(metavar="NUMBER", help="Only calls to this number; with --caller, between the two."),
]


def records(
    start: Start = "today",
    end: End = None,
    *,
    caller: Caller = None,
    callee: Callee = None,
    recorded: Annotated[bool, typer.Option("--recorded", help="Only calls with a recording.")] = False,
    sort: Annotated[
        str, typer.Option(metavar="FIELD,ORDER", help="date,ASC or date,DESC, or any field of --json.")
    ] = "date,ASC",
    limit: Annotated[
        int | None,
        typer.Option(parser=whole_number(1), metavar="NUMBER", help="No more calls than this; default: all."),
    ] = None,
    as_json: AsJson = False,
    as_jsonl: AsJsonLines = False,
    as_csv: AsCsv = False,
    zone: TimeZone = None,
    token_file: TokenFile = None,
    base_url: BaseUrl = None,
) -> None:
    """List the finished calls of a period; without one, of today.

    With --json, --jsonl and --csv, calls are printed as they come, whatever their number. Exit status:
    0 listed, 1 the service did not answer, 2 wrong use, 3 the tokens are spent, 130 interrupted, 141
    the reader left.

    Example: tele2ats records --start -7d --recorded --limit 20
    """
    with wrong_use():
        require_texts(start=start, end=end, caller=caller, callee=callee)
        output = choose_output(as_json=as_json, as_jsonl=as_jsonl, as_csv=as_csv, zone=zone)
        _require_sort(sort)
        session = open_session(token_file, base_url)
        pages = session.call_records.iter_pages(
            *parse_period(start, end, zone),
            caller=None if caller is None else read_number("--caller", caller),
            callee=None if callee is None else read_number("--callee", callee),
            is_recorded=recorded or None,
            size=min(limit or _PAGE_ROWS, _PAGE_ROWS),
            sort=sort,
        )
    run(_list(session, pages, output, limit))


async def _list(
    session: AtsSession, pages: AsyncGenerator[list[CallRecord], None], output: Output, limit: int | None
) -> int:
    writer = output.writer(_RECORDS)
    async with session, aclosing(pages):
        left = limit
        async for page in pages:
            for record in page[:left]:
                writer.add(record)
            output.flush()
            if left is not None:
                left -= min(left, len(page))
                if not left:
                    break
    writer.end()
    return OK


def _require_sort(sort: str) -> None:
    """Refuse an order by a field that the service has not got: nobody knows what it would do.

    Raises:
        ValueError: There is no such field or no such order.
    """
    field, _, order = sort.partition(",")
    if field not in _RECORDS.names or order not in ("ASC", "DESC"):
        near = get_close_matches(field, _RECORDS.names, 1) or ["date"]
        raise ValueError(f"--sort: {sort!r} is no order; type {near[0]},ASC or {near[0]},DESC")
