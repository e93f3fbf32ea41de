"""The benchmarks run, and count nothing that is wrong. How fast anything is, is not judged here."""

import asyncio.selector_events
import asyncio.sslproto
import inspect
import json
import os
import selectors
import ssl
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType, ModuleType

import aiohttp
import pytest
import typer
from raw_service import RawService, answer, in_turn

from benchmarks import bulk, kinds, nginx
from benchmarks.contestants import OURS, REFERENCE, bare_aiohttp
from benchmarks.corpus import WrongOutputError, make_recording, workspace, write_corpus
from benchmarks.listeners import Listeners
from benchmarks.report import Row, Table, report
from benchmarks.rounds import DisqualifiedError, Measured, interleave, median_ratio
from benchmarks.sampler import sampling
from tele2ats_async.disk import files, threads

ROOT = Path(__file__).parent.parent

try:
    nginx.find_nginx()
except nginx.NginxMissing as missing:
    WHY_NOT = str(missing)
else:
    WHY_NOT = ""
needs_nginx = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
linux_only = pytest.mark.skipif(sys.platform == "win32", reason="the benchmarks are for Unix")

BULK = (
    "bulk",
    "--size",
    "64",
    "--scheme",
    "http",
    "--contestants",
    "bare aiohttp loop; tele2ats_async; wget2",
)


