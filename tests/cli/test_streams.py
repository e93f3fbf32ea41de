"""Terminals, pipes that close, locales, interrupts: what only a process of its own has."""

import asyncio
import fcntl
import json
import os
import pty
import re
import signal
import struct
import termios
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from faults import answer_with, body
from processes import COMMAND, PATIENCE_S, Terminal, account, finish, read_all, run, start

from tele2ats_async.simulator import AtsSimulator, Company, faults

pytestmark = pytest.mark.asyncio

CALL = {"callType": "INTERNAL", "callerNumberShort": "0001"}
CONNECTED = CALL | {"calledNumberShort": "0002"}


def period(company: Company) -> list[str]:
    first, last = company.records[0].date, company.records[-1].date + timedelta(seconds=1)
    return ["--start", first.isoformat(), "--end", last.isoformat()]


async def on_a_terminal(
    simulator: AtsSimulator, *arguments: str, columns: int = 200, env: dict[str, str] | None = None
) -> str:
    """Run a command on a terminal of a width, and give what it shows."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = await start(
        *arguments, env={"TERM": "xterm-256color", **account(simulator), **(env or {})}, stdout=theirs
    )
    os.close(theirs)
    shown = await asyncio.to_thread(read_all, ours)
    assert 0 == await process.wait()
    return shown.replace("\r\n", "\n")


async def test_on_a_terminal_there_is_a_table_in_colour_unless_it_is_unwanted(
    simulator: AtsSimulator,
) -> None:
    """Lines and bold letters on a terminal; with NO_COLOR no escape sequence at all."""
    coloured = await on_a_terminal(simulator, "employees")
    plain = await on_a_terminal(simulator, "employees", env={"NO_COLOR": "1"})

    assert "\x1b[1m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    assert re.search(r"│ id +│ name +│ number", plain.replace("┃", "│"))


async def test_a_narrow_terminal_loses_nothing(simulator: AtsSimulator) -> None:
    """Where columns would be a few letters wide, each row is some lines."""
    arguments = ["records", *period(simulator.company), "--limit", "3"]
    record = simulator.company.records[0]
    narrow = await on_a_terminal(simulator, *arguments, columns=40)
    wide = await on_a_terminal(simulator, *arguments, columns=90, env={"NO_COLOR": "1"})

    assert f"recording: {record.record_file_name}\n" in narrow
    assert 3 == narrow.count("time: ")
    assert "│" not in narrow
    assert max(map(len, wide.splitlines())) <= 90
    assert "…" not in wide


@pytest.mark.parametrize("columns", [60, 82, 90, 110])
async def test_columns_break_between_words(simulator: AtsSimulator, columns: int) -> None:
    """A date or a name of which the last letter stands on the next line is not read but guessed."""
    arguments = ["records", *period(simulator.company)]
    shown = await on_a_terminal(simulator, *arguments, columns=columns, env={"NO_COLOR": "1"})

    words = set(re.split(r"[\s│]+", shown))
    for record in simulator.company.records:
        moment = f"{record.date.astimezone(ZoneInfo('Europe/Moscow')):%Y-%m-%d %H:%M:%S}"
        assert words.issuperset([*moment.split(), *(record.caller_name or "").split()])


async def test_programs_get_the_same_on_a_terminal(simulator: AtsSimulator) -> None:
    """`--jsonl` has no colours and no line breaks of the terminal's width."""
    shown = await on_a_terminal(simulator, "employees", "--jsonl", columns=20)
    piped = await run("employees", "--jsonl", env=account(simulator))

    assert piped.out == shown


