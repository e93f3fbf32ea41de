"""Programs that end in the middle of a refresh: by a signal, an error, a timeout."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import attrs
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.typedefs import Handler
from children import Child, child

from tele2ats_async import FileTokenStore, TokenPair
from tele2ats_async.simulator import AtsSimulator, Company

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]


@attrs.define
class Scene:
    """A service that carries a refresh out, and keeps the answer back.

    Attributes:
        simulator: The service.
        path: The token file.
        is_done: Set once the old pair is dead.
        may_answer: Set by the test.
    """

    simulator: AtsSimulator
    path: Path
    is_done: asyncio.Event
    may_answer: asyncio.Event

    async def holds_the_pair(self) -> bool:
        return TokenPair(*self.simulator.tokens) == await FileTokenStore(self.path).load()


@pytest_asyncio.fixture
async def scene(company: Company, tmp_path: Path) -> AsyncIterator[Scene]:
    """Set the scene."""
    is_done, may_answer = asyncio.Event(), asyncio.Event()

    @web.middleware
    async def keep_back(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        is_done.set()
        await may_answer.wait()
        return response

    path = tmp_path / "tokens.json"
    async with AtsSimulator(company=company, middlewares=[keep_back]) as simulator:
        await FileTokenStore(path).save(TokenPair(*simulator.tokens))
        yield Scene(simulator, path, is_done, may_answer)
        may_answer.set()


async def _in_the_middle(scene: Scene, leaver: Child) -> None:
    assert "ready" == await leaver.hear()
    await asyncio.wait_for(scene.is_done.wait(), 30)
    assert not await scene.holds_the_pair()
    await _until_idle(leaver.process.pid)


def _state(number: int) -> str:
    return Path(f"/proc/{number}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]


async def _until_idle(number: int) -> None:
    """Wait until a process sleeps in its event loop.

    What a signal handler raises into a running step of a task ends that task, whoever made it.
    """
    idle = 0
    async with asyncio.timeout(30):
        while idle < 10:
            idle = idle + 1 if _state(number) == "S" else 0
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("program", "sent"),
    [
        ("leave_by_cancellation", [signal.SIGTERM]),
        ("leave_by_cancellation", [signal.SIGTERM, signal.SIGTERM]),
        ("leave_by_exit", [signal.SIGTERM]),
        ("leave_by_exit_unclosed", [signal.SIGTERM]),
        ("refresh_once", [signal.SIGINT]),
        ("refresh_once", [signal.SIGINT, signal.SIGINT]),
        ("leave_by_error", []),
        ("leave_by_timeout", []),
    ],
)
async def test_the_refresh_ends_first(scene: Scene, program: str, sent: list[signal.Signals]) -> None:
    """The service has killed the old pair: the program waits for the new one, and saves it."""
    async with child(program, str(scene.path), scene.simulator.base_url) as leaver:
        await _in_the_middle(scene, leaver)
        for number in sent:
            leaver.send(number)
            await asyncio.sleep(0.2)  # two signals at once would be one
        await leaver.tell()
        await asyncio.sleep(0.4)
        assert leaver.process.returncode is None
        scene.may_answer.set()
        await leaver.ended()

    assert await scene.holds_the_pair()


@pytest.mark.parametrize("program", ["leave_by_cancellation", "leave_by_exit", "leave_by_exit_unclosed"])
async def test_a_service_that_never_answers_does_not_keep_a_program(scene: Scene, program: str) -> None:
    """The wait is bounded."""
    limit = {"EXCHANGE_TIMEOUT_S": "1"}
    async with child(program, str(scene.path), scene.simulator.base_url, **limit) as leaver:
        await _in_the_middle(scene, leaver)
        leaver.send(signal.SIGTERM)
        async with asyncio.timeout(30):
            await leaver.ended()
