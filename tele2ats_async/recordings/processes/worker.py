"""A process that saves recordings for the session that has started it, through pipes.

It has no refresh token, and an access token only once it has something to ask for. Nothing else runs on its
loop, so its files are written there and then. It ends with the pipe from its parent, whatever ends that.
"""

import asyncio
import logging.handlers
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from typing import Any, cast

from ... import disk
from ...logs import package_logger
from ...observing import UNOBSERVED
from ...requester import Requester
from ...tasks import wait_out
from ...transport import Transport
from ..files import FileRequests
from ..many import SavingMany
from ..outcome import SaveOutcome
from ..readiness import Wanted
from ..saving import Saver, no_progress
from . import messages
from .observed import Witness

# What is done in so many seconds is told together.
_TOLD_EVERY_S = 0.002


class Worker:
    """The work of one process."""

    def __init__(self, inbox: asyncio.StreamReader, outbox: asyncio.WriteTransport) -> None:
        self._inbox = inbox
        self._outbox = outbox
        self._wanted: asyncio.Queue[Wanted | None] = asyncio.Queue()
        self._outcomes: list[SaveOutcome] = []
        self._progress: list[tuple[str, int]] = []
        self._observed: list[messages.Observed] = []
        self._telling: asyncio.TimerHandle | None = None
        self._tokens = ParentsTokens(self.say)

    async def run(self, setup: messages.Setup) -> None:
        """Save what the parent wants, until it wants no more."""
        observer = Witness(self._note_observed) if setup.tells_requests else UNOBSERVED
        transport = Transport(**setup.transport, observer=observer)  # type: ignore[arg-type]  # pickled as they were given
        requester = Requester(transport, self._tokens, setup.retry, max_connections=setup.max_connections)
        saving = SavingMany(
            Saver(FileRequests(requester)),
            setup.directory,
            concurrency=setup.concurrency,
            transcripts=setup.transcripts,
            progress=self._note_progress if setup.tells_progress else no_progress,
        )
        listening = asyncio.create_task(self._listen(saving))
        working = asyncio.create_task(self._work(saving))
        try:
            await asyncio.wait([listening, working], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (listening, working):
                task.cancel()
            await wait_out([listening, working])
            self._tell()  # what ended just now, too
            await transport.close()

    def say(self, message: object) -> None:
        """Tell the parent."""
        self._outbox.write(messages.spell(message))

    async def _listen(self, saving: SavingMany) -> None:
        """Hear the parent, until it has gone."""
        while (message := await messages.read(self._inbox)) is not None:
            match message:
                case messages.Save(wanted):
                    for one in wanted:
                        self._wanted.put_nowait(one)
                case messages.Token():
                    self._tokens.hear(message)
                case messages.Finish(at_once):
                    self._wanted.put_nowait(None)
                    if at_once:
                        saving.stop()
                case _:
                    raise AssertionError("unreachable")

    async def _work(self, saving: SavingMany) -> None:
        error = None
        try:
            async with aclosing(saving.run(self._iter_wanted())) as outcomes:
                async for outcome in outcomes:
                    self._outcomes.append(outcome)
                    self._tell_soon()
        except Exception as failure:  # noqa: BLE001  # the parent raises it
            error = failure
        self._tell()
        self.say(messages.Ended(error))

    async def _iter_wanted(self) -> AsyncGenerator[Wanted, None]:
        while (wanted := await self._wanted.get()) is not None:
            yield wanted

    def _note_progress(self, name: str, size_bytes: int) -> None:
        self._progress.append((name, size_bytes))
        self._tell_soon()

    def _note_observed(self, observed: messages.Observed) -> None:
        self._observed.append(observed)
        self._tell_soon()

    def _tell_soon(self) -> None:
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(_TOLD_EVERY_S, self._tell)

    def _tell(self) -> None:
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
        if self._outcomes or self._progress or self._observed:
            self.say(messages.Report(self._outcomes, self._progress, self._observed))
            self._outcomes, self._progress, self._observed = [], [], []


class ParentsTokens:
    """The access token, from the process that guards the pair."""

    def __init__(self, say: Any) -> None:
        self._say = say
        self._access: str | None = None
        self._asking: asyncio.Future[str] | None = None
        self.refresh_count = 0

    @property
    def living(self) -> str | None:
        """The newest token that this process has seen."""
        return self._access

    async def access_token(self) -> str:
        """Give the newest token, from the parent where there is none yet."""
        return self._access or await self._ask(messages.TokenWanted())

    async def replace(self, refused: str, details: str = "", *, may_refresh: bool = True) -> str:
        """Give another token than one that was refused; the same where there is no other."""
        if self._access is not None and self._access != refused:
            return self._access
        return await self._ask(messages.TokenWanted(refused, details, may_refresh))

    def hear(self, token: messages.Token) -> None:
        """Take what the parent has sent."""
        if self._asking is None or self._asking.done():
            return
        if token.error is not None:
            self._asking.set_exception(token.error)
            self._asking.exception()  # looked at: whoever asked may have gone
            return
        if self._access not in (None, token.access):
            self.refresh_count += 1
        self._access = token.access
        self._asking.set_result(token.access)

    async def _ask(self, message: messages.TokenWanted) -> str:
        # One question at a time: whoever comes meanwhile shares its answer.
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().create_future()
            self._say(message)
        return await asyncio.shield(self._asking)


class _ToParent(logging.handlers.QueueHandler):
    """Has the parent handle what is logged here, as if it were logged there."""

    def __init__(self, say: Callable[[messages.Logged], None]) -> None:
        super().__init__(cast("Any", None))  # there is no queue
        self._say = say

    def enqueue(self, record: logging.LogRecord) -> None:
        """Send a record, all made up as a text."""
        self._say(messages.Logged(record))


class _Outbox(asyncio.BaseProtocol):
    """The pipe to the parent.

    Attributes:
        gone: Done when all that was said has left, or nobody hears it any more.
    """

    def __init__(self) -> None:
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # the protocol's
        """Note that the pipe is closed."""
        self.gone.set_result(None)


async def _main() -> None:
    loop = asyncio.get_running_loop()
    inbox = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(inbox), sys.stdin.buffer)
    outbox, pipe = await loop.connect_write_pipe(_Outbox, sys.stdout.buffer)
    setup = await messages.read(inbox)
    if isinstance(setup, messages.Setup):
        disk.work_inline()
        worker = Worker(inbox, outbox)
        package_logger.setLevel(setup.log_level)
        package_logger.addHandler(_ToParent(worker.say))
        package_logger.propagate = False
        await worker.run(setup)
    outbox.close()
    await pipe.gone


def main() -> None:
    """Run the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent, which has it too, decides what becomes of us
    loop_factory = None
    with suppress(ImportError):
        import uvloop  # noqa: PLC0415  # where it is installed

        loop_factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(_main())
