"""Memory into which an answer is received, and from which it is written."""

from mmap import mmap
from typing import Final


class Room:
    """Room for so many bytes of an answer, used again once they have been taken.

    The system copies from the socket straight into it and from it straight to the disk: nothing is
    copied in between, and no memory asked for and given back for each piece.

    Attributes:
        size_bytes: How much there is room for.
        begin: Where the bytes begin that nobody has taken yet.
        end: Where they end.
    """

    __slots__ = ("_memory", "begin", "end", "size_bytes")

    def __init__(self, size_bytes: int) -> None:
        # Of the system, which gives what is used of it: a bytearray is written all over at once.
        self._memory: Final = memoryview(mmap(-1, size_bytes))
        self.size_bytes: Final = size_bytes
        self.begin = self.end = 0

    @property
    def filled_bytes(self) -> int:
        """How many bytes wait to be taken."""
        return self.end - self.begin

    @property
    def free_bytes(self) -> int:
        """How many more there is room for."""
        return self.size_bytes - self.end

    @property
    def filled(self) -> memoryview:
        """The bytes that wait to be taken; they are others once the room is cleared."""
        return self._memory[self.begin : self.end]

    @property
    def free(self) -> memoryview:
        """Where the next bytes belong."""
        return self._memory[self.end :]

    def put(self, piece: bytes) -> None:
        """Append bytes that came another way."""
        self._memory[self.end : self.end + len(piece)] = piece
        self.end += len(piece)

    def clear(self) -> None:
        """Have the bytes taken: the next ones come where they were."""
        self.begin = self.end = 0
