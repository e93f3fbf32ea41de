"""One process that saves recordings, as its parent sees it."""

import asyncio
import logging
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from typing import Self

from ...requester import Requester
from ...tasks import wait_out
from ..readiness import Wanted
from . import messages
from .messages import Ended, Report, Setup

Said = asyncio.Queue[tuple["Child | None", Report | Ended]]

# With our own path and nothing before it: a file in the working directory must not stand in for a module.
_PROGRAM = (
    "import sys; sys.path[:] = {path!r}; from tele2ats_async.recordings.processes.worker import main; main()"
)
# Time to tidy up what is half done.
_PATIENCE_S = 10.0
# Names that it has beside those in flight: enough to be busy until the next ones come.
_AHEAD = 64


class Child:
    """A process and its pipes.

    Attributes:
        load: Names that it was given and whose outcomes nobody has taken yet.
    """

    def __init__(self, process: Process, setup: Setup, requester: Requester, said: Said) -> None:
        self._process = process
        self._requester = requester
        self._said = said
        self._room = 2 * setup.concurrency + _AHEAD
        self._unsent: list[Wanted] = []
        self._answers: set[asyncio.Task[None]] = set()
        self.load = 0
        self._say(setup)
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, setup: Setup, requester: Requester, said: Said) -> Self:
        """Start a process.

        Args:
            setup: How it saves.
            requester: Whose tokens it has.
            said: Where what it says goes.
        """
        program = _PROGRAM.format(path=sys.path)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-c", program, stdin=PIPE, stdout=PIPE
        )
        return cls(process, setup, requester, said)

    @property
    def is_full(self) -> bool:
        """Whether it has all the names that it may have."""
        return self.load >= self._room

    @property
    def is_hungry(self) -> bool:
        """Whether it is time for more; not before there is room for many, which cost little more than one."""
        return self.load <= self._room // 2

    def want(self, wanted: Wanted) -> None:
        """Have something saved."""
        self.load += 1
        self._unsent.append(wanted)
        if len(self._unsent) == 1:
            asyncio.get_running_loop().call_soon(self._send)  # with all that follows now

    def finish(self, *, at_once: bool) -> None:
        """Say that no more comes."""
        self._send()
        self._say(messages.Finish(at_once))

    async def end(self) -> None:
        """Let it tidy up and end."""
        for task in self._answers:
            task.cancel()
        assert self._process.stdin is not None  # noqa: S101  # it was asked for
        self._process.stdin.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                await self._process.wait()
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        await wait_out([self._listening, *self._answers])

    def _send(self) -> None:
        if self._unsent:
            self._say(messages.Save(self._unsent))
            self._unsent = []

    def _say(self, message: object) -> None:
        assert self._process.stdin is not None  # noqa: S101  # it was asked for
        # Never more than a few names are under way: nothing piles up here.
        self._process.stdin.write(messages.spell(message))

    async def _listen(self) -> None:
        try:
            await self._hear_out()
        except Exception as error:  # noqa: BLE001  # of somebody's observer or log filter: who saves would wait for ever
            self._said.put_nowait((self, Ended(error)))

    async def _hear_out(self) -> None:
        assert self._process.stdout is not None  # noqa: S101  # it was asked for
        last: Ended | None = None
        while (message := await messages.read(self._process.stdout)) is not None:
            if isinstance(message, messages.TokenWanted):
                task = asyncio.create_task(self._answer(message))
                self._answers.add(task)
                task.add_done_callback(self._answers.discard)
            elif isinstance(message, Ended):
                last = message
                self._said.put_nowait((self, message))
            elif isinstance(message, Report):
                # Here, where no slow caller is waited for.
                for observed in message.observed:
                    observed.tell(self._requester.transport.observer)
                self._said.put_nowait((self, message))
            elif isinstance(message, messages.Logged):
                logger = logging.getLogger(message.record.name)
                if logger.isEnabledFor(message.record.levelno):
                    logger.handle(message.record)
        if last is None:
            status = await self._process.wait()
            error = RuntimeError(f"a process that saved recordings ended with status {status}")
            self._said.put_nowait((self, Ended(error)))

    async def _answer(self, wanted: messages.TokenWanted) -> None:
        tokens = self._requester.tokens
        try:
            if wanted.refused is None:
                answer = messages.Token(await tokens.access_token())
            else:
                access = await tokens.replace(wanted.refused, wanted.details, may_refresh=wanted.may_refresh)
                answer = messages.Token(access)
        except Exception as error:  # noqa: BLE001  # the child raises it where it asked
            answer = messages.Token(error=error)
        self._say(answer)
