"""The disk as the archive sees it: its errors name the recording, or the index."""

import logging
from pathlib import Path

from ..errors import StorageError

logger = logging.getLogger(__name__)


def storage_error(name: str, error: OSError, path: Path) -> StorageError:
    """Make the own error of one of the system's; the path is what it concerns if it does not say."""
    where = str(error.filename or path)
    return StorageError(name, error.errno, error.strerror or str(error), where)


def warn_unreadable(path: Path, error: OSError) -> None:
    """Tell of a file that nothing can be done with; the others are looked at all the same."""
    logger.warning("file_unreadable: %s: %s", path, error.strerror or error)
