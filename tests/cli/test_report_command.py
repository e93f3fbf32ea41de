"""``tele2ats report``, as a process of its own."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from processes import Finished, account, run

from tele2ats_async.simulator import AtsSimulator, Company

pytestmark = pytest.mark.asyncio


def figures(finished: Finished) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in finished.out.splitlines())


def first_day(company: Company) -> str:
    """Give a day before all calls of a company."""
    return str((company.records[0].date - timedelta(days=1)).date())


async def test_the_service_and_its_archive_give_the_same_page(
    simulator: AtsSimulator, tmp_path: Path
) -> None:
    """All calls of the period are in both; the archive needs neither tokens nor the service, and is only read."""
    last_day = (simulator.company.records[-1].date + timedelta(days=1)).date()
    period = ("--start", first_day(simulator.company), "--end", str(last_day))
    archive, asked, read = tmp_path / "archive", tmp_path / "asked.html", tmp_path / "read.html"
    await run("mirror", *period, "--directory", str(archive), env=account(simulator))
    before = _files(archive)
    first = await run("report", *period, "-o", str(asked), env=account(simulator))
    second = await run("report", *period, "-o", str(read), "--archive", str(archive))

    assert (0, 0) == (first.status, second.status)
    assert str(len(simulator.company.records)) == figures(first)["calls"] == figures(second)["calls"]
    assert figures(first)["not called back"] == figures(second)["not called back"]
    for section in ("heat", "statuses", "days"):
        assert _section(asked, section) == _section(read, section)
    assert before == _files(archive)
    assert ("PBX itself counts" in asked.read_text(), "PBX itself counts" in read.read_text()) == (
        True,
        False,
    )
    assert second.err.startswith("tele2ats: warning: not listed for good, calls may be missing: ")


async def test_the_language_and_the_zone_are_chosen(simulator: AtsSimulator, tmp_path: Path) -> None:
    """Also the zone of the day that is typed."""
    output = tmp_path / "deep" / "report.html"
    start = ("--start", first_day(simulator.company))
    options = ("--language", "ru", "--tz", "Asia/Vladivostok", "-o", str(output))
    finished = await run("report", *start, *options, env=account(simulator))
    html = output.read_text(encoding="utf-8")

    assert (0, "") == (finished.status, finished.err)
    assert '<html lang="ru">' in html
    assert "00:00 — " in html
    assert "Asia/Vladivostok" in html


async def test_a_page_is_whole_or_the_old_one(simulator: AtsSimulator, tmp_path: Path) -> None:
    """A run that fails leaves what was there, and nothing beside it."""
    output = tmp_path / "report.html"
    output.write_text("yesterday's")
    simulator.expire_access_token()
    broken = {**account(simulator), "TELE2ATS_REFRESH_TOKEN": "spent"}
    finished = await run("report", "--start", first_day(simulator.company), "-o", str(output), env=broken)

    assert (3, "yesterday's", ["report.html"]) == (finished.status, output.read_text(), _files(tmp_path))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--start", "2026-11-01", "-o", "-"], "--output: '-' is no file; type a name such as report.html"),
        (["--start", "2026-11-01", "-o", ""], "is empty"),
        (["--start", "2026-11-01", "-o", "/dev/null"], "is no file; type a name such as report.html"),
        (["--start", "2026-11-01", "-o", "."], "is no file; type a name such as report.html"),
        (["--start", "2026-11-01", "-o", "r.html", "--language", "fr"], "type en or ru"),
        (["--start", "2026-11-01", "-o", "r.html", "--tz", "Moscow"], "type Europe/Moscow"),
        (["--start", "yesteryear", "-o", "r.html"], "tele2ats: --start: 'yesteryear' is no date or time"),
        (
            ["--start", "2026-11-02", "--end", "2026-11-01", "-o", "r.html"],
            "tele2ats: --end: '2026-11-01' lies before start",
        ),
        (["--start", "2026-11-01", "--end", "", "-o", "r.html"], "tele2ats: --end: is empty"),
        (
            ["--start", "2026-11-01", "-o", "r.html", "--archive", ".", "--token-file", "t.json"],
            "tele2ats: --archive: asks nothing of the service; leave out --token-file",
        ),
        (["--start", "2026-11-01", "-o", "r.html"], "tele2ats: TELE2ATS_"),
    ],
)
async def test_wrong_use_is_told(arguments: list[str], told: str) -> None:
    """In words, with status 2, before anything is asked or written."""
    finished = await run("report", *arguments)

    assert (2, "") == (finished.status, finished.out)
    assert told in " ".join(finished.err.replace("│", " ").split())
    assert "Traceback" not in finished.err
    assert "r.html" not in _files(Path())


async def test_an_archive_has_to_be_one(tmp_path: Path) -> None:
    """No archive, another program's database, and an empty file are each told, and none of them is made one."""
    arguments = [
        "report",
        "--start",
        "2026-11-01",
        "-o",
        str(tmp_path / "r.html"),
        "--archive",
        str(tmp_path),
    ]
    none = await run(*arguments)
    (tmp_path / "archive.sqlite3").touch()
    empty = await run(*arguments)
    with closing(sqlite3.connect(tmp_path / "archive.sqlite3")) as foreign, foreign:
        foreign.execute("CREATE TABLE notes (text)")
    other = await run(*arguments)

    assert [2, 1, 1] == [finished.status for finished in (none, empty, other)]
    assert "holds no archive; type the directory that tele2ats mirror has filled" in none.err
    assert "archive.sqlite3 is empty" in empty.err
    assert "is a database of another program" in other.err
    assert ["archive.sqlite3"] == _files(tmp_path)


def _section(page: Path, name: str) -> str:
    return page.read_text(encoding="utf-8").partition(f'<section id="{name}">')[2].partition("</section>")[0]


def _files(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())
