"""The verification of an archive, as the package offers it."""

import os

from .report import ArchiveReport


async def verify_archive(directory: str | os.PathLike[str]) -> ArchiveReport:
    """Compare an archive's files with its index, byte for byte, and repair what does not agree.

    Needs no session and sends nothing: what has to be fetched again, the next run fetches.

    Args:
        directory: The archive's directory.

    Returns:
        How many files were as they should be, and what had to be repaired, with its names.

    Raises:
        ArchiveError: There is no archive, a mirror is at work in it, or its index is damaged.
        StorageError: A damaged file cannot be renamed, or the index not be written.

    Source: operations 8, 9 and 10.
    """
    # Loaded now, with SQLite and the rooms of the index: few programs verify an archive.
    from .verification import verify  # noqa: PLC0415  # see above

    return await verify(directory)
