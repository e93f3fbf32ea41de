"""The command line, as a process of its own."""

import asyncio
import json
import os
import pty
import re
import shlex
import signal
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from faults import RECORDING, Trickle, answer_with, body
from processes import COMMAND, account, finish, read_all, run, start

from tele2ats_async import FileTokenStore, TokenPair, __version__
from tele2ats_async.simulator import AtsSimulator, Company

pytestmark = pytest.mark.asyncio

CABINET = "Сгенерировать токен"


def week(company: Company, directory: Path, *more: str) -> list[str]:
    """Give the arguments that download everything."""
    first = (company.records[0].date - timedelta(days=1)).date()
    last = (company.records[-1].date + timedelta(days=1)).date()
    return ["download", "--start", str(first), "--end", str(last), "--directory", str(directory), *more]


def files_below(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


async def test_the_demo_mirrors_a_week_and_finds_it_there_again(tmp_path: Path) -> None:
    """The first run saves everything, the second fetches nothing; piped, both print plain lines."""
    first = await run("demo", "--directory", str(tmp_path / "week"))
    second = await run("demo", "--directory", str(tmp_path / "week"))

    assert (0, "") == (first.status, first.err)
    assert (0, "") == (second.status, second.err)
    recordings = list((tmp_path / "week").rglob("*.mp3"))
    assert len(recordings) > 100
    assert len(recordings) == len(list((tmp_path / "week").rglob("*.json")))
    assert f"fetched: {len(recordings)}\nthere already: 0\nfailed: 0\n" in first.out
    assert f"fetched: 0\nthere already: {len(recordings)}\nfailed: 0\ntranscripts: 0\n" in second.out
    assert len(recordings) == first.out.count("saved ")
    assert 0 == second.out.count("saved ")
    assert f"folder: {tmp_path / 'week'}\n" in first.out
    assert "\x1b" not in first.out


async def test_on_a_terminal_there_are_bars_and_a_table(company: Company, tmp_path: Path) -> None:
    """People see files, bytes, speed and time left, failures above the bar, and a table at the end."""
    sorry = body(b"<html>Sorry</html>", content_type="text/html")
    async with AtsSimulator(
        company=company, middlewares=[answer_with(RECORDING, sorry, times=1)]
    ) as simulator:
        ours, theirs = pty.openpty()
        process = await start(
            *week(company, tmp_path),
            env={**account(simulator), "TERM": "xterm", "COLUMNS": "120"},
            stdout=theirs,
        )
        os.close(theirs)
        shown = await asyncio.to_thread(read_all, ours)
        status = await process.wait()

    assert 1 == status
    assert "\x1b[" in shown
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)
    assert re.search(r"saving .* 60/60 files .* MB/s \d:\d\d:\d\d", re.sub(r"(kB|bytes)/s", "MB/s", text))
    assert "is not MP3 audio" in text
    assert re.search(r"│ fetched\s+│ 59 ", text)
    assert re.search(r"│ failed\s+│ 1 ", text)