@linux_only
@pytest.mark.parametrize(
    "script",
    [
        pytest.param(BULK, marks=needs_nginx),
        pytest.param(("loop_lag",), marks=needs_nginx),
        pytest.param(("memory",), marks=needs_nginx),
        pytest.param(("scale",), marks=needs_nginx),
        pytest.param(("where",), marks=needs_nginx),
        ("backend",),
        ("import_time",),
        ("listing",),
        ("long_line",),
        ("refresh",),
    ],
    ids=lambda script: script[0],
)
def test_each_script_runs(script: tuple[str, ...], tmp_path: Path) -> None:
    """A script that lost touch with the package is of no use when a figure is doubted."""
    figures = tmp_path / "figures.json"
    rounds = [] if script[0] in {"backend", "long_line"} else ["--rounds", "1"]
    command = [sys.executable, "-m", f"benchmarks.{script[0]}", *script[1:], "--quick", *rounds]

    done = subprocess.run(
        [*command, "--json", str(figures)], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (0, "") == (done.returncode, done.stderr)
    document = json.loads(figures.read_text())
    assert script[0] == document["benchmark"]
    rows = [row for table in document["tables"] for row in table["rows"]]
    assert rows
    assert [] == [row["name"] for row in rows if bool(row["samples"]) == bool(row["missing"])]
    assert [] == [row for row in rows if row["name"].startswith(OURS) and row["missing"]]
    assert str(ROOT) not in figures.read_text()


def test_contestants_take_turns() -> None:
    """A machine that slows down slows everybody down."""
    turns: list[str] = []

    def measure(name: str) -> float:
        turns.append(name)
        return len(turns)

    measured = interleave({"a": lambda: measure("a"), "b": lambda: measure("b")}, 2)

    assert ["a", "b"] * 3 == turns
    assert {"a": [3, 5], "b": [4, 6]} == measured.samples


def test_a_contestant_that_fails_is_named() -> None:
    """Neither is it measured, nor does it end the run, nor is it left out in silence."""

    def fail() -> float:
        raise DisqualifiedError("mo_1 is missing")

    table = Table.of(interleave({"a": lambda: 1.0, "b": fail}, 1), title="", unit="", reference="a")

    assert [Row(name="a", samples=[1.0]), Row(name="b", missing="mo_1 is missing")] == table.rows


def test_a_ratio_is_that_of_the_rounds() -> None:
    """What disturbs one round, and both in it, decides nothing."""
    assert 0.5 == median_ratio([5, 1, 50], [10, 2, 1])


@pytest.mark.parametrize("copy", [None, b"", make_recording(1, 100), make_recording(0, 101)])
def test_a_wrong_copy_is_noticed(tmp_path: Path, copy: bytes | None) -> None:
    """Missing, empty, somebody else's, too long: its time counts for nothing."""
    corpus = write_corpus(tmp_path / "recordings", 1, 100)
    corpus.verify(lambda name: tmp_path / "recordings" / name)
    if copy is not None:
        (tmp_path / "copy").write_bytes(copy)

    with pytest.raises(WrongOutputError):
        corpus.verify(lambda _: tmp_path / "copy")


def test_a_missing_nginx_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing slower is measured in its place."""

    def find_nothing() -> str:
        raise nginx.NginxMissing("nginx is not installed")

    monkeypatch.setattr(nginx, "find_nginx", find_nothing)

    with pytest.raises(typer.Exit) as ended:
        bulk.main(quick=True)

    assert 2 == ended.value.exit_code
    assert "nginx is not installed\n" == capsys.readouterr().err


@pytest.mark.parametrize(
    ("ours", "status"), [([0.9], 0), ([0.9, 0.9, 0.1], 0), ([0.8, 0.9, 0.1], 1), ([], 1)]
)
def test_the_guard_judges_by_the_median(
    monkeypatch: pytest.MonkeyPatch, ours: list[float], status: int
) -> None:
    """One disturbed round does not fail a build, and a contestant that cannot do its work does."""
    samples = {REFERENCE: [1.0] * (len(ours) or 1), **({OURS: ours} if ours else {})}
    measured = Measured(samples, {} if ours else {OURS: "failed"})
    table = Table.of(measured, title="", unit="files/s", reference=REFERENCE)
    monkeypatch.setattr(bulk, "guard", lambda _: table)

    with pytest.raises(typer.Exit) as ended:
        bulk.main(guard_ratio=0.85)

    assert status == ended.value.exit_code


def test_a_plot_without_matplotlib_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The figures are printed all the same."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    table = Table(title="title", unit="s", rows=[Row(name="a", samples=[1.0])])

    report("bulk", [table], json_path=None, svg_path=tmp_path / "plot.svg")

    assert "no plot: matplotlib is not installed" in capsys.readouterr().out


def test_a_plot_is_drawn(tmp_path: Path) -> None:
    """Also of rows that are missing."""
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    rows = [Row(name="a", samples=[1.0, 2.0]), Row(name="b", missing="b is not installed")]

    report(
        "bulk",
        [Table(title="title", unit="s", rows=rows)],
        json_path=None,
        svg_path=tmp_path / "plot.svg",
    )

    assert "b (missing)" in (tmp_path / "plot.svg").read_text()


def test_a_workspace_leaves_nothing() -> None:
    """Gigabytes in a disk in memory would be missed."""
    with workspace() as space:
        write_corpus(space / "recordings", 2, 100)

    assert not space.exists()


@linux_only
def test_a_workspace_is_where_there_is_room() -> None:
    """A container may have 64 MB of disk in memory: a script that fills it tells nothing of speed."""
    with workspace(bytes_in_memory=2**62) as space:
        assert Path("/dev/shm") not in space.parents  # where it would have been


@pytest.mark.asyncio
async def test_an_answer_that_is_no_recording_is_not_fast() -> None:
    """A backend that quickly says that it cannot is none."""
    async with (
        RawService(in_turn(answer(b"busy", "503 Service Unavailable"))) as service,
        aiohttp.ClientSession() as client,
    ):
        origin = service.base_url
        listeners = Listeners(client=client, source=origin, backend=origin, recording_bytes=1000)
        with pytest.raises(aiohttp.ClientResponseError, match="503"):
            await listeners.latencies_ms(1)


def _spin(seconds: float) -> None:
    done_at = time.thread_time() + seconds
    while time.thread_time() < done_at:
        pass


@linux_only
def test_samples_are_the_whole() -> None:
    """They weigh the processor time of the thread, whatever else the machine does, and go where it was spent."""
    spent_s: dict[str, float] = {}

    def name_of(frame: FrameType) -> str:
        return frame.f_code.co_name

    began_s = time.thread_time()
    with sampling(name_of, spent_s):
        _spin(0.4)
        time.sleep(0.4)
    took_s = time.thread_time() - began_s

    assert 0.9 * took_s < sum(spent_s.values()) <= took_s
    assert spent_s["_spin"] > 0.9 * took_s


@linux_only
def test_samples_know_the_call(tmp_path: Path) -> None:
    """A call of the system is told from the lines around it, and what has no room of its own belongs to its caller."""
    noted: dict[str, float] = {}
    with sampling(kinds.kind_of, noted), (tmp_path / "file").open("wb", buffering=0) as file:
        began_at = time.thread_time()
        while time.thread_time() - began_at < 0.3:
            os.write(file.fileno(), bytes(4_000_000))
            os.ftruncate(file.fileno(), 0)

    assert "system: writing files" == max(noted, key=lambda kind: noted[kind])


@pytest.mark.parametrize("kind", kinds.CALLS)
def test_each_call_that_is_told_apart_exists(kind: str) -> None:
    """Its text stands in the sources of this Python, of ours or of the bare loop: else it would count for nothing."""
    where: tuple[ModuleType, ...] = (
        asyncio.selector_events,
        asyncio.sslproto,
        selectors,
        ssl,
        bare_aiohttp,
        files,
        threads,
    )

    assert any(kinds.CALLS[kind].search(inspect.getsource(module)) for module in where)
