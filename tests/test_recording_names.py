"""Names come from a server: none of them leads out of the directory."""

import os
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tele2ats_async import UnsafeName
from tele2ats_async.recordings.names import check_name, path_below

HOSTILE = [
    "",
    "/etc/passwd",
    "../secret",
    "2022-08-12/../../secret",
    "2022-08-12/..",
    "./mo_1",
    "2022-08-12//mo_1",
    "2022-08-12/",
    "2022-08-12\\mo_1",
    "..\\secret",
    "C:\\secret",
    "C:secret",
    "mo_1:stream",
    "mo_1\x00.mp3",
    "mo_1\n",
    "mo_1\x7f",
    "mo_1\u202e3pm",
    "\ud800",
    "con",
    "2022-08-12/NUL",
    "NUL.txt",
    "COM1/mo_1",
    "lpt9 .x",
    " mo_1",
    "mo_1 /x",
    "mo_1.",
    "mo_*",
    "mo_?",
    'mo_"',
    "a|b",
    "x" * 201,
    "я" * 101,
    "a/" * 500 + "b",
]


def test_a_listed_name_becomes_a_path() -> None:
    """The layout on disk is the name's own: a folder for the day, a file for the recording."""
    path = path_below(Path("archive"), "2022-08-12/mo_166030706109315379", ".mp3")

    assert Path("archive", "2022-08-12", "mo_166030706109315379.mp3") == path


def test_a_dot_in_a_name_is_no_suffix() -> None:
    """The suffix is added, never put in the place of what looks like one."""
    assert Path("a", "mo_1.5.mp3") == path_below(Path("a"), "mo_1.5", ".mp3")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_refused(name: str) -> None:
    """Whatever could lead elsewhere, on any system, is an `UnsafeName` that names its argument."""
    with pytest.raises(UnsafeName) as raised:
        path_below(Path("archive"), name, ".mp3")

    assert isinstance(raised.value, ValueError)
    assert name == raised.value.name
    assert str(raised.value).startswith("name ")
    assert str(raised.value) == str(pickle.loads(pickle.dumps(raised.value)))


def test_what_is_no_text_is_a_type_error() -> None:
    """A path object is no name."""
    with pytest.raises(TypeError, match="name: expected a text, got PosixPath"):
        check_name(Path("a"))  # type: ignore[arg-type]  # the mistake in question


@given(
    st.one_of(
        st.text(), st.lists(st.sampled_from(["..", ".", "a", "", "\\", "C:", "~", "b.c"])).map("/".join)
    )
)
def test_no_name_leads_out_of_the_directory(name: str) -> None:
    """Every name is either refused or stays below the directory, and fits a file system."""
    directory = Path("/archive/of/recordings")
    try:
        path = path_below(directory, name, ".json")
    except UnsafeName:
        return

    assert Path(os.path.normpath(path)) == path
    assert directory in path.parents
    assert all(len(os.fsencode(part)) <= 255 for part in path.parts)
