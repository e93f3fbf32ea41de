"""``tele2ats transcript``, as a process of its own."""

import asyncio
import json
import os
import pty
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
import srt
import webvtt
from processes import account, read_all, run, start

from tele2ats_async import CallRecord, Transcript
from tele2ats_async.simulator import AtsSimulator, Company

pytestmark = pytest.mark.asyncio


@pytest.fixture
def record(company: Company) -> CallRecord:
    """Give a call with a recording in which both parties speak."""
    return max(company.records, key=lambda record: record.conversation_duration or 0)


@pytest.fixture
def transcript(simulator: AtsSimulator, record: CallRecord) -> Transcript:
    """Give the right transcript, without the names of the parties."""
    name = record.record_file_name or ""
    return Transcript(name, simulator.transcript(name))


@pytest_asyncio.fixture
async def archive(simulator: AtsSimulator, company: Company, tmp_path: Path) -> AsyncIterator[Path]:
    """Mirror the company, with its transcripts."""
    directory = tmp_path / "archive"
    first = (company.records[0].date - timedelta(days=1)).date()
    arguments = ["mirror", "--start", str(first), "--directory", str(directory), "--transcripts"]
    assert 0 == (await run(*arguments, env=account(simulator))).status
    yield directory


def _held_by(directory: Path) -> set[Path]:
    return set(directory.iterdir())


async def test_it_shows_what_was_said(simulator: AtsSimulator, transcript: Transcript) -> None:
    """From the service, with times, and A and B for those whose names nobody has told."""
    finished = await run("transcript", transcript.name, env=account(simulator))

    assert (0, transcript.to_text(), "") == (finished.status, finished.out, finished.err)
    assert re.match(r"00:00:\d\d [AB]: ", finished.out)


async def test_every_format_is_what_the_library_writes(
    simulator: AtsSimulator, transcript: Transcript
) -> None:
    """Subtitles and JSON in UTF-8, whatever the pipe is taken for, which other programs read."""
    env = {**account(simulator), "PYTHONIOENCODING": "cp1252"}
    written = {
        name: (await run("transcript", transcript.name, "--format", name, env=env)).out
        for name in ("text", "srt", "vtt", "json")
    }

    assert {
        "text": transcript.to_text(),
        "srt": transcript.to_srt(),
        "vtt": transcript.to_webvtt(),
        "json": transcript.to_json() + "\n",
    } == written
    cues = list(srt.parse(written["srt"]))
    assert len(cues) == len(webvtt.from_string(written["vtt"], strict=True)) > 0
    assert transcript.name == json.loads(written["json"])["name"]


async def test_an_archive_gives_words_and_names_without_the_service(
    archive: Path, transcript: Transcript, record: CallRecord
) -> None:
    """What is on the disk needs no tokens: by the name of the recording, or by the file."""
    expected = Transcript(transcript.name, transcript.words, record).to_text()
    by_name = await run("transcript", transcript.name, "--directory", str(archive))
    file = str(archive / f"{transcript.name}.json")
    by_file = await run("transcript", file, "--directory", str(archive))
    alone = await run("transcript", file)

    assert (0, expected, "") == (by_name.status, by_name.out, by_name.err)
    assert (0, expected, "") == (by_file.status, by_file.out, by_file.err)
    assert (0, transcript.to_text(), "") == (alone.status, alone.out, alone.err)
    assert expected != transcript.to_text()


async def test_names_of_an_archive_go_with_the_words_of_the_service(
    simulator: AtsSimulator, archive: Path, transcript: Transcript, record: CallRecord
) -> None:
    """Where the archive has the call and not its transcript, the service is asked for that."""
    (archive / f"{transcript.name}.json").unlink()
    finished = await run("transcript", transcript.name, "--directory", str(archive), env=account(simulator))

    assert (0, Transcript(transcript.name, transcript.words, record).to_text()) == (
        finished.status,
        finished.out,
    )


