"""``tele2ats mirror``, as a process of its own."""

import asyncio
import os
import pty
import re
import shlex
import signal
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from faults import RECORDING, Trickle, answer_with, body
from processes import COMMAND, Finished, account, finish, read_all, run, start

from tele2ats_async.simulator import AtsSimulator, Company

pytestmark = pytest.mark.asyncio


def arguments(company: Company, directory: Path, *more: str) -> list[str]:
    """Give the arguments that mirror everything."""
    first = (company.records[0].date - timedelta(days=1)).date()
    return ["mirror", "--start", str(first), "--directory", str(directory), *more]


def figures(finished: Finished) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in finished.out.splitlines() if ": " in line)


def recordings_below(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.suffix in (".mp3", ".json", ".part")]


async def test_mirror_and_mirror_again_and_verify(
    simulator: AtsSimulator, names: list[str], tmp_path: Path
) -> None:
    """The first run fetches everything, the second nothing, and the proof needs neither tokens nor a service."""
    command = arguments(simulator.company, tmp_path, "--transcripts")
    first = await run(*command, env=account(simulator))
    second = await run(*command, env=account(simulator))
    proof = await run("mirror", "--verify", "--directory", str(tmp_path))

    assert [(0, "")] * 3 == [(one.status, one.err) for one in (first, second, proof)]
    assert f"fetched: {len(names)}\nthere already: 0\nfailed: 0\ntranscripts: {len(names)}\n" in first.out
    assert len(names) == first.out.count("saved ")
    assert "fetched: 0\nthere already: 0\nfailed: 0\n" in second.out
    assert f"given up: 0\nasked later: 0\nremoved: 0\narchive holds: {len(names)}\n" in second.out
    for name in names:
        assert simulator.recording(name) == (tmp_path / f"{name}.mp3").read_bytes()
    assert {
        "intact": str(2 * len(names)), "missing": "0", "damaged": "0", "adopted": "0", "leftovers": "0",
        "unknown": "0", "unreadable": "0", "folder": str(tmp_path),
    } == figures(proof)  # fmt: skip


async def test_what_is_damaged_is_told_and_repaired(
    simulator: AtsSimulator, names: list[str], tmp_path: Path
) -> None:
    """`--verify` says so by its status; the next run fetches it again, and then all is well."""
    command = arguments(simulator.company, tmp_path)
    await run(*command, env=account(simulator))
    (tmp_path / f"{names[0]}.mp3").write_bytes(b"ID3?")
    (tmp_path / f"{names[1]}.mp3").unlink()
    proofs = [await run("mirror", "--verify", "--directory", str(tmp_path)) for _ in range(2)]
    mended = await run(*command, env=account(simulator))
    proofs.append(await run("mirror", "--verify", "--directory", str(tmp_path)))

    assert [(1, ""), (0, ""), (0, "")] == [(proof.status, proof.err) for proof in proofs]
    assert proofs[0].out.startswith(f"missing {names[1]}.mp3\ndamaged {names[0]}.mp3\nintact: ")
    assert "damaged: 1\n" in proofs[0].out
    assert "missing: 1\n" in proofs[0].out
    assert (0, "2") == (mended.status, figures(mended)["fetched"])
    assert simulator.recording(names[0]) == (tmp_path / f"{names[0]}.mp3").read_bytes()


async def test_keep_removes_what_is_older(simulator: AtsSimulator, tmp_path: Path) -> None:
    """Ninety days are more than the company's week, one day is less."""
    command = arguments(simulator.company, tmp_path)
    await run(*command, "--keep", "90d", env=account(simulator))
    before = len(recordings_below(tmp_path))
    finished = await run(*command, "--keep", "1d", env=account(simulator))

    assert (0, "") == (finished.status, finished.err)
    assert 60 == before
    left = len(recordings_below(tmp_path))
    assert left < before
    assert (str(before - left), str(left)) == (
        figures(finished)["removed"],
        figures(finished)["archive holds"],
    )


