"""From a coroutine to an exit status."""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine, Generator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import typer

from ..errors import (
    AtsError,
    PayloadError,
    ReauthorizationRequired,
    ServerError,
    TokenStoreError,
    TransportError,
)
from .texts import in_one_line, in_short

OK = 0
SOMETHING_FAILED = 1
WRONG_USE = 2
TOKENS_SPENT = 3
INTERRUPTED = 130
READER_GONE = 141  # what a shell makes of SIGPIPE, which ends other programs

FAREWELL = "Interrupted; nothing torn is left."

_INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


def run(work: Coroutine[Any, Any, int], *, farewell: str = FAREWELL) -> NoReturn:
    """Run a command to its end, and exit with the status that it returns or its error stands for."""
    try:
        with writing():
            status = asyncio.run(_cancelled_by_signals(work))
            _flush()
    except (KeyboardInterrupt, asyncio.CancelledError):
        fail(farewell, INTERRUPTED)
    except ReauthorizationRequired as error:
        fail(str(error), TOKENS_SPENT)
    except TokenStoreError as error:
        fail(str(error), WRONG_USE)
    except AtsError as error:
        fail(str(error), SOMETHING_FAILED)
    raise typer.Exit(status)


@contextmanager
def writing() -> Generator[None, None, None]:
    """Turn an output that takes no more into one line, or none where its reader has left, and an exit status."""
    try:
        yield
    except AtsError:  # some are an OSError too, of other files
        raise
    except BrokenPipeError:
        _give_up_output()
        raise typer.Exit(READER_GONE) from None  # as after `| head`: who has read enough is told nothing
    except OSError as error:
        _give_up_output()
        fail(f"cannot write the output: {error.strerror or error}", SOMETHING_FAILED)


@contextmanager
def wrong_use() -> Generator[None, None, None]:
    """Turn wrong arguments, paths among them, and a package that is missing, into one line and exit status 2.

    Ctrl-C before `run()` has begun, such as at a prompt, ends as it does there.
    """
    try:
        yield
    except KeyboardInterrupt:
        fail(FAREWELL, INTERRUPTED)
    except (ValueError, ImportError) as error:
        fail(str(error), WRONG_USE)
    except OSError as error:
        where = error.filename or "the working directory"  # which has been removed, where no file is at fault
        fail(f"{where}: {error.strerror}; type another name", WRONG_USE)


@contextmanager
def sent_once(unknown: str, undone: str) -> Generator[None, None, None]:
    """Say of a request that is never sent twice, and failed, whether it may have been carried out.

    Args:
        unknown: What to say where it may have been.
        undone: What to say where it certainly was not.
    """
    try:
        yield
    except (TransportError, ServerError, PayloadError) as error:
        fail(f"{error}; {unknown if getattr(error, 'sent', True) else undone}", SOMETHING_FAILED)


def fail(text: str, status: int) -> NoReturn:
    """Say on standard error what is wrong, after what was still to be written, and exit."""
    try:
        _flush()
    except OSError:
        _give_up_output()
    say_error(text)
    raise typer.Exit(status)


def say_error(text: str) -> None:
    """Say on standard error what is wrong, in one line whatever the text holds."""
    with suppress(OSError):  # nobody listens
        typer.echo(f"tele2ats: {in_short(in_one_line(text))}", err=True)


def _flush() -> None:
    if sys.stdout is not None:  # closed before we began
        sys.stdout.flush()


def _give_up_output() -> None:
    """Send what is still held to nobody: Python would try once more at its end, and complain."""
    with suppress(OSError, ValueError):
        nobody = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nobody, sys.stdout.fileno())
        os.close(nobody)


async def _cancelled_by_signals(work: Coroutine[Any, Any, int]) -> int:
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None  # noqa: S101  # this is a coroutine of one

    def cancel(*_: object) -> None:
        loop.call_soon_threadsafe(task.cancel)

    # Not the loop's own handlers, which end with the loop: however often and however late Ctrl-C is
    # pressed, what is under way is tidied up, and the exit status is the same.
    for sent in _INTERRUPTS:
        signal.signal(sent, cancel)
    try:
        return await work
    finally:
        for sent in _INTERRUPTS:
            signal.signal(sent, signal.SIG_IGN)
