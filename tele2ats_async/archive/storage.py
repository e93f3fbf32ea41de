"""The disk as the archive sees it: its errors name the recording, or the index."""

from pathlib import Path

from ..errors import StorageError


def storage_error(name: str, error: OSError, path: Path) -> StorageError:
    """Make the own error of one of the system's; the path is what it concerns if it does not say."""
    where = str(error.filename or path)
    return StorageError(name, error.errno, error.strerror or str(error), where)
