"""The command line as a process, with pipes or with a terminal of its own."""

import asyncio
import fcntl
import os
import pty
import sys
import termios
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import attrs

from tele2ats_async.simulator import AtsSimulator

COMMAND = str(Path(sys.executable).with_name("tele2ats"))
PATIENCE_S = 60


@attrs.frozen
class Finished:
    """What a process left."""

    status: int | None
    out: str
    err: str


async def start(
    *arguments: str,
    env: Mapping[str, str] | None = None,
    code: str | None = None,
    stdin: int = asyncio.subprocess.DEVNULL,
    stdout: int = asyncio.subprocess.PIPE,
    stderr: int = asyncio.subprocess.PIPE,
) -> asyncio.subprocess.Process:
    """Start the command, or the Python code that plays it, without the variables of whoever tests."""
    # pytest-xdist, for one, tells its workers how many columns there are.
    not_ours = ("TELE2ATS_", "FORCE_COLOR", "COLUMNS", "LINES")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(not_ours)}
    return await asyncio.create_subprocess_exec(
        *([COMMAND] if code is None else [sys.executable, "-c", code]),
        *arguments,
        env={**clean, "TZ": "Europe/Moscow", **(env or {})},
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
    )


async def finish(process: asyncio.subprocess.Process, given: bytes | None = None) -> Finished:
    """Give a process its standard input, and wait for its end."""
    out, err = await process.communicate(given)
    return Finished(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))


async def run(*arguments: str, env: Mapping[str, str] | None = None, given: bytes | None = None) -> Finished:
    """Run the command to its end."""
    stdin = asyncio.subprocess.DEVNULL if given is None else asyncio.subprocess.PIPE
    return await finish(await start(*arguments, env=env, stdin=stdin), given)


def account(simulator: AtsSimulator) -> dict[str, str]:
    """Give the variables that lead to a simulator."""
    return {
        "TELE2ATS_BASE_URL": simulator.base_url,
        "TELE2ATS_ACCESS_TOKEN": simulator.tokens.access,
        "TELE2ATS_REFRESH_TOKEN": simulator.tokens.refresh,
    }


def read_all(terminal: int) -> str:
    """Read what a process writes to a terminal, until it hangs up."""
    shown = b""
    with suppress(OSError):  # how Linux tells that the other side is closed
        while chunk := os.read(terminal, 65536):
            shown += chunk
    os.close(terminal)
    return shown.decode()


# Makes the terminal the one that Ctrl-C comes from, and that `/dev/tty` is.
_ON_ITS_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


class Terminal:
    """A terminal with the command on it, and a person before it.

    Attributes:
        shown: All that the person has seen so far.
    """

    def __init__(self, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        self.shown = ""
        self._arguments = arguments
        self._env = env

    async def __aenter__(self) -> Self:
        self._ours, self._theirs = pty.openpty()
        os.set_blocking(self._ours, False)
        asyncio.get_running_loop().add_reader(self._ours, self._read)
        self._process = await start(
            COMMAND,
            *self._arguments,
            code=_ON_ITS_TERMINAL,
            env=self._env,
            stdin=self._theirs,
            stdout=self._theirs,
            stderr=self._theirs,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        asyncio.get_running_loop().remove_reader(self._ours)
        os.close(self._ours)
        os.close(self._theirs)

    @property
    def echoes(self) -> bool:
        """Whether it shows what is typed."""
        flags: int = termios.tcgetattr(self._theirs)[3]
        return bool(flags & termios.ECHO)

    @property
    def unread_bytes(self) -> int:
        """How much was typed that nobody has read: the shell would get it."""
        return int.from_bytes(fcntl.ioctl(self._theirs, termios.FIONREAD, bytes(4)), sys.byteorder)

    def type(self, text: str) -> None:
        """Press keys, or paste."""
        assert len(text) == os.write(self._ours, text.encode())

    async def shows(self, text: str) -> None:
        """Wait until it shows a text."""
        async with asyncio.timeout(PATIENCE_S):
            while text not in self.shown:
                await asyncio.sleep(0.01)

    async def status(self) -> int:
        """Wait for the end of the command, and for all that it has said."""
        async with asyncio.timeout(PATIENCE_S):
            status = await self._process.wait()
        await asyncio.sleep(0.05)  # the kernel passes it on
        return status

    def _read(self) -> None:
        self.shown += os.read(self._ours, 65536).decode()
