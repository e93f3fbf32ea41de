"""What the child processes of these tests do: ``python programs.py <program> <store> <base URL>``.

They say a line on standard output when they have come to a point, and wait for lines on standard input.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from tele2ats_async import AtsSession, FileTokenStore, RedisTokenStore, RetryPolicy, TokenStore
from tele2ats_async.tokens import exchange, redis
from tele2ats_async.tokens import file as file_store

TASKS = 50


def open_store(place: str) -> TokenStore:
    """Open the store that a place names: a path, or a Redis URL with the key as its fragment."""
    if place.startswith("redis:"):
        return RedisTokenStore(*place.split("#"))
    return FileTokenStore(place)


def open_session(place: str, base_url: str) -> AtsSession:
    return AtsSession(open_store(place), base_url=base_url, retry=RetryPolicy(attempts=1))


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def hear() -> str:
    line: str = await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    return line.strip()


async def refresh_for_ever(place: str, base_url: str) -> None:
    async with open_session(place, base_url) as ats:
        while True:
            await ats.tokens.refresh()


async def ask_together(place: str, base_url: str) -> None:
    """Meet a dead token with many tasks at once."""
    async with open_session(place, base_url) as ats:
        await ats.employees.fetch_all()
        say("ready")
        await hear()
        answers = await asyncio.gather(
            *(ats.employees.fetch_all() for _ in range(TASKS)), return_exceptions=True
        )
        failures = [repr(answer) for answer in answers if isinstance(answer, BaseException)]
        say(json.dumps({"answered": TASKS - len(failures), "failures": failures[:3]}))


async def hold_the_lock(place: str, _: str) -> None:
    async with open_store(place).lock():
        say("held")
        await asyncio.Event().wait()


async def refresh_once(place: str, base_url: str) -> None:
    async with open_session(place, base_url) as ats:
        say("ready")
        await ats.tokens.refresh()


async def _refresh_in_a_task(place: str, base_url: str, *, closes: bool) -> None:
    ats = open_session(place, base_url)
    refreshing = asyncio.create_task(ats.tokens.refresh())
    say("ready")
    if closes:
        async with ats:
            await refreshing
    await refreshing


async def leave_by_cancellation(place: str, base_url: str) -> None:
    """What web servers do: the signal cancels the main task."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await _refresh_in_a_task(place, base_url, closes=True)


async def leave_by_exit(place: str, base_url: str) -> None:
    """What many scripts do: the handler raises SystemExit in the middle of the loop."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    await _refresh_in_a_task(place, base_url, closes=True)


async def leave_by_exit_unclosed(place: str, base_url: str) -> None:
    """The same, by somebody who never closes the session."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    await _refresh_in_a_task(place, base_url, closes=False)


async def leave_by_error(place: str, base_url: str) -> None:
    """Another task of a group fails."""

    async def fail() -> None:
        await hear()
        raise ZeroDivisionError

    async with open_session(place, base_url) as ats, asyncio.TaskGroup() as group:
        group.create_task(ats.tokens.refresh())
        say("ready")
        group.create_task(fail())


async def leave_by_timeout(place: str, base_url: str) -> None:
    """The request has a timeout of its own."""
    async with open_session(place, base_url) as ats, asyncio.timeout(0.2):
        say("ready")
        await ats.tokens.refresh()


def breed(place: str, base_url: str) -> None:
    """Fork a refreshing child for every line that comes, and tell its number and its end.

    A child that is forked after the imports lives within milliseconds.
    """
    while sys.stdin.readline():
        child = os.fork()
        if not child:
            asyncio.run(refresh_for_ever(place, base_url))
        say(str(child))
        os.waitpid(child, 0)
        say("ended")


PROGRAMS = {
    program.__name__: program
    for program in (
        ask_together,
        hold_the_lock,
        leave_by_cancellation,
        leave_by_error,
        leave_by_exit,
        leave_by_exit_unclosed,
        leave_by_timeout,
        refresh_once,
    )
}


def main() -> None:
    name, place, base_url = sys.argv[1:]
    file_store._LOCK_TIMEOUT_S = float(os.environ.get("LOCK_TIMEOUT_S", "60"))
    redis._LOCK_LIFETIME_S = float(os.environ.get("LOCK_TIMEOUT_S", "60"))
    exchange._TIMEOUT_S = float(os.environ.get("EXCHANGE_TIMEOUT_S", "45"))
    if name == "breed":
        breed(place, base_url)
    else:
        asyncio.run(PROGRAMS[name](place, base_url))


if __name__ == "__main__":
    assert Path(__file__).is_absolute()
    main()