async def test_it_writes_a_file_whole_and_reads_it_again(
    simulator: AtsSimulator, transcript: Transcript, tmp_path: Path
) -> None:
    """The file appears at once in the place of what was there, behind a link too, and nothing is printed."""
    target, link = tmp_path / "call.json", tmp_path / "link.json"
    target.write_text("what was there before")
    link.symlink_to(target)
    arguments = ["transcript", transcript.name, "--format", "json", "--output", str(link)]
    finished = await run(*arguments, env=account(simulator))
    again = await run("transcript", str(target))

    assert (0, "", "") == (finished.status, finished.out, finished.err)
    assert f"{transcript.to_json()}\n" == target.read_text(encoding="utf-8")
    assert {target, link} == await asyncio.to_thread(_held_by, tmp_path)
    assert (0, transcript.to_text()) == (again.status, again.out)


async def test_what_fails_leaves_the_file_as_it_was(simulator: AtsSimulator, tmp_path: Path) -> None:
    """A transcript that is not there does not cost the one that was written yesterday."""
    target = tmp_path / "call.srt"
    target.write_text("what was there before")
    finished = await run("transcript", "2026-01-01/mo_0", "--output", str(target), env=account(simulator))

    assert 1 == finished.status
    assert re.fullmatch(
        r"tele2ats: recording '2026-01-01/mo_0' does not exist, or is not ready yet.*\n", finished.err
    )
    assert "what was there before" == target.read_text()


async def test_it_finds_words(simulator: AtsSimulator, transcript: Transcript) -> None:
    """A line for each place, with its time, its speaker and the sentence around it; like grep, 1 where there is none."""
    word = transcript.words[0].word
    found = await run("transcript", transcript.name, "--search", word.upper(), env=account(simulator))
    missed = await run("transcript", transcript.name, "--search", "абракадабра", env=account(simulator))
    first, *_ = transcript.utterances()

    assert 0 == found.status
    assert len(transcript.search(word)) == len(found.out.splitlines())
    assert re.match(rf"00:00:\d\d {first.speaker}: {first.text}\n", found.out)
    assert (1, "", "") == (missed.status, missed.out, missed.err)


async def test_on_a_terminal_it_is_text(simulator: AtsSimulator, transcript: Transcript) -> None:
    """Nothing in it is taken for markup, colours or emoji."""
    ours, theirs = pty.openpty()
    process = await start(
        "transcript", transcript.name, env={**account(simulator), "TERM": "xterm"}, stdout=theirs
    )
    os.close(theirs)
    shown = await asyncio.to_thread(read_all, ours)
    status = await process.wait()

    assert (0, transcript.to_text()) == (status, shown.replace("\r\n", "\n"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["../../etc/passwd"], "name '../../etc/passwd' of a recording has the part '..'; type one that"),
        (
            ["2026-11-01/mo_1.mp3"],
            "NAME: '2026-11-01/mo_1.mp3' is a file of a recording; type 2026-11-01/mo_1\n",
        ),
        ([""], "name '' of a recording is empty"),
        (["missing.json"], "missing.json: No such file or directory"),
        (["tests.json"], "tests.json: Is a directory"),
        (
            ["words.json"],
            "words.json holds no transcript: required member missing, at $[0].endTime; type the name of",
        ),
        (["a/b", "--directory", "missing"], "--directory: there is no directory 'missing'"),
        (["a/b", "--directory", ""], "--directory: is empty; is a variable of your shell not set?"),
        (["a/b", "--output", "tests.json"], "--output: 'tests.json' is no file"),
        (
            ["a/b", "--output", "words.json/call.srt"],
            "--output: '{}/words.json' is a file; type a name such as",
        ),
        (["a/b", "--output", "/dev/null"], "--output: '/dev/null' is no file"),
        (["a/b", "--search", "—"], "--search: '—' holds no word; type one"),
        (
            ["a/b", "--search", "да", "--format", "srt"],
            "--search: shows lines of text; leave out --format srt",
        ),
        (["a/b"], "TELE2ATS_TOKEN_FILE: not set"),
    ],
)
async def test_wrong_use_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    """It says what is wrong, and nothing is sent or written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests.json").mkdir()
    (tmp_path / "words.json").write_text('[{"channel": "A", "startTime": 1, "word": "да"}]')
    finished = await run("transcript", *arguments)

    assert (2, "") == (finished.status, finished.out)
    assert finished.err.startswith(f"tele2ats: {said.format(tmp_path)}")
    assert 1 == finished.err.count("\n")
    assert {tmp_path / "tests.json", tmp_path / "words.json"} == await asyncio.to_thread(_held_by, tmp_path)
