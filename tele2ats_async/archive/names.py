"""Names that the archive keeps to itself: a recording that bears one would take the place of the index."""

import unicodedata

from ..errors import UnsafeName
from ..recordings import Directory, Progress, Saver, check_name
from ..recordings.saving import SavedFile
from ..transport import Room
from .index import INDEX_FILE, LOCK_FILE

# What SQLite keeps beside the index begins with its name.
OWN_FILES = (INDEX_FILE, LOCK_FILE)


class ArchiveSaver(Saver):
    """Saves as another saver does, but nothing in the place of the archive's own files."""

    def __init__(self, saver: Saver) -> None:
        self._saver = saver

    async def save_recording(
        self, name: str, directory: Directory, progress: Progress, room: Room
    ) -> SavedFile:
        """Save a recording."""
        check_archive_name(name)
        return await self._saver.save_recording(name, directory, progress, room)

    async def save_transcript(self, name: str, directory: Directory) -> SavedFile:
        """Save a transcript."""
        check_archive_name(name)
        return await self._saver.save_transcript(name, directory)


def check_archive_name(name: str) -> None:
    """Refuse a name that may not become a file in an archive.

    Raises:
        UnsafeName: It could lead elsewhere, or begins as one of the archive's own files does, on any system.
    """
    check_name(name)
    first, _, _ = name.partition("/")
    if unicodedata.normalize("NFKC", first).casefold().startswith(OWN_FILES):
        raise UnsafeName(name, "begins as the archive's own files do")
