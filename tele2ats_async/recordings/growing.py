"""The bytes of one recording that have come so far, in memory and on the disk, and what is known of them."""

import os
from contextlib import suppress
from itertools import chain

from .. import disk
from ..transport import Room
from .frames import ends_with_whole_frame
from .partial import Beginning, forget, keep, partial_path, take_up
from .storage import on_disk

# What one download holds in memory before it goes to the disk, in one piece.
_BATCH_BYTES = 512 * 1024
# Less is fetched again sooner than it is kept.
_WORTH_KEEPING_BYTES = 64 * 1024
_LONGEST_FILE_BYTES = 2**63 - 1


def make_room() -> Room:
    """Make the room that a recording needs on its way to the disk."""
    return Room(_BATCH_BYTES)


class GrowingFile:
    """A recording's file before it has its name.

    Attributes:
        room: Where its bytes come, until they are written.
        reached_bytes: How many had come at the best of times, before it was begun anew.
        validator: What tells this version of the recording from others; None where nothing surely does.
        length: Size of the whole recording in bytes; None where the service has not said.
    """

    def __init__(self, name: str, path: str, room: Room) -> None:
        room.clear()
        self.room = room
        self._name = name
        self._path = path
        self._file = disk.AtomicFile(path)
        self._has_partial = False
        self._written_bytes = 0
        self.reached_bytes = 0
        self.validator: str | None = None
        self.length: int | None = None

    @property
    def size_bytes(self) -> int:
        """How many bytes have come."""
        return self._written_bytes + self.room.filled_bytes

    def note(self) -> None:
        """Take note that bytes came."""
        self.reached_bytes = max(self.reached_bytes, self.size_bytes)

    async def write(self) -> None:
        """Bring what came to the disk; nothing may come meanwhile, as nothing does while the room is full."""
        await on_disk(self._name, self._path, self._file.write, (self.room.filled,))
        self._written_bytes += self.room.filled_bytes
        self.room.clear()

    async def begin_anew(self) -> None:
        """Forget all that came."""
        if self._written_bytes:
            await disk.run(self._file.discard)
        self.room.clear()
        self._written_bytes = 0
        self.validator = self.length = None

    async def take_up(self) -> None:
        """Go on from what an earlier run has kept."""
        # On the loop: asking takes microseconds. Not Path.exists(), which raises where the name is too long.
        if not os.path.exists(partial_path(self._path)):  # noqa: ASYNC240, PTH110  # see above
            return
        self._has_partial = True
        beginning = await on_disk(self._name, self._path, take_up, self._path, self._file)
        if beginning is not None:
            self._written_bytes = self.reached_bytes = beginning.size_bytes
            self.validator, self.length = beginning.validator, beginning.length

    async def is_whole_sound(self) -> bool:
        """Whether what came ends where a frame of sound ends."""
        return await on_disk(self._name, self._path, self._is_whole_sound)

    async def commit(self) -> None:
        """Write the rest, and give the file its name."""
        await on_disk(self._name, self._path, self._commit)

    async def keep(self) -> None:
        """Keep for the next run what can be trusted then; where the disk refuses, nothing is kept."""
        is_possible = self.length is None or self.length <= _LONGEST_FILE_BYTES
        if self.validator is not None and self.size_bytes >= _WORTH_KEEPING_BYTES and is_possible:
            beginning = Beginning(self.size_bytes, self.validator, self.length)
            with suppress(OSError):
                await disk.run(keep, self._path, self._file, (self.room.filled,), beginning)

    async def discard(self) -> None:
        """Remove what has no name yet."""
        await disk.run(self._file.discard)

    def _is_whole_sound(self) -> bool:
        return ends_with_whole_frame(chain(self._file.read_back(_BATCH_BYTES), (self.room.filled,)))

    def _commit(self) -> None:
        self._file.commit((self.room.filled,))
        if self._has_partial:
            forget(self._path)