async def test_failures_are_lines_and_the_status(company: Company, tmp_path: Path) -> None:
    """One recording cannot be had: status 1, and the next run tries it again."""
    fault = answer_with(RECORDING, body(b"<html>", content_type="text/html"), times=1)
    async with AtsSimulator(company=company, middlewares=[fault]) as simulator:
        first = await run(*arguments(company, tmp_path), env=account(simulator))
        second = await run(*arguments(company, tmp_path), env=account(simulator))

    assert (1, "") == (first.status, first.err)
    assert re.search(r"^failed: recording '.*' is not MP3 audio", first.out, re.MULTILINE)
    assert (0, "1", "0") == (second.status, figures(second)["fetched"], figures(second)["failed"])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("state = 'unavailable'", ("1", "0")),
        ("ask_on = '9999-01-01'", ("0", "1")),
        ("state = 'done', refusals = 10", ("1", "0")),
        ("state = 'done', ask_on = '9999-01-01'", ("0", "1")),
    ],
)
async def test_what_was_given_up_is_told_by_every_run(
    company: Company, tmp_path: Path, change: str, told: tuple[str, str]
) -> None:
    """A recording or a transcript that the second run did not ask for, and that is not there: not "all is there"."""
    fault = answer_with(RECORDING, body(b"", status=410), times=1)
    async with AtsSimulator(company=company, middlewares=[fault]) as simulator:
        command = arguments(company, tmp_path, "--transcripts")
        await run(*command, env=account(simulator))
        with closing(sqlite3.connect(tmp_path / "archive.sqlite3")) as index, index:
            index.execute(f"UPDATE calls SET {change} WHERE state = 'failed'")
        finished = await run(*command, env=account(simulator))

    figure = figures(finished)
    assert (1, "", "0") == (finished.status, finished.err, figure["failed"])
    assert told == (figure["given up"], figure["asked later"])


async def test_on_a_terminal_there_are_bars(company: Company, tmp_path: Path) -> None:
    """People see files, bytes and speed, and a table at the end."""
    async with AtsSimulator(company=company) as simulator:
        ours, theirs = pty.openpty()
        process = await start(
            *arguments(company, tmp_path),
            env={**account(simulator), "TERM": "xterm", "COLUMNS": "120"},
            stdout=theirs,
        )
        os.close(theirs)
        shown = await asyncio.to_thread(read_all, ours)
        status = await process.wait()

    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)
    assert 0 == status
    assert re.search(r"saving .* 60/\? *files .* (MB|kB|bytes)/s", text)
    assert re.search(r"│ fetched\s+│ 60 ", text)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
async def test_two_of_them_and_an_interrupt(company: Company, tmp_path: Path, sent: signal.Signals) -> None:
    """The second one is refused in a line; the first, interrupted, leaves nothing torn and lets go."""
    trickle = Trickle(b"ID3" + bytes(2_000_000))
    async with AtsSimulator(
        company=company, middlewares=[answer_with(RECORDING, trickle.respond, times=16)]
    ) as simulator:
        process = await start(*arguments(company, tmp_path), env=account(simulator))
        await asyncio.wait_for(trickle.started.wait(), 60)
        second = await run(*arguments(company, tmp_path), env=account(simulator))
        proof = await run("mirror", "--verify", "--directory", str(tmp_path))
        process.send_signal(sent)
        first = await finish(process)
        left = [path for path in recordings_below(tmp_path) if path.suffix == ".part"]
        third = await run(*arguments(company, tmp_path), env=account(simulator))

    refused = (1, f"tele2ats: archive {tmp_path}: another mirror is at work on it\n")
    assert [refused, refused] == [(one.status, one.err) for one in (second, proof)]
    assert (130, "tele2ats: Interrupted; nothing torn is left.\n") == (first.status, first.err)
    assert [] == left
    assert (0, 60) == (third.status, len(recordings_below(tmp_path)))


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (["--keep", "90"], "--keep: '90' is no number of days; type 90d"),
        (["--keep", "0d"], "--keep: '0d' is no number of days; type 90d"),
        (["--keep", "9999999999d"], "--keep: '9999999999d' is no number of days; type 90d"),
        (["--keep", "9" * 5000 + "d"], "9d' is no number of days; type 90d"),
        (["--keep=-90d"], "--keep: '-90d' is no number of days; type 90d"),
        (["--start", "tomorrow"], "--start: 'tomorrow' is no date or time; type 2026-11-01"),
        (["--end", "2020-01-01"], "lies before start"),
        (["--concurrency", "0"], "--concurrency"),
        (["--directory", ""], "is empty; is a variable of your shell not set?"),
        (["--keep", ""], "--keep: is empty"),
        (["--end", ""], "--end: is empty"),
        (["--base-url", ""], "--base-url: is empty"),
        (["--directory", __file__], "is a file"),
    ],
)
async def test_wrong_use_is_told_in_a_line(
    simulator: AtsSimulator, tmp_path: Path, more: list[str], complaint: str
) -> None:
    """Exit status 2, what is wrong and what to type instead, nothing sent, nothing made."""
    finished = await run(*arguments(simulator.company, tmp_path / "new"), *more, env=account(simulator))

    assert 2 == finished.status
    assert complaint in finished.err
    assert "Traceback" not in finished.err
    assert (0, False) == (len(simulator.requests), (tmp_path / "new").exists())