@pytest.mark.parametrize(
    "variables",
    [{"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"PYTHONIOENCODING": "cp1251"}],
)
async def test_letters_that_the_locale_has_not(simulator: AtsSimulator, variables: dict[str, str]) -> None:
    """JSON and CSV are UTF-8 everywhere; a table has question marks, and no traceback."""
    expected = await run("employees", "--json", env=account(simulator))
    for form in ("--json", "--csv", "--jsonl"):
        finished = await run("employees", form, env={**account(simulator), **variables})

        assert (0, "") == (finished.status, finished.err)
        assert form != "--json" or expected.out == finished.out
        assert "�" not in finished.out
    table = await run("employees", env={**account(simulator), **variables})
    assert (0, "") == (table.status, table.err)


@pytest.mark.parametrize(
    "command",
    [
        "records --jsonl",
        "records --json",
        "records --csv",
        "records",
        "managers show 26",
        "--help",
        "--version",
        "managers list --help",
        "--show-completion bash",
    ],
)
async def test_whoever_reads_may_leave(simulator: AtsSimulator, command: str) -> None:
    """As after `| head`: nothing is complained of, and the status says that not all was read."""
    reading, writing = os.pipe()
    os.close(reading)
    words = command.split()
    arguments = [*words[:1], *(period(simulator.company) if "records" in words else []), *words[1:]]
    process = await start(*arguments, env=account(simulator), stdout=writing)
    os.close(writing)
    finished = await finish_silent(process)

    assert (141, "") == finished


async def finish_silent(process: asyncio.subprocess.Process) -> tuple[int | None, str]:
    """Wait for a process whose standard output is ours no more."""
    assert process.stderr is not None
    said = (await process.stderr.read()).decode()
    return await process.wait(), said


@pytest.mark.parametrize(("redirection", "status", "said"), [
    (">&-", 0, ""),
    (">/dev/full", 1, "tele2ats: cannot write the output: No space left on device\n"),
    (">/dev/full 2>&-", 1, ""),
])  # fmt: skip
@pytest.mark.parametrize(
    "command",
    [
        "employees",
        "employees --json",
        "records --csv",
        "blacklist list",
        "--help",
        "--version",
        "managers list --help",
    ],
)
async def test_an_output_that_takes_nothing(
    simulator: AtsSimulator, command: str, redirection: str, status: int, said: str
) -> None:
    """Closed, or full: a line or none, never a traceback."""
    process = await asyncio.create_subprocess_shell(
        f"{COMMAND} {command} {redirection}",
        env=os.environ | account(simulator),
        stderr=asyncio.subprocess.PIPE,
    )
    _, complaint = await process.communicate()

    assert (status, said) == (process.returncode, complaint.decode())


async def test_records_come_before_all_are_there() -> None:
    """Rows are printed page by page: memory does not grow with the listing."""
    company = Company.generate(seed=5, recordings=1500, duration_s=(1, 2))
    async with AtsSimulator(company=company) as simulator:
        simulator.inject(faults.DelayFirstByte(seconds=60), operations=[8], requests=[2])
        process = await start("records", *period(company), "--jsonl", env=account(simulator))
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE_S / 2):
            rows = [await process.stdout.readline() for _ in range(1000)]
        was_running = process.returncode is None
        process.send_signal(signal.SIGINT)
        finished = await finish(process)

    assert was_running
    assert company.records[0].record_file_name == json.loads(rows[0])["recordFileName"]
    assert (130, "", "tele2ats: Interrupted; nothing torn is left.\n") == (
        finished.status,
        finished.out,
        finished.err,
    )


@pytest.mark.parametrize(
    ("answer", "status", "is_done"),
    [("y\r", 0, True), ("n\r", 1, False), ("\r", 1, False), ("\x03", 130, False)],
)
@pytest.mark.parametrize("command", ["blacklist clear", "managers delete 26"])
async def test_what_destroys_asks(
    simulator: AtsSimulator,
    command: str,
    answer: str,
    status: int,
    is_done: bool,  # noqa: FBT001
) -> None:
    """Only a yes is a yes; whatever else is answered, nothing is sent."""
    async with Terminal(*command.split(), env=account(simulator)) as terminal:
        await terminal.shows("[y/N]")
        # Python that is about to read, but does not yet, notes Ctrl-C and reads all the same; no person is that quick.
        await asyncio.sleep(0.2)
        terminal.type(answer)
        assert status == await terminal.status()

    assert is_done == bool(simulator.requests)
    assert "Traceback" not in terminal.shown


async def test_watch_tells_what_happens(company: Company) -> None:
    """A call starts, is connected and ends: a line of JSON for each, at once, until it is stopped."""
    answers = [answer_with("/monitoring/calls", body(json.dumps(calls).encode(), content_type="application/json"),
                           times=1) for calls in ([CALL], [CONNECTED])]  # fmt: skip
    async with AtsSimulator(company=company, middlewares=answers) as simulator:
        process = await start("calls", "--watch", "--jsonl", "--tz", "UTC", env=account(simulator))
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            events = [json.loads(await process.stdout.readline()) for _ in range(3)]
        process.send_signal(signal.SIGINT)
        finished = await finish(process)

    assert ["started", "connected", "ended"] == [event["event"] for event in events]
    assert [None, "0002", "0002"] == [event["calledNumberShort"] for event in events]
    assert events[2]["durationSeconds"] > 0
    assert {
        "event", "at", "key", "durationSeconds", "callType", "callerNumberShort", "callerNumberFull",
        "calledNumberShort", "calledNumberFull",
    } == set(events[0])  # fmt: skip
    assert (130, "tele2ats: Stopped.\n") == (finished.status, finished.err)


async def test_watch_goes_on_when_the_service_fails(company: Company) -> None:
    """What fails is a line on the standard error, and it is asked again; people get lines, too."""
    queues = [{"queueName": "Продажи", "calls": ["79527648162"]}]
    answer = answer_with("/pending", body(json.dumps(queues).encode(), content_type="application/json"))
    async with AtsSimulator(company=company, middlewares=[answer]) as simulator:
        simulator.inject(faults.ServerErrors(), operations=[3], requests=[1])
        process = await start("queues", "--watch", env=account(simulator))
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            line = (await process.stdout.readline()).decode()
        process.send_signal(signal.SIGTERM)
        finished = await finish(process)

    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  entered  Продажи  79527648162\n", line)
    assert 130 == finished.status
    assert re.fullmatch(
        r"tele2ats: GET /monitoring/calls/pending answered 500.*; asking again\n"
        r"tele2ats: the service answers again\ntele2ats: Stopped.\n",
        finished.err,
    )


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("tele2ats rec", {"records"}),
        ("tele2ats managers d", {"delete"}),
        ("tele2ats records --rec", {"--recorded"}),
        ("tele2ats records --tz Europe/Mosc", {"Europe/Moscow"}),
    ],
)
async def test_the_shell_completes(typed: str, offered: set[str]) -> None:
    """Commands, options and the names of zones."""
    words = typed.split()
    finished = await run(
        env={
            "_TELE2ATS_COMPLETE": "complete_bash",
            "COMP_WORDS": typed,
            "COMP_CWORD": str(len(words) - 1),
        }
    )

    assert (0, offered) == (finished.status, set(finished.out.split()))
