"""What the main thread of a program spends its time on: it is asked a thousand times a second.

A timer's signal interrupts, and the handler notes which call is under way. Each note weighs as much processor time
of the thread as has passed since the one before it, so that together they are the whole, whatever
came late. Nothing is slowed down but by the notes, of some microseconds each; a profiler that is
called with each call, as ``cProfile`` is, makes small calls look large.

The bias: Python runs the handler between two calls. What happens without one is noted with the next call.
"""

import signal
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

_EVERY_S = 0.001


@contextmanager
def sampling(kind_of: Callable[[FrameType], str], spent_s: dict[str, float]) -> Generator[None, None, None]:
    """Sample the main thread while the block runs.

    Args:
        kind_of: Says what a frame is about.
        spent_s: Takes the seconds of processor time, by kind.
    """
    noted_at = time.thread_time()
    is_noting = False

    def note(_: int, frame: FrameType | None) -> None:
        nonlocal noted_at, is_noting
        if is_noting or frame is None:  # a signal may come during the note of the last one
            return
        is_noting = True
        passed_s = time.thread_time() - noted_at
        kind = kind_of(frame)
        spent_s[kind] = spent_s.get(kind, 0.0) + passed_s
        noted_at = time.thread_time()  # without the note itself
        is_noting = False

    signal.signal(signal.SIGALRM, note)  # for good: the last signal may come late
    signal.setitimer(signal.ITIMER_REAL, _EVERY_S, _EVERY_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
