"""One recording, or its transcript, onto the disk: whole or not at all."""

import attrs

from .. import disk
from ..models import TranscriptWord
from ..transport import Incoming, Room
from ..wire.operations import FETCH_TRANSCRIPT
from .directory import Directory
from .download import Download, Progress
from .files import FileRequests
from .names import RECORDING, TRANSCRIPT, file_below
from .storage import on_disk, size_of_file


def no_progress(name: str, size_bytes: int) -> None:
    """Stand in for a progress callback where nobody wants to know."""


@attrs.frozen
class SavedFile:
    """A file that is there now.

    Attributes:
        skipped: Whether it had been there before.
    """

    path: str
    size_bytes: int
    skipped: bool


class Saver:
    """Saves recordings and transcripts below a directory, under their final names when complete."""

    def __init__(self, files: FileRequests) -> None:
        self._files = files

    async def save_recording(
        self, name: str, directory: Directory, progress: Progress, room: Room
    ) -> SavedFile:
        """Save a recording as ``.mp3``, unless it is there.

        Args:
            name: Its name, as listed.
            directory: Where to save.
            progress: Called with the name and the number of bytes that just came.
            room: Where its bytes come, for nobody else meanwhile.
        """
        path = file_below(directory.path, name, RECORDING)
        may_be_there = await directory.may_hold(path)
        if may_be_there and (size_bytes := size_of_file(name, path)):
            return SavedFile(path, size_bytes, skipped=True)
        download = Download(self._files, name, path, progress, room)
        return SavedFile(path, await download.run(takes_up=may_be_there), skipped=False)

    async def save_transcript(self, name: str, directory: Directory) -> SavedFile:
        """Save a transcript as ``.json``, byte for byte as the service sent it, unless it is there."""
        path = file_below(directory.path, name, TRANSCRIPT)
        if await directory.may_hold(path) and (size_bytes := size_of_file(name, path)):
            return SavedFile(path, size_bytes, skipped=True)
        content = await self._files.retry.run(FETCH_TRANSCRIPT, self._read_transcript, name)
        await on_disk(name, path, disk.write_whole, path, content)
        return SavedFile(path, len(content), skipped=False)

    async def _read_transcript(self, name: str) -> bytes:
        return await self._files.open(FETCH_TRANSCRIPT, name, _read_checked)


async def _read_checked(_: str, incoming: Incoming[list[TranscriptWord]]) -> bytes:
    async with incoming:
        content = await incoming.read()
        await incoming.decode_body(content)  # only to see that it is a transcript
    return content
