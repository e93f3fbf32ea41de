"""The archive: an account's recordings in a directory, with an index of all its calls.

What needs the index is loaded by whoever mirrors or verifies, see `mirror`, `stock` and
`verification`.
"""

from .report import ArchiveReport
from .verify import verify_archive

__all__ = ["ArchiveReport", "verify_archive"]
