"""Where recordings are saved, and what was there before: thousands of them are not asked for one by one."""

import os

from .. import disk
from .partial import recording_of

# Directories whose names are kept in memory, for recordings come by days; and how many names of each.
_REMEMBERED = 2
_NAMES_AT_MOST = 2_500


class Directory:
    """A directory below which recordings are saved.

    Attributes:
        path: Where it is.
    """

    def __init__(self, path: str | os.PathLike[str], *, for_many: bool) -> None:
        """Name a directory; nothing is touched yet.

        Args:
            path: Where it is.
            for_many: Whether so much is saved there that it is worth reading once what is there.
        """
        self.path = os.fspath(path)
        self._for_many = for_many
        self._held: dict[str, set[str] | None] = {}

    async def may_hold(self, path: str) -> bool:
        """Say whether a file, or the beginning of one, may be there already; asked for the second time, it may.

        Another process may put it there in the meantime: then it is fetched once more, and replaced by its like.
        """
        if not (self._for_many and path.isascii()):  # others may stand there in another spelling
            return True
        parent, name = os.path.split(path)
        if parent not in self._held:
            held = await disk.run(_names_in, parent)
            if self._held.setdefault(parent, held) is held and len(self._held) > _REMEMBERED:
                del self._held[next(iter(self._held))]
        held = self._held.get(parent)
        if held is None or name in held:
            return True
        if len(held) == _NAMES_AT_MOST:
            self._held[parent] = None
            return True
        held.add(name)
        return False


def _names_in(directory: str) -> set[str] | None:
    """Name the files of which something is there; None where that cannot be told."""
    try:
        names = os.listdir(directory or os.curdir)  # noqa: PTH208  # a Path for each costs more
    except FileNotFoundError:
        return set()
    except OSError:  # whoever asks for a file or writes one is told why
        return None
    return None if len(names) >= _NAMES_AT_MOST else set(map(recording_of, names))
