"""Paths as people type them, refused where nothing could be read or written: before anything is sent."""

import os
from collections.abc import Callable
from pathlib import Path

import typer

from ..archive.index import INDEX_FILE

# What file systems take, without what is added while the file is being written.
_LONGEST_NAME_BYTES = 200


def read_directory(text: str | Path) -> Path:
    """Read the path of a directory that is read, and may be missing.

    Raises:
        typer.BadParameter: It is empty, or something else is there or in the way.
    """
    path = _read(text)
    _find_directory(path, "type the name of a directory")
    return path


def output_directory(text: str | Path) -> Path:
    """Read the path of a directory that is written into, and may still be to be made.

    Raises:
        typer.BadParameter: As of `read_directory()`; or we may not write there.
    """
    path = _read(text)
    _require_writable(path, "type the name of a directory")
    return path


def require_archive(option: str, path: Path) -> None:
    """Refuse a directory that no mirror has filled.

    Raises:
        ValueError: There is no index; the text names the option.
    """
    if not os.path.exists(path / INDEX_FILE):  # noqa: PTH110  # Path.exists() raises where it may not look
        raise ValueError(
            f"{option}: {str(path)!r} holds no archive; type the directory that tele2ats mirror has filled"
        )


def read_file(text: str | Path) -> Path:
    """Read the path of a file, which may still be to be made.

    Raises:
        typer.BadParameter: It is empty, or a directory.
    """
    path = _read(text)
    if os.path.isdir(path):  # noqa: PTH112  # Path.is_dir() raises for a name that is too long
        raise typer.BadParameter(f"{str(text)!r} is a directory; type the name of a file")
    return path


def output_file(example: str) -> Callable[[str | Path], Path]:
    """Make a reader of paths of files that may be written, or replaced; directories on the way may be missing.

    Args:
        example: A name that could be typed instead.
    """
    advice = f"type a name such as {example}"

    def read(text: str | Path) -> Path:
        path = Path(os.path.realpath(_read(text)))  # what a link leads to is replaced, not the link
        # A device, a directory, a ring of links: none of them is to be replaced.
        if str(text) == "-" or (os.path.lexists(path) and not os.path.isfile(path)):  # noqa: PTH113  # see above
            raise typer.BadParameter(f"{str(text)!r} is no file; {advice}")
        _require_writable(path.parent, advice)
        if len(os.fsencode(path.name)) > _LONGEST_NAME_BYTES:
            raise typer.BadParameter(f"{str(text)!r}: File name too long; {advice}")
        return path

    return read


def _read(text: str | Path) -> Path:
    if not str(text):
        raise typer.BadParameter("is empty; is a variable of your shell not set?")
    return Path(text)


def _require_writable(path: Path, advice: str) -> None:
    """Refuse a directory that takes no files, or cannot be made."""
    place = _find_directory(path, advice)
    if not os.access(place, os.W_OK | os.X_OK):
        raise typer.BadParameter(f"nothing can be written in {str(place)!r}; {advice} where you may write")


def _find_directory(path: Path, advice: str) -> Path:
    """Find the directory, or the one that it would be made in; refuse what is none and cannot be made one."""
    for place in (path, *path.parents):
        try:
            os.lstat(place)
        except (FileNotFoundError, NotADirectoryError):  # what is in the way stands further up
            continue
        except OSError as error:
            raise typer.BadParameter(f"{str(path)!r}: {error.strerror}; {advice}") from None
        if not os.path.isdir(place):  # noqa: PTH112  # see above
            kind = "a file" if os.path.isfile(place) else "no directory"  # noqa: PTH113
            raise typer.BadParameter(f"{str(place)!r} is {kind}; {advice}")
        return place
    return Path()
