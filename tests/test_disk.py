import asyncio
import errno
import gc
import os
import resource
import signal
import stat
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tele2ats_async import disk

OLD, NEW = b"old bytes", b"new bytes, and more of them"


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextmanager
def _full_disk(limit_bytes: int) -> Iterator[None]:
    """Let the system refuse to write files longer than this, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_file_appears_when_it_is_complete(tmp_path: Path) -> None:
    """Nobody ever sees half a file under the final name."""
    path = tmp_path / "a.mp3"
    file = disk.AtomicFile(path)
    file.write([b"one ", b"two "])
    assert not path.exists()
    file.write([])
    file.commit([b"three"])

    assert b"one two three" == path.read_bytes()
    assert [path] == [*tmp_path.iterdir()]


def test_nothing_is_touched_before_the_first_byte(tmp_path: Path) -> None:
    """Making the object, and discarding it unused, is free."""
    disk.AtomicFile(tmp_path / "a.mp3").discard()
    disk.AtomicFile(tmp_path / "missing" / "a.mp3").discard()

    assert not [*tmp_path.iterdir()]


def test_empty_file(tmp_path: Path) -> None:
    """No bytes at all are a file too."""
    disk.AtomicFile(tmp_path / "a").commit()

    assert b"" == (tmp_path / "a").read_bytes()


def test_old_file_is_replaced_only_by_a_complete_one(tmp_path: Path) -> None:
    """A failed replacement never destroys a good file (s5cmd #479)."""
    path = tmp_path / "a.mp3"
    path.write_bytes(OLD)
    file = disk.AtomicFile(path)
    file.write([NEW])
    assert OLD == path.read_bytes()
    file.discard()
    assert (OLD, [path]) == (path.read_bytes(), [*tmp_path.iterdir()])
    disk.AtomicFile(path).commit([NEW])
    assert NEW == path.read_bytes()


def test_discard_after_commit_keeps_the_file(tmp_path: Path) -> None:
    """``finally: file.discard()`` is how it is used."""
    file = disk.AtomicFile(tmp_path / "a")
    file.commit([NEW])
    file.discard()
    file.discard()

    assert NEW == (tmp_path / "a").read_bytes()


def _fill_at_the_end(file: disk.AtomicFile) -> None:
    file.commit([b"x" * 90_000] * 3)


def _fill_on_the_way(file: disk.AtomicFile) -> None:
    for _ in range(3):
        file.write([b"x" * 90_000])


@pytest.mark.parametrize("fill", [_fill_at_the_end, _fill_on_the_way])
def test_full_disk(tmp_path: Path, fill: Callable[[disk.AtomicFile], None]) -> None:
    """The system's own error arrives, the old file stays whole, and nothing is left behind."""
    path = tmp_path / "a.mp3"
    path.write_bytes(OLD)
    file = disk.AtomicFile(path, durable=True)
    with _full_disk(100_000), pytest.raises(OSError, match="File too large") as caught:
        fill(file)
    file.discard()

    assert errno.EFBIG == caught.value.errno
    assert (OLD, [path]) == (path.read_bytes(), [*tmp_path.iterdir()])


def test_closing_on_a_full_disk_hides_nothing(tmp_path: Path) -> None:
    """Bytes still in the buffer meet the full disk when `discard()` closes: not an error any more."""
    file = disk.AtomicFile(tmp_path / "a")
    file.write([b"x" * 1000])
    with _full_disk(10):
        file.discard()

    assert not [*tmp_path.iterdir()]


def test_missing_directory_is_made(tmp_path: Path) -> None:
    """Recordings are saved by date: their directories appear with the first file, and not before."""
    path = tmp_path / "2022" / "08" / "a"
    file = disk.AtomicFile(path)
    assert not path.parent.exists()
    file.commit([NEW])

    assert NEW == path.read_bytes()


def test_file_where_a_directory_should_be(tmp_path: Path) -> None:
    """The error of the system, with its number; the file stays."""
    (tmp_path / "2022").write_bytes(OLD)
    file = disk.AtomicFile(tmp_path / "2022" / "a")
    with pytest.raises(NotADirectoryError):
        file.commit([NEW])
    file.discard()

    assert OLD == (tmp_path / "2022").read_bytes()


def test_directory_in_the_way(tmp_path: Path) -> None:
    """The final name is a directory: refused, and the bytes are cleaned up."""
    path = tmp_path / "a"
    path.mkdir()
    file = disk.AtomicFile(path)
    with pytest.raises(IsADirectoryError):
        file.commit([NEW])
    file.discard()

    assert [path] == [*tmp_path.iterdir()]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666])
def test_mode(tmp_path: Path, mode: int) -> None:
    """The file never has more permissions than asked for, not even while it is written."""
    umask = os.umask(0o022)
    try:
        file = disk.AtomicFile(tmp_path / "a", mode=mode)
        file.write([NEW])
        (part,) = tmp_path.iterdir()
        assert mode & ~0o022 == _mode(part)
        file.commit()
    finally:
        os.umask(umask)

    assert mode & ~0o022 == _mode(tmp_path / "a")