@pytest.mark.parametrize("variables", [{"FORCE_COLOR": "1"}, {"PYTHONIOENCODING": "cp1252"}])
async def test_a_pipe_gets_plain_lines_whatever_the_environment_says(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    """No colours where nobody sees them, and no traceback where a pipe cannot hold Cyrillic letters."""
    finished = await run("demo", "--directory", str(tmp_path), env=variables)

    assert (0, "") == (finished.status, finished.err)
    assert "\x1b" not in finished.out
    assert "failed: 0\n" in finished.out


async def test_it_says_its_version() -> None:
    """`--version` is what people paste into a report."""
    finished = await run("--version")

    assert (0, f"{__version__}\n") == (finished.status, finished.out)


async def test_it_runs_as_a_module() -> None:
    """`python -m tele2ats_async` is for those who do not have the script on their path."""
    module = "import runpy; runpy.run_module('tele2ats_async', run_name='__main__')"
    finished = await finish(await start("--version", code=module))

    assert (0, f"{__version__}\n") == (finished.status, finished.out)


async def test_without_the_extra_it_says_what_to_install() -> None:
    """A package installed without `[cli]` answers with the command that helps, as all wrong use is answered."""
    code = "import sys; sys.modules['typer'] = None; from tele2ats_async.cli import main; main()"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    finished = await finish(process)

    assert (2, "") == (finished.status, finished.out)
    assert (
        'tele2ats: the command line needs more packages: pip install "tele2ats_async[cli]"\n' == finished.err
    )


def impatient(directory: Path, *modules: str) -> dict[str, str]:
    """Give the variables with which somebody presses Ctrl-C when modules are about to be loaded."""
    (directory / "sitecustomize.py").write_text(f"""
import signal, sys
class Person:
    def find_spec(self, name, path, target=None):
        if name in {modules!r}:
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Person())
""")
    return {"PYTHONPATH": str(directory)}


@pytest.mark.parametrize("module", ["tele2ats_async", "tele2ats_async.session", "aiohttp"])
async def test_an_interrupt_while_the_package_loads(module: str, tmp_path: Path) -> None:
    """It ends as what Ctrl-C kills: nothing was sent, and nothing of the command is there to say so."""
    finished = await run("employees", env=impatient(tmp_path, module))

    assert (-signal.SIGINT, "", "") == (finished.status, finished.out, finished.err)


async def test_an_interrupt_while_it_loads_is_a_line(tmp_path: Path) -> None:
    """Who sees a mistake right after the return key presses Ctrl-C before typer is there."""
    finished = await run("employees", env=impatient(tmp_path, "typer"))

    assert (130, "", "tele2ats: Interrupted; nothing was sent.\n") == (
        finished.status,
        finished.out,
        finished.err,
    )


async def test_an_interrupt_that_is_ignored_stays_so(tmp_path: Path) -> None:
    """What a script starts in the background is not ended by Ctrl-C."""
    code = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    env = impatient(tmp_path, "tele2ats_async", "typer")
    finished = await finish(await start(COMMAND, "--version", code=code, env=env))

    assert (0, f"{__version__}\n", "") == (finished.status, finished.out, finished.err)


async def test_download_saves_a_period(simulator: AtsSimulator, names: list[str], tmp_path: Path) -> None:
    """All recordings and transcripts are there, with tokens from the environment."""
    finished = await run(*week(simulator.company, tmp_path, "--transcripts"), env=account(simulator))

    assert (0, "") == (finished.status, finished.err)
    assert 2 * len(names) == len(files_below(tmp_path))
    for name in names:
        assert simulator.recording(name) == (tmp_path / f"{name}.mp3").read_bytes()
    assert f"fetched: {len(names)}\nthere already: 0\nfailed: 0\ntranscripts: {len(names)}\n" in finished.out


async def test_download_keeps_a_refreshed_pair_in_the_token_file(
    simulator: AtsSimulator, names: list[str], tmp_path: Path
) -> None:
    """A pair that dies in use is replaced in the file, so that the next run can log in."""
    token_file = tmp_path / "tokens.json"
    await FileTokenStore(token_file).save(TokenPair(*simulator.tokens))
    simulator.expire_access_token()
    finished = await run(
        *week(simulator.company, tmp_path / "a"),
        "--token-file",
        str(token_file),
        "--base-url",
        simulator.base_url,
    )

    assert (0, 1) == (finished.status, simulator.refresh_count)
    assert len(names) == len(files_below(tmp_path / "a"))
    assert {"accessToken": simulator.tokens.access, "refreshToken": simulator.tokens.refresh} == json.loads(
        token_file.read_text()
    )


async def test_failed_recordings_are_listed_and_told_by_the_status(
    company: Company, names: list[str], tmp_path: Path
) -> None:
    """One bad recording: the others are saved, it is named, exit status 1."""
    sorry = body(b"<html>Sorry</html>", content_type="text/html")
    async with AtsSimulator(
        company=company, middlewares=[answer_with(RECORDING, sorry, times=1)]
    ) as simulator:
        finished = await run(*week(company, tmp_path), env=account(simulator))

    assert 1 == finished.status
    assert len(names) - 1 == len(files_below(tmp_path))
    failed = [line for line in finished.out.splitlines() if line.startswith("failed: recording ")]
    assert 1 == len(failed)
    assert "is not MP3 audio: its type is 'text/html" in failed[0]
    assert "failed: 1\n" in finished.out


async def test_spent_tokens_say_what_to_do(simulator: AtsSimulator, tmp_path: Path) -> None:
    """Exit status 3 and the steps in the cabinet, without a traceback and without a token."""
    variables = account(simulator)
    simulator.expire_access_token()
    simulator.expire_refresh_token()
    finished = await run(*week(simulator.company, tmp_path), env=variables)

    assert 3 == finished.status
    assert CABINET in finished.err
    assert "Traceback" not in finished.err
    assert variables["TELE2ATS_ACCESS_TOKEN"] not in finished.err + finished.out
    assert variables["TELE2ATS_REFRESH_TOKEN"] not in finished.err + finished.out


async def test_a_service_that_is_not_there_is_one_line(tmp_path: Path, company: Company) -> None:
    """A refused connection ends with exit status 1 and says so."""
    async with AtsSimulator(company=company) as simulator:
        variables = account(simulator)
    finished = await run(*week(company, tmp_path), env=variables)

    assert 1 == finished.status
    assert re.fullmatch(r"tele2ats: GET /call-records/info: cannot connect \(.*\)\n", finished.err)


@pytest.mark.parametrize(("sent", "presses"), [(signal.SIGINT, 1), (signal.SIGINT, 3), (signal.SIGTERM, 1)])
async def test_an_interrupted_download_leaves_nothing_torn(
    company: Company, tmp_path: Path, sent: signal.Signals, presses: int
) -> None:
    """Ctrl-C in the middle of recordings, pressed once or often: status 130, and no part of a file."""
    trickle = Trickle(b"ID3" + bytes(2_000_000))
    async with AtsSimulator(
        company=company, middlewares=[answer_with(RECORDING, trickle.respond)]
    ) as simulator:
        process = await start(*week(company, tmp_path), env=account(simulator))
        while not files_below(tmp_path):
            await asyncio.sleep(0.01)
        for _ in range(presses):
            with suppress(ProcessLookupError):  # it may be gone already
                process.send_signal(sent)
            await asyncio.sleep(0.01)
        finished = await finish(process)

    assert (130, "tele2ats: Interrupted; nothing torn is left.\n") == (finished.status, finished.err)
    assert [] == files_below(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--start", "yesterday-ish"], "--start: 'yesterday-ish' is no date or time; type 2026-11-01"),
        (["--end", "2026-13-01"], "--end: '2026-13-01' is no date or time"),
        (["--end", "2020-01-01"], "lies before start"),
        (["--start", "0001-01-01"], "--start: '0001-01-01' is no date or time"),
        (["--concurrency", "0"], "--concurrency"),
        (["--directory", __file__], "--directory"),
        (["--base-url", "ftp://nowhere"], "--base-url: expected http://host/path"),
        (["--no-such-option"], "--no-such-option"),
    ],
)
async def test_wrong_use_is_told_in_a_line(
    simulator: AtsSimulator, tmp_path: Path, arguments: list[str], complaint: str
) -> None:
    """Exit status 2, what is wrong and what to type instead, no traceback, nothing sent."""
    finished = await run(*week(simulator.company, tmp_path), *arguments, env=account(simulator))

    assert 2 == finished.status
    assert complaint in finished.err
    assert "Traceback" not in finished.err
    assert 0 == len(simulator.requests)


