"""Whatever name a server lists or a caller gives: nothing is written outside the directory.

Links that lie inside the directory are the user's own, such as a day's folder on another disk, and are
followed: no answer of a server makes a link. A link in the place of the file itself is replaced where it
leads nowhere, and taken for the file where it leads to one.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hostile_arena import (
    Arena,
    arena_of_module,  # noqa: F401  # the fixture `arena`
    examples,
)
from hypothesis import given
from hypothesis import strategies as st
from raw_service import END, START, Say, answer

from tele2ats_async import AtsError, AtsSession, NotReady, SaveOutcome, StorageError, UnsafeName

MP3 = b"ID3 and what follows"
WORDS = b"[]"
DEVICES = ["CON", "nul", "COM1", "lpt\u00b9", "AUX.x", "conin$", "CONOUT$", "PRN "]
PARTS = [
    *("..", ".", "", "~", "a", "b.c", "...", "..a", ".a.mp3.partial", ".a.mp3.00000000.part", "C:", "C:a"),
    *(
        "\\\\host\\share",
        "%2e%2e",
        "%2F",
        "..%2f",
        "a\x00b",
        "\u202e3pm",
        "\u2024\u2024",
        "\uff0e\uff0e",
        "\u2215",
    ),
    *(
        "e\u0301",
        "\u00e9",
        "\ud800",
        "\U0001f600",
        "a.",
        "a ",
        " a",
        "-rf",
        "$HOME",
        "`a`",
        "'",
        "a\nb",
        "\ufeff",
    ),
    *("x" * 200, "x" * 201, "\u044f" * 100, "\u044f" * 101, "e\u0301" * 66, "x" * 255, "x" * 5000, *DEVICES),
]
NAMES = st.one_of(
    st.text(st.characters()),
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1),
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=5).map("/".join),
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=5).map("\\".join),
    st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=20)), max_size=4).map("/".join),
    st.sampled_from(
        ["/tmp/evil", "/etc/passwd", "//host/x", "../evil", "a/../../evil", "x" * 100_000, "a/" * 499 + "b"]
    ),
)

_WRITING = (
    "os.mkdir",
    "os.rename",
    "os.remove",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
)
_touched: list[Path] | None = None


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if _touched is None:
        return
    if (
        event == "open"
        and isinstance(arguments[0], str)
        and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    ):
        _touched.append(Path(arguments[0]))
    elif event in _WRITING:
        _touched.extend(
            Path(os.fsdecode(path)) for path in arguments[:2] if isinstance(path, str | bytes | Path)
        )


sys.addaudithook(_note)


@contextmanager
def _watched() -> Iterator[list[Path]]:
    """Note every path that anything in this process makes, changes or removes."""
    global _touched  # noqa: PLW0603  # hooks cannot be taken away
    _touched = []
    try:
        yield _touched
    finally:
        _touched = None


def _outside(directory: Path, touched: list[Path]) -> list[Path]:
    """Give the paths that lead out of a directory, wherever they begin: dots and links are followed."""
    inside = Path(os.path.realpath(directory))
    resolved = [Path(os.path.realpath(path)) for path in touched]
    return [path for path in resolved if inside != path and inside not in path.parents]


def _serve(listed: list[str]) -> Any:
    row = {"date": "2022-07-15T07:27:06.348Z", "callType": "FAX", "callStatus": "ANSWERED_COMMON"}
    # Not by orjson, which would not spell what is no Unicode.
    page = json.dumps([row | {"recordFileName": name} for name in listed]).encode()

    def script(request: bytes) -> Say:
        if b"/call-records/info" in request:
            return answer(page)
        if b"/stt" in request:
            return answer(WORDS)
        return answer(MP3, kind="audio/mpeg")

    return script


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a directory with one to save to, and things beside it that are to stay as they are."""
    home = tmp_path_factory.mktemp("home")
    (home / "archive").mkdir()
    (home / "evil").write_text("sentinel")
    (home / "evil.mp3").write_text("sentinel")
    return home


def _beside(home: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in home.iterdir() if path.name != "archive"}


def test_ways_out_are_seen(tmp_path: Path) -> None:
    """The tests below would notice a path that only begins in the directory, or leads out by a link."""
    archive, beside = tmp_path / "archive", tmp_path / "beside"
    archive.mkdir()
    beside.mkdir()
    (archive / "link").symlink_to(beside)
    with _watched() as touched:
        (archive / "a").write_text("in")
        (archive / ".." / "archive" / "b").mkdir()
        (archive / ".." / "beside" / "a").write_text("out")
        (archive / "link" / "b").write_text("out")
        (archive / "a").rename(beside / "c")

    assert {beside / "a", beside / "b", beside / "c"} == set(_outside(archive, touched))


async def _save_by_name(ats: AtsSession, name: str, archive: Path) -> list[Path | AtsError]:
    met: list[Path | AtsError] = []
    for save in (ats.recordings.save, ats.recordings.save_transcript):
        try:
            met.append(await save(name, archive))
        except AtsError as error:
            met.append(error)
    return met


@examples(200)
@given(NAMES)
def test_names_that_are_given(arena: Arena, home: Path, name: str) -> None:
    """A name is refused, or becomes exactly the file that it says."""
    arena.script = _serve([])
    archive = home / "archive"
    before = _beside(home)
    with _watched() as touched:
        met = arena.run(lambda ats: _save_by_name(ats, name, archive))

    assert before == _beside(home)
    assert [] == _outside(archive, touched)
    for suffix, content, saved in zip((".mp3", ".json"), (MP3, WORDS), met, strict=True):
        if isinstance(saved, Path):
            assert archive / f"{name}{suffix}" == saved
            assert content == saved.read_bytes()
        else:
            assert isinstance(saved, UnsafeName | StorageError)


