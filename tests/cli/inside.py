"""The command line in this process, before a simulator in a thread of its own: quick, and all but real."""

import asyncio
import os
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import attrs
from processes import Finished, account
from typer.main import get_command
from typer.testing import CliRunner

from tele2ats_async.cli.app import app
from tele2ats_async.simulator import AtsSimulator

EXAMPLE = re.compile(r"Example: (tele2ats .+?)(?:\n\s*\n|\s*$)", re.DOTALL)


@contextmanager
def served(**settings: Any) -> Iterator[AtsSimulator]:
    """Run a simulator on a loop in a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    simulator = AtsSimulator(**settings)
    try:
        asyncio.run_coroutine_threadsafe(simulator.start(), loop).result()
        yield simulator
    finally:
        with suppress(RuntimeError):
            asyncio.run_coroutine_threadsafe(simulator.close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@attrs.frozen
class Inside:
    """Runs commands on the account of a simulator."""

    simulator: AtsSimulator

    def run(self, *arguments: str, given: str | bytes = "", **variables: str) -> Finished:
        """Run a command to its end."""
        env: dict[str, str | None] = {name: None for name in os.environ if name.startswith("TELE2ATS_")}
        before = {sent: signal.getsignal(sent) for sent in (signal.SIGINT, signal.SIGTERM)}
        try:
            result = CliRunner().invoke(
                app,
                list(arguments),
                input=given,
                env={**env, **account(self.simulator), **variables},
                prog_name="tele2ats",
            )
        finally:
            for sent, handler in before.items():
                signal.signal(sent, handler)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Finished(result.exit_code, result.stdout, result.stderr)


def all_commands() -> dict[str, Any]:
    """Give every command by the words that name it."""
    found: dict[str, Any] = {}

    def walk(words: list[str], command: Any) -> None:
        if not hasattr(command, "commands"):
            found[" ".join(words)] = command
        for name, one in getattr(command, "commands", {}).items():
            walk([*words, name], one)

    walk([], get_command(app))
    return found
