"""The archive: an account's recordings in a directory, with an index of all its calls."""

from .mirror import Mirror
from .report import ArchiveReport
from .stock import Stock, take_stock
from .verify import verify_archive

__all__ = ["ArchiveReport", "Mirror", "Stock", "take_stock", "verify_archive"]