@examples(60)
@given(st.lists(NAMES, min_size=1, max_size=10))
def test_names_that_are_listed(arena: Arena, home: Path, names: list[str]) -> None:
    """The whole way of a hostile name: out of the list of calls, and into `save_many`."""
    arena.script = _serve(names)
    archive = home / "archive"
    before = _beside(home)

    async def save_all(ats: AtsSession) -> list[SaveOutcome]:
        try:
            records = await ats.call_records.fetch_page(START, END)
        except AtsError:
            return []  # half a pair of surrogates is no JSON
        return [outcome async for outcome in ats.recordings.save_many(records, archive, transcripts=True)]

    with _watched() as touched:
        outcomes = arena.run(save_all)

    assert before == _beside(home)
    assert [] == _outside(archive, touched)
    for outcome in outcomes:
        assert outcome.path in {None, archive / f"{outcome.name}.mp3"}
        assert (outcome.error is None) == (outcome.transcript_path is not None)
        assert outcome.error is None or isinstance(outcome.error, UnsafeName | StorageError)


@examples(60)
@given(NAMES)
def test_names_that_are_only_asked_for(arena: Arena, name: str) -> None:
    """What is saved nowhere is checked all the same: it goes into an address."""
    arena.script = _serve([])

    async def ask_for(ats: AtsSession) -> None:
        with suppress(UnsafeName):
            await ats.recordings.fetch_transcript(name)
        with suppress(UnsafeName):
            async with ats.recordings.open(name) as stream:
                assert name == stream.name

    arena.run(ask_for)


@pytest.mark.parametrize("name", ["CONIN$", "conout$", "2022-08-12/CONIN$.x", "Conout$/a"])
def test_the_console_is_a_device(arena: Arena, home: Path, name: str) -> None:
    """Windows reserves them as it does CON."""
    met = arena.run(lambda ats: _save_by_name(ats, name, home / "archive"))

    assert all(isinstance(error, UnsafeName) for error in met)


def test_a_refused_name_of_megabytes(arena: Arena, home: Path) -> None:
    """It is not all told: the error is written to a log."""
    name = "x" * 1_000_000
    (error, _) = arena.run(lambda ats: _save_by_name(ats, name, home / "archive"))

    assert name == error.name
    assert len(str(error)) < 1000


@pytest.mark.skipif(sys.platform == "win32", reason="has other limits of a path")
@pytest.mark.parametrize("room", range(30))
def test_paths_at_the_limit_of_the_system(arena: Arena, tmp_path: Path, room: int) -> None:
    """A path that fits, and does not once a temporary file or a kept beginning adds to it."""
    arena.script = _serve([])
    longest = os.pathconf(tmp_path, "PC_PATH_MAX") - 1
    wanted = longest - room - len(os.fsencode(tmp_path)) - len("/mo_1.mp3")
    directory = tmp_path
    while wanted > 0:
        part = "d" * min(200, wanted - 1)
        wanted -= len(part) + 1
        directory /= part or "d"
    met = arena.run(lambda ats: _save_by_name(ats, "mo_1", directory))

    for saved in met:
        assert isinstance(saved, StorageError) or saved.read_bytes() in (MP3, WORDS)
    assert not [path for path in tmp_path.rglob("*") if path.suffix in (".part", ".partial")]


def test_links_inside_the_directory(arena: Arena, tmp_path: Path) -> None:
    """A folder that the user has linked is used; a link that leads nowhere is not written through."""
    arena.script = _serve([])
    archive, elsewhere = tmp_path / "archive", tmp_path / "elsewhere"
    archive.mkdir()
    elsewhere.mkdir()
    (archive / "day").symlink_to(elsewhere)
    (archive / "mo_1.mp3").symlink_to(tmp_path / "nowhere")

    async def save_both(ats: AtsSession) -> list[Path]:
        return [await ats.recordings.save(name, archive) for name in ("day/mo_2", "mo_1")]

    linked, replaced = arena.run(save_both)

    assert MP3 == linked.read_bytes() == (elsewhere / "mo_2.mp3").read_bytes()
    assert MP3 == replaced.read_bytes()
    assert not replaced.is_symlink()
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    "row", [{"date": "9999-12-31T00:00:00Z"}, {"callDuration": 10**18}], ids=["date", "duration"]
)
def test_a_call_that_ends_in_the_future(arena: Arena, tmp_path: Path, row: dict[str, Any]) -> None:
    """A recording that is not ready is waited for from the end of its call, but not until the year 9999."""
    begin = {
        "date": "2022-07-15T07:27:06.348Z",
        "callType": "FAX",
        "callStatus": "X",
        "recordFileName": "mo_1",
    }
    page = json.dumps([begin | row]).encode()
    arena.script = lambda request: answer(page) if b"/info" in request else answer(b"", "404 X")

    async def save_all(ats: AtsSession) -> list[SaveOutcome]:
        records = await ats.call_records.fetch_page(START, END)
        return [outcome async for outcome in ats.recordings.save_many(records, tmp_path, ready_within_s=0.01)]

    (outcome,) = arena.run(save_all)

    assert isinstance(outcome.error, NotReady)