async def test_the_last_day_of_all_calendars(simulator: AtsSimulator, tmp_path: Path) -> None:
    """What people type for "for ever" is no traceback."""
    more = ["--end", "9999-12-31"]
    finished = await run(*arguments(simulator.company, tmp_path), *more, env=account(simulator))

    assert (0, "") == (finished.status, finished.err)


async def test_a_standard_output_that_is_closed(simulator: AtsSimulator, tmp_path: Path) -> None:
    """There is nobody to tell, and the work is done."""
    command = shlex.join([COMMAND, *arguments(simulator.company, tmp_path)])
    process = await asyncio.create_subprocess_shell(
        f"{command} >&-", env=os.environ | account(simulator), stderr=asyncio.subprocess.PIPE
    )
    _, complaint = await process.communicate()

    assert (0, b"") == (process.returncode, complaint)
    assert (tmp_path / "archive.sqlite3").exists()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--start", "2026-11-01"], "--start"),
        (["--end", "2026-11-01", "--keep", "90d"], "--end, --keep"),
        (["--transcripts"], "--transcripts"),
        (["--concurrency", "16"], "--concurrency"),
    ],
)
async def test_verification_has_no_period(tmp_path: Path, more: list[str], told: str) -> None:
    """What it would pass over in silence is refused."""
    finished = await run("mirror", "--verify", "--directory", str(tmp_path), *more)

    assert (2, f"tele2ats: --verify: looks at the whole directory; leave out {told}\n") == (
        finished.status,
        finished.err,
    )


async def test_without_a_start_or_without_tokens(simulator: AtsSimulator, tmp_path: Path) -> None:
    """Both are asked for by name."""
    no_start = await run("mirror", "--directory", str(tmp_path), env=account(simulator))
    no_tokens = await run(*arguments(simulator.company, tmp_path))

    assert (2, "tele2ats: --start: not given; type the first day to mirror, such as 2026-11-01\n") == (
        no_start.status,
        no_start.err,
    )
    assert 2 == no_tokens.status
    assert "TELE2ATS_TOKEN_FILE: not set" in no_tokens.err


async def test_a_directory_without_an_archive(tmp_path: Path) -> None:
    """A mistyped name is a line, and nothing is made."""
    finished = await run("mirror", "--verify", "--directory", str(tmp_path / "none"))

    assert 2 == finished.status
    assert re.fullmatch(
        r"tele2ats: --directory: '.*none' holds no archive; type the directory that .*\n", finished.err
    )
    assert not (tmp_path / "none").exists()


async def test_help_shows_an_example() -> None:
    """`--help` is enough to begin with, and says what the status means."""
    finished = await run("mirror", "--help")
    text = " ".join(finished.out.split())

    assert 0 == finished.status
    assert "Example: tele2ats mirror" in text
    assert "Exit status: " in text