async def test_missing_tokens_are_wrong_use(simulator: AtsSimulator, tmp_path: Path) -> None:
    """Without tokens nothing is tried: exit status 2, and where they are looked for."""
    finished = await run(*week(simulator.company, tmp_path), "--base-url", simulator.base_url)

    assert 2 == finished.status
    assert "TELE2ATS_TOKEN_FILE: not set" in finished.err
    assert "; type --token-file tokens.json, which tele2ats tokens set" in finished.err


async def test_a_token_file_that_is_not_there(simulator: AtsSimulator, tmp_path: Path) -> None:
    """The path is named, and what to write into it."""
    finished = await run(
        *week(simulator.company, tmp_path),
        "--token-file",
        str(tmp_path / "none.json"),
        "--base-url",
        simulator.base_url,
    )

    assert 2 == finished.status
    assert f"{tmp_path / 'none.json'}: does not exist" in finished.err
    assert "Traceback" not in finished.err


async def test_the_simulators_commands_can_be_pasted(tmp_path: Path) -> None:
    """What `tele2ats simulator` prints makes a second terminal download everything, or mirror it."""
    process = await start("simulator", "--port", "0", env={"PYTHONUNBUFFERED": "1"})
    assert process.stdout is not None
    try:
        lines: list[str] = []
        while not lines or "Ctrl-C" not in lines[-1]:
            lines.append((await asyncio.wait_for(process.stdout.readline(), 20)).decode())
        printed = "".join(lines)
        commands = [line for line in lines if line.startswith("TELE2ATS_BASE_URL=")]
        finished = []
        for command in commands:
            words = shlex.split(command)
            variables = dict(word.split("=", 1) for word in words if word.startswith("TELE2ATS_"))
            arguments = words[len(variables) + 1 :]
            arguments[arguments.index("--directory") + 1] = str(tmp_path / arguments[0])
            finished.append(await run(*arguments, env=variables))
    finally:
        process.send_signal(signal.SIGINT)
        stopped = await finish(process)

    assert [0, 0] == [one.status for one in finished]
    for name, one in zip(("download", "mirror"), finished, strict=True):
        fetched = int(re.findall(r"fetched: (\d+)", one.out)[0])
        saved = [path for path in files_below(tmp_path / name) if path.suffix in (".mp3", ".json")]
        assert 2 * fetched == len(saved) > 100
    assert f"access token:  {variables['TELE2ATS_ACCESS_TOKEN']}\n" in printed
    assert (130, "tele2ats: Stopped.\n") == (stopped.status, stopped.err)


@pytest.mark.parametrize("host", ["127.0.0.1", "192.0.2.1"])
async def test_where_it_cannot_listen_is_one_line(simulator: AtsSimulator, host: str) -> None:
    """The port is taken, or the address that of another machine: the simulator says where, and what to type instead."""
    port = simulator.base_url.rpartition(":")[2].partition("/")[0]
    finished = await run("simulator", "--port", port, "--host", host)

    assert (2, "", 1) == (finished.status, finished.out, finished.err.count("\n"))
    assert finished.err.startswith(f"tele2ats: cannot listen on {host}:{port}: ")
    assert finished.err.endswith("; type --port 0 for a free one, and no --host but one of this machine\n")
