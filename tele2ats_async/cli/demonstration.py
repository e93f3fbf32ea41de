"""What ``tele2ats demo`` and ``tele2ats simulator`` do: an ATS on this machine."""

import asyncio
import sys
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path

import typer
from rich.console import Console

from ..models import CallRecord
from ..session import AtsSession
from ..simulator import AtsSimulator, Company
from ..tokens import TokenPair
from .download import save
from .reports import print_report
from .running import OK, SOMETHING_FAILED, WRONG_USE, fail
from .tables import print_table
from .views import make_console, make_view, say

_MOSCOW = timezone(timedelta(hours=3))
_SHOWN_CALLS = 8
_LIVE_CALLS_PER_HOUR = 90
_ELSEWHERE = "type --port 0 for a free one, and no --host but one of this machine"


async def demonstrate(directory: Path, *, concurrency: int) -> int:
    """List a week of a simulated company's calls, mirror its recordings and transcripts, and report."""
    console = make_console()
    monday = _last_monday()
    sunday = monday + timedelta(days=6)
    company = Company.generate(last_day=sunday)
    start = datetime.combine(monday, time(), _MOSCOW)
    end = datetime.combine(sunday, time(23, 59, 59), _MOSCOW)
    async with (
        AtsSimulator(company=company) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url) as ats,
    ):
        say(console, f"A simulated ATS of {company.name} answers at {simulator.base_url}")
        calls = [record async for record in ats.call_records.iter(start, end)]
        names = [call.record_file_name for call in calls if call.record_file_name]
        say(console, f"{monday} to {sunday}: {len(calls)} calls, {len(names)} of them recorded")
        _print_calls(console, calls[:: max(1, len(calls) // _SHOWN_CALLS)])
        with make_view(console) as view:
            report = await save(ats, names, directory, view, transcripts=True, concurrency=concurrency)
    print_report(console, report, directory)
    return SOMETHING_FAILED if report.failed else OK


async def serve(host: str, port: int, *, seed: int) -> int:
    """Serve a simulated company until interrupted."""
    simulator = AtsSimulator(seed=seed, host=host, port=port, live_calls_per_hour=_LIVE_CALLS_PER_HOUR)
    try:
        await simulator.start()
    except OSError as error:
        fail(f"cannot listen on {host}:{port}: {error.strerror or error}; {_ELSEWHERE}", WRONG_USE)
    except UnicodeError:
        fail(f"--host: {host!r} is no name of a host; type 127.0.0.1", WRONG_USE)
    try:
        typer.echo(_instructions(simulator))
        await asyncio.Event().wait()
    finally:
        await simulator.close()
    return OK


def _instructions(simulator: AtsSimulator) -> str:
    records = simulator.company.records
    first, last = (record.date.astimezone().date() for record in (records[0], records[-1]))
    pair = simulator.tokens
    command = (
        f"TELE2ATS_BASE_URL={simulator.base_url} TELE2ATS_ACCESS_TOKEN={pair.access}"
        f" TELE2ATS_REFRESH_TOKEN={pair.refresh} {_own_command()}"
    )
    return f"""\
A simulated ATS of {simulator.company.name} answers at {simulator.base_url}
access token:  {pair.access}
refresh token: {pair.refresh}

Paste into a second terminal, to save a period once:

{command} download --start {first} --end {last} --directory recordings --transcripts

or to keep a directory up to date, again and again:

{command} mirror --start {first} --directory archive --transcripts

Press Ctrl-C to stop."""


def _own_command() -> str:
    """Give the command as it was typed, which is how it is found from the same folder."""
    return sys.argv[0] if Path(sys.argv[0]).name.startswith("tele2ats") else "tele2ats"


def _last_monday() -> date:
    """Give the Monday of the last whole week, so that a second demo finds what the first one saved."""
    today = datetime.now(_MOSCOW).date()
    return today - timedelta(days=today.weekday() + 7)


def _print_calls(console: Console, calls: list[CallRecord]) -> None:
    rows = [
        [
            f"{call.date.astimezone(_MOSCOW):%d.%m %H:%M:%S}",
            call.caller_name or call.caller_number or "",
            call.callee_name or call.callee_number or "",
            str(call.call_status),
            f"{call.conversation_duration or 0} s",
        ]
        for call in calls
    ]
    print_table(console, ["time", "caller", "callee", "status", "talk"], rows)