def test_a_link_laid_in_the_way_is_not_followed(tmp_path: Path) -> None:
    """Somebody who guesses the temporary name must not have us write through their link."""
    victim = tmp_path / "victim"
    victim.write_bytes(OLD)
    file = disk.AtomicFile(tmp_path / "a")
    Path(file._part).symlink_to(victim)
    with pytest.raises(FileExistsError):
        file.write([NEW])

    assert OLD == victim.read_bytes()


def test_two_writers_of_one_name(tmp_path: Path) -> None:
    """Each has a temporary file of its own; the last one to finish wins, whole."""
    first, second = disk.AtomicFile(tmp_path / "a"), disk.AtomicFile(tmp_path / "a")
    first.write([OLD])
    second.write([NEW])
    second.commit()
    first.commit()

    assert OLD == (tmp_path / "a").read_bytes()
    assert 1 == len([*tmp_path.iterdir()])


def test_durable_files_are_flushed_before_and_after_the_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a power failure there is the old pair or the new one: bytes first, then the name."""
    path = tmp_path / "a"
    path.write_bytes(OLD)
    seen: list[tuple[bool, bytes]] = []
    fsync = os.fsync

    def watch(descriptor: int) -> None:
        seen.append((stat.S_ISDIR(os.fstat(descriptor).st_mode), path.read_bytes()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    disk.AtomicFile(path, durable=True).commit([NEW])
    assert [(False, OLD), (True, NEW)] == seen
    disk.AtomicFile(path).commit([OLD])
    assert 2 == len(seen)


@pytest.mark.asyncio
async def test_work_is_done_beside_the_loop() -> None:
    """File work must not stop other tasks, nor use the threads that resolve names (pitfall 11)."""
    thread, arguments = await disk.run(lambda *given: (threading.current_thread(), given), 1, "b")

    assert thread is not threading.main_thread()
    assert thread.name.startswith("tele2ats-disk")
    assert (1, "b") == arguments


@pytest.mark.asyncio
async def test_errors_of_the_work_arrive() -> None:
    """As they are: whoever asked knows what they mean."""
    with pytest.raises(ZeroDivisionError):
        await disk.run(lambda: 1 // 0)


@pytest.mark.asyncio
@pytest.mark.parametrize("fails", [False, True])
async def test_cancelled_caller_waits_for_the_thread(fails: bool) -> None:  # noqa: FBT001  # a case
    """Nobody tidies up files on which a thread still works, however often they are cancelled."""
    begun, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        may_end.wait(10)
        ended.set()
        if fails:
            raise OSError

    task = asyncio.create_task(disk.run(work))
    while not begun.is_set():  # set by a thread
        await asyncio.sleep(0.001)
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0.005)
        assert not task.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert ended.is_set()


@pytest.mark.asyncio
async def test_cancelled_before_a_thread_is_free() -> None:
    """Work that has not begun when its caller leaves: the caller leaves, and no error is forgotten."""
    may_end = threading.Event()
    busy = [asyncio.create_task(disk.run(may_end.wait, 10)) for _ in range(8)]
    done: list[Any] = []
    late = asyncio.create_task(disk.run(done.append, 1))
    await asyncio.sleep(0.01)
    late.cancel()
    await asyncio.sleep(0.01)
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await late

    assert [True] * 8 == await asyncio.gather(*busy)


def test_a_forked_child_can_write(tmp_path: Path) -> None:
    """A process that forks after it has written leaves its child able to write too."""
    code = f"""
import asyncio, os, sys
from pathlib import Path
from tele2ats_async import disk
asyncio.run(disk.run(Path({str(tmp_path / "parent")!r}).touch))
if child := os.fork():
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
asyncio.run(asyncio.wait_for(disk.run(Path({str(tmp_path / "child")!r}).touch), 5))
os._exit(0)
"""
    finished = subprocess.run([sys.executable, "-c", code], check=False, timeout=20)

    assert 0 == finished.returncode
    assert {"parent", "child"} == {path.name for path in tmp_path.iterdir()}


def test_what_is_under_way_at_the_exit_is_done(tmp_path: Path) -> None:
    """A program that ends without waiting has not lost what it saved last."""
    code = f"""
import asyncio, time
from pathlib import Path
from tele2ats_async import disk

def save():
    time.sleep(0.2)
    Path({str(tmp_path / "a")!r}).touch()

loop = asyncio.new_event_loop()
task = loop.create_task(disk.run(save))
loop.run_until_complete(asyncio.sleep(0))
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=False, timeout=20)

    assert (tmp_path / "a").exists()


def test_a_loop_is_forgotten() -> None:
    """A program that runs many loops, one after the other, does not keep them all."""

    async def work() -> weakref.ref[asyncio.AbstractEventLoop]:
        await disk.run(int)
        return weakref.ref(asyncio.get_running_loop())

    loop = asyncio.run(work())
    gc.collect()

    assert loop() is None
