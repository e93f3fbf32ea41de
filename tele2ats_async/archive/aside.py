"""Damaged files: each is given another name, and stays until there is a good one. All of it blocks."""

import sqlite3
from collections.abc import Iterable

from ..recordings import RECORDING, TRANSCRIPT, path_below
from .files import SET_ASIDE, set_aside_path
from .index import Index
from .storage import storage_error

_SET_ASIDE = "UPDATE calls SET set_aside = 1 WHERE record_file_name = ?"


def intend(connection: sqlite3.Connection, name: str, suffix: str) -> None:
    """Note that a file of a recording is to be set aside, before it is.

    Killed at any moment, the next run ends it: under its own name the file would be taken for what is due,
    and under the other one before the index knows, nobody would fetch it again.
    """
    connection.execute("INSERT OR IGNORE INTO setting_aside VALUES (?)", (name + suffix,))
    connection.execute(_SET_ASIDE, (name,))


def set_aside(index: Index, files: Iterable[tuple[str, str]]) -> None:
    """Set files aside, each given as a recording's name and a suffix.

    Raises:
        StorageError: One cannot be renamed.
    """
    index.transact(_intend_all, files)
    finish_setting_aside(index)


def finish_setting_aside(index: Index) -> None:
    """Give the files that are to be set aside their other names: what a killed run has left, too.

    Raises:
        StorageError: One cannot be renamed.
    """
    files = index.transact(_find)
    for file in files:
        path = index.directory / file
        try:
            path.replace(path.with_name(path.name + SET_ASIDE))
        except FileNotFoundError:  # the killed run had come to it
            continue
        except OSError as error:
            raise storage_error(file, error, path) from error
    if files:
        index.transact(_forget_all)


def note_set_aside(index: Index, name: str) -> None:
    """Note that a damaged file of a recording is there."""
    index.transact(_change, _SET_ASIDE, name)


def remove_set_aside(index: Index, name: str) -> None:
    """Remove the damaged files of a recording that good ones have taken the place of.

    Raises:
        OSError: One cannot be removed.
    """
    left = False
    for suffix in (RECORDING, TRANSCRIPT):
        damaged = set_aside_path(index.directory, name, suffix)
        if path_below(index.directory, name, suffix).exists():
            damaged.unlink(missing_ok=True)
        left = left or damaged.exists()
    if not left:
        index.transact(_change, "UPDATE calls SET set_aside = 0 WHERE record_file_name = ?", name)


def _intend_all(connection: sqlite3.Connection, files: Iterable[tuple[str, str]]) -> None:
    for name, suffix in files:
        intend(connection, name, suffix)


def _find(connection: sqlite3.Connection) -> list[str]:
    return [file for (file,) in connection.execute("SELECT file FROM setting_aside")]


def _forget_all(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM setting_aside")


def _change(connection: sqlite3.Connection, update: str, name: str) -> None:
    connection.execute(update, (name,))
