"""Threads of our own for file work, and the way back to the event loop.

The default executor is left alone: name resolution shares its few threads, and file writes would
starve it. And an executor wakes its loop for each piece of work by itself: here all that is done by the
time the loop looks comes back at once.
"""

import asyncio
import atexit
import os
import weakref
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

import attrs

from ..tasks import wait_out

T = TypeVar("T")

_THREADS = 8


async def run(work: Callable[..., T], *arguments: object) -> T:
    """Do blocking file work in one of the threads that all share, as `Crew.run()` does."""
    return await _crew.run(work, *arguments)


def work_inline() -> None:
    """Do file work on the loop from now on: in a process on whose loop nothing else waits."""
    global _is_inline  # noqa: PLW0603  # for the process
    _is_inline = True


@attrs.define(eq=False)
class _Job:
    """One piece of work, and whoever waits for it."""

    work: Callable[..., Any]
    arguments: tuple[object, ...]
    outbox: "_Outbox"
    future: asyncio.Future[Any]
    result: object = None
    error: BaseException | None = None
    is_told: bool = False

    def do(self) -> None:
        """Work; in a thread."""
        try:
            self.result = self.work(*self.arguments)
        except BaseException as error:  # noqa: BLE001  # whoever waits for it has to know
            self.error = error
        self.outbox.put(self)

    def tell(self) -> None:
        """Say what came of it; on the loop."""
        self.is_told = True
        if self.future.done():
            return  # cancelled just now: the caller has not been told yet, and does not wait any more
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class _Outbox:
    """What is done, on its way to one loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = weakref.ref(loop)  # the table of outboxes has the loop as its key, and forgets both
        self._done: deque[_Job] = deque()
        self._is_called_for = False

    def put(self, job: _Job) -> None:
        """Hand over what is done; in a thread."""
        self._done.append(job)
        if not self._is_called_for:
            self._is_called_for = True
            loop = self._loop()
            try:
                if loop is not None:
                    loop.call_soon_threadsafe(self._tell_all)
            except RuntimeError:
                self._done.clear()  # the loop is closed: nobody waits any more

    def _tell_all(self) -> None:
        self._is_called_for = False  # before the look, so that what is put after it calls again
        while self._done:
            self._done.popleft().tell()


class Crew:
    """Threads that are started with the first work.

    One of a single thread is for a library that asks for memory and gives it back all the time: the C library
    keeps a stock of memory for each thread that ever did.
    """

    def __init__(self, name: str, size: int) -> None:
        self._name = name
        self._size = size
        self.begin_anew()
        _crews.add(self)

    async def run(self, work: Callable[..., T], *arguments: object) -> T:
        """Do blocking file work in a thread.

        A cancelled caller waits until the thread has finished, so that nobody tidies up files on which a
        thread still works.
        """
        if _is_inline:
            return work(*arguments)
        loop = asyncio.get_running_loop()
        if (outbox := _outboxes.get(loop)) is None:
            outbox = _outboxes[loop] = _Outbox(loop)
        job = _Job(work, arguments, outbox, loop.create_future())
        self._take(job)
        try:
            result: T = await job.future
        except asyncio.CancelledError:
            if not job.is_told:
                job.future = loop.create_future()
                await wait_out([job.future])
            raise
        return result

    def finish(self) -> None:
        """Do what is still to be done, and end: a program that exits has not lost what it saved last."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def begin_anew(self) -> None:
        """Be without threads, as in a forked child, and without work."""
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._threads: list[Thread] = []

    def _take(self, job: _Job) -> None:
        self._jobs.put(job)
        if len(self._threads) < self._size:
            # As a daemon, for it waits for work without an end; `finish()` lets it bring to an end what it does.
            name = f"tele2ats-{self._name}-{len(self._threads)}"
            thread = Thread(target=self._work, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job.do()
            del job  # what it wrote is not kept until there is more to write


def _begin_anew() -> None:
    for crew in _crews:
        crew.begin_anew()


@atexit.register
def _finish() -> None:
    for crew in list(_crews):
        crew.finish()


_outboxes: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Outbox] = weakref.WeakKeyDictionary()
_is_inline = False
_crews: weakref.WeakSet[Crew] = weakref.WeakSet()
_crew = Crew("disk", _THREADS)
if hasattr(os, "register_at_fork"):  # pragma: no branch  # not on Windows, where nothing forks
    # A forked child has none of the threads, and would wait for them for ever.
    os.register_at_fork(after_in_child=_begin_anew)
