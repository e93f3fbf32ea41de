"""What was in a directory before: read once for many recordings, and never trusted for more than that."""

import os
from pathlib import Path

import pytest

from tele2ats_async.recordings import Directory, directory, partial_path

pytestmark = pytest.mark.asyncio


async def test_what_is_there_may_be_there(tmp_path: Path) -> None:
    """A recording, or a kept beginning of it; nothing else counts."""
    (tmp_path / "one.mp3").touch()
    (tmp_path / Path(partial_path("two.mp3"))).touch()
    (tmp_path / "three.json").touch()
    names = ["one.mp3", "two.mp3", "three.mp3", "day/one.mp3"]

    found = Directory(tmp_path, for_many=True)

    assert [True, True, False, False] == [await found.may_hold(f"{tmp_path}/{name}") for name in names]
    assert [True] * 4 == [await found.may_hold(f"{tmp_path}/{name}") for name in names]


async def test_for_one_nothing_is_read(tmp_path: Path) -> None:
    """A directory may be large: for a single recording it is asked for that one."""
    assert await Directory(tmp_path, for_many=False).may_hold(f"{tmp_path}/one.mp3")


async def test_names_that_have_several_spellings(tmp_path: Path) -> None:
    """Some file systems list another spelling than they were given: those names are asked for."""
    assert await Directory(tmp_path, for_many=True).may_hold(f"{tmp_path}/é.mp3")


@pytest.mark.parametrize("there", [0, 3, 5])
async def test_memory_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: int) -> None:
    """Of a crowded directory nothing is kept, and neither of those that lie behind."""
    monkeypatch.setattr(directory, "_NAMES_AT_MOST", 5)
    for number in range(there):
        (tmp_path / f"there{number}.mp3").touch()
    found = Directory(tmp_path, for_many=True)

    asked = [await found.may_hold(f"{tmp_path}/{number}.mp3") for number in range(10)]
    assert [False] * (5 - there) + [True] * (5 + there) == asked

    for day in range(10):
        await found.may_hold(f"{tmp_path}/{day}/1.mp3")
    assert directory._REMEMBERED == len(found._held)


@pytest.mark.skipif(os.name == "nt", reason="a file is no directory there either, but says so in other words")
async def test_what_cannot_be_listed_is_asked_for(tmp_path: Path) -> None:
    """Whoever asks for the file is told what is wrong."""
    (tmp_path / "file").touch()
    assert await Directory(tmp_path / "file", for_many=True).may_hold(f"{tmp_path}/file/one.mp3")


async def test_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no name of its own in a path, and is listed all the same."""
    (tmp_path / "one.mp3").touch()
    monkeypatch.chdir(tmp_path)
    found = Directory("", for_many=True)

    assert [True, False] == [await found.may_hold("one.mp3"), await found.may_hold("two.mp3")]
