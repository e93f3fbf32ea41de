"""From a coroutine to an exit status."""

import asyncio
import signal
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from typing import Any, NoReturn

import typer

from ..errors import AtsError, ReauthorizationRequired, TokenStoreError

OK = 0
SOMETHING_FAILED = 1
WRONG_USE = 2
TOKENS_SPENT = 3
INTERRUPTED = 130

_INTERRUPTS = (signal.SIGINT, signal.SIGTERM)
_FAREWELL = "Interrupted; nothing torn is left."


def run(work: Coroutine[Any, Any, int], *, farewell: str = _FAREWELL) -> NoReturn:
    """Run a command to its end, and exit with the status that it returns or its error stands for."""
    try:
        status = asyncio.run(_cancelled_by_signals(work))
    except (KeyboardInterrupt, asyncio.CancelledError):
        fail(farewell, INTERRUPTED)
    except ReauthorizationRequired as error:
        fail(str(error), TOKENS_SPENT)
    except TokenStoreError as error:
        fail(str(error), WRONG_USE)
    except AtsError as error:
        fail(str(error), SOMETHING_FAILED)
    except OSError as error:
        fail(f"cannot write the output: {error.strerror or error}", SOMETHING_FAILED)
    raise typer.Exit(status)


@contextmanager
def wrong_use() -> Generator[None, None, None]:
    """Turn wrong arguments, and a package that is missing, into one line and exit status 2.

    Ctrl-C before `run()` has begun, such as at a prompt, ends as it does there.
    """
    try:
        yield
    except KeyboardInterrupt:
        fail(_FAREWELL, INTERRUPTED)
    except (ValueError, ImportError) as error:
        fail(str(error), WRONG_USE)


def fail(text: str, status: int) -> NoReturn:
    """Say on standard error what is wrong, and exit."""
    typer.echo(f"tele2ats: {text}", err=True)
    raise typer.Exit(status)


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
