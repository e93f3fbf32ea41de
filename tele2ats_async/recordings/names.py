"""From a recording's name to a path below a directory: names come from a server, so they are checked."""

import os
import re
from pathlib import Path

from ..errors import UnsafeName

# What a recording and its transcript are saved as.
RECORDING = ".mp3"
TRANSCRIPT = ".json"

# Room for the suffix and for what a temporary file adds, below the 255 of all usual file systems.
_LONGEST_PART_BYTES = 200
_LONGEST_NAME_BYTES = 1000
# What nearly all names are; a part of five such characters is no device.
_PLAIN = re.compile(r"[0-9A-Za-z_-]{5,100}(/[0-9A-Za-z_-]{5,100}){0,3}", re.ASCII)
_DEVICES = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"} | {
    f"{port}{n}" for port in ("COM", "LPT") for n in "123456789¹²³"
}


def check_name(name: str) -> None:
    """Refuse a name that could lead anywhere but to a file below a directory, on any system.

    Raises:
        TypeError: It is no text.
        UnsafeName: It is empty or hostile; also a ValueError.
    """
    if not isinstance(name, str):
        raise TypeError(f"name: expected a text, got {type(name).__name__}")
    if not _PLAIN.fullmatch(name) and (reason := _objection(name)):
        raise UnsafeName(name, reason)


def file_below(directory: str, name: str, suffix: str) -> str:
    """Give the path of a recording's file: ``directory/2022-08-12/mo_166….mp3``.

    Raises:
        UnsafeName: The name may not become a path.
    """
    check_name(name)
    return os.path.join(directory, name + suffix)  # noqa: PTH118  # asked for each recording: a Path costs more


def path_below(directory: Path, name: str, suffix: str) -> Path:
    """Give the same as a Path; errors as `file_below()`."""
    return Path(file_below(os.fspath(directory), name, suffix))


def _objection(name: str) -> str | None:
    if not name:
        return "is empty"
    if not name.isprintable() or any(character in name for character in '\\:*?"<>|'):
        return "holds a character that no file name may have"
    if len(name.encode()) > _LONGEST_NAME_BYTES:
        return "is too long"
    if name.startswith("/"):
        return "is an absolute path"
    return next(filter(None, map(_objection_to_part, name.split("/"))), None)


def _objection_to_part(part: str) -> str | None:
    if part in ("", ".", ".."):
        return f"has the part {part!r}"
    if part != part.strip(" ") or part.endswith("."):
        return "has a part that begins or ends with a blank or ends with a dot"
    if part.partition(".")[0].rstrip().upper() in _DEVICES:
        return f"names the device {part!r}"
    if len(part.encode()) > _LONGEST_PART_BYTES:
        return "has a part that is too long"
    return None
