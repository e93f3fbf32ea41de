"""The archive: an account's recordings in a directory, with an index of all its calls."""

from .mirror import Mirror
from .report import ArchiveReport
from .verify import verify_archive

__all__ = ["ArchiveReport", "Mirror", "verify_archive"]
