"""The disk as the archive sees it: its errors name the recording, or the index."""

import logging
from pathlib import Path

from ..errors import StorageError
from ..logs import log

logger = logging.getLogger(__name__)


def storage_error(name: str, error: OSError, path: Path) -> StorageError:
    """Make the own error of one of the system's; the path is what it concerns if it does not say."""
    where = str(error.filename or path)
    return StorageError(name, error.errno, error.strerror or str(error), where)


def warn_unreadable(error: OSError) -> None:
    """Tell that nothing can be done with a file, which the report names; the others are looked at all the same."""
    reason = error.strerror or type(error).__name__
    log(logger, logging.WARNING, "file_unreadable", "%(reason)s; the report says which", reason=reason)
