"""The disk as recordings see it: its errors name the recording and the path."""

import errno
import os
import stat
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from .. import disk
from ..errors import StorageError

P = ParamSpec("P")
T = TypeVar("T")


async def on_disk(name: str, path: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do file work for a recording in a thread.

    Raises:
        StorageError: The system refused.
    """
    try:
        return await disk.run(work, *args, **kwargs)
    except OSError as error:
        where = str(error.filename or path)
        raise StorageError(name, error.errno, error.strerror or str(error), where) from error


def size_of_file(name: str, path: str) -> int:
    """Give the size of a file, 0 where there is none.

    On the loop: asking takes microseconds, a thread would take a hundred.

    Raises:
        StorageError: It cannot be told, or something else than a file has the name.
    """
    try:
        status = os.stat(path)  # noqa: PTH116  # asked for each recording: a Path costs more
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise StorageError(name, error.errno, error.strerror, path) from error
    if not stat.S_ISREG(status.st_mode):
        raise StorageError(name, errno.EEXIST, "something else than a file has its name", path)
    return status.st_size
