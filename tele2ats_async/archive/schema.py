"""The tables of the index, and what a file must be to be one."""

import sqlite3

from .states import REFUSALS_AT_MOST, CallState

VERSION = 3

# Conditions that indexes are made for: a query finds its index only where it spells the condition alike.
IS_DUE = "state IN ('due', 'failed')"
LACKS_TRANSCRIPT = f"state = 'done' AND transcript IS NULL AND refusals < {REFUSALS_AT_MOST}"
HAS_FILES = "(started OR file IS NOT NULL OR transcript IS NOT NULL OR set_aside)"
IS_LEAVING = f"state = 'removed' AND {HAS_FILES}"

# What is missing has changed: what was answered before does not count.
ANSWERS_FORGOTTEN = "refusals = 0, answers_in_vain = 0, answered_on = NULL, ask_on = NULL"

_STATES = ", ".join(f"'{state}'" for state in CallState)
_TABLES = f"""
CREATE TABLE calls (
    id INTEGER PRIMARY KEY,
    date TEXT NOT NULL,
    call_type TEXT NOT NULL,
    call_status TEXT NOT NULL,
    destination_number TEXT,
    caller_number TEXT,
    caller_name TEXT,
    callee_number TEXT,
    callee_name TEXT,
    call_duration INTEGER,
    conversation_duration INTEGER,
    record_file_name TEXT UNIQUE,
    state TEXT NOT NULL CHECK (state IN ({_STATES})),
    file TEXT,
    size_bytes INTEGER,
    sha256 TEXT,
    transcript TEXT,
    transcript_sha256 TEXT,
    set_aside INTEGER NOT NULL DEFAULT 0,
    started INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    refusals INTEGER NOT NULL DEFAULT 0,
    answers_in_vain INTEGER NOT NULL DEFAULT 0,
    answered_on TEXT,
    ask_on TEXT,
    last_error TEXT
);
CREATE INDEX calls_by_date ON calls (date);
CREATE INDEX calls_due ON calls (date, id) WHERE {IS_DUE};
CREATE INDEX calls_without_transcript ON calls (date, id) WHERE {LACKS_TRANSCRIPT};
CREATE INDEX calls_with_files ON calls (date) WHERE {HAS_FILES};
CREATE INDEX calls_leaving ON calls (id) WHERE {IS_LEAVING};
CREATE TABLE company (id TEXT PRIMARY KEY);
CREATE TABLE listed (start INTEGER PRIMARY KEY, stop INTEGER NOT NULL);
CREATE TABLE working (directory TEXT PRIMARY KEY);
CREATE TABLE setting_aside (file TEXT PRIMARY KEY);
"""


MAKE_ANEW = (
    "move it away, with its -wal and -shm, and mirror again:"
    " a new one is made, and recordings that are there are not fetched again"
)


class StrangeFileError(Exception):
    """The file is no index that this version can work on; the text says why."""


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables in a new file, and refuse a file that holds something else.

    Raises:
        StrangeFileError: It is of another version, or the database of another program.
        sqlite3.Error: It is no database, or cannot be written.
    """
    version = require_own(connection)
    # Written beside readers, and whole again after a kill without a flush for each call.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    if version < VERSION:
        connection.executescript(f"BEGIN;{_TABLES}PRAGMA user_version = {VERSION};COMMIT;")


def require_own(connection: sqlite3.Connection) -> int:
    """Give the version of the tables, 0 in an empty file; only reads.

    Raises:
        StrangeFileError: It is of another version, or the database of another program.
        sqlite3.Error: It is no database.
    """
    version = _number(connection, "PRAGMA user_version")
    if version > VERSION:
        raise StrangeFileError(f"is of version {version}, made by a newer tele2ats_async than this one")
    if 0 < version < VERSION:
        raise StrangeFileError(
            f"is of version {version}, made by an older tele2ats_async than this one; {MAKE_ANEW}"
        )
    if not version and _number(connection, "SELECT count(*) FROM sqlite_master"):
        raise StrangeFileError("is a database of another program")
    return version


def _number(connection: sqlite3.Connection, query: str) -> int:
    number: int = connection.execute(query).fetchone()[0]
    return number
