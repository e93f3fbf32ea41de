"""A refreshing process is killed with SIGKILL, again and again, and goes on from its file.

Two hundred times here; for more::

    TELE2ATS_TEST_KILLS=2000 pytest -s tests/processes/test_sigkill.py
"""

import asyncio
import os
import random
import signal
import stat
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from children import Child, child

from tele2ats_async import FileTokenStore, TokenPair
from tele2ats_async.simulator import AtsSimulator, Company

pytestmark = pytest.mark.asyncio

KILLS = int(os.environ.get("TELE2ATS_TEST_KILLS", "200"))


@attrs.define
class Register:
    """Watches the refreshes of a service.

    Attributes:
        issued: All pairs, in order.
        in_flight: Refreshes that the service works on.
        arrived: Set whenever a refresh has arrived.
        answered: Set whenever the answer to one is on its way.
    """

    issued: list[TokenPair] = attrs.field(factory=list)
    in_flight: int = 0
    arrived: asyncio.Event = attrs.field(factory=asyncio.Event)
    answered: asyncio.Event = attrs.field(factory=asyncio.Event)
    simulator: AtsSimulator | None = None

    @web.middleware
    async def watch(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        assert self.simulator is not None
        self.in_flight += 1
        self.arrived.set()
        try:
            response = await handler(request)
            self.issued.append(TokenPair(*self.simulator.tokens))
            return response
        finally:
            self.answered.set()
            self.in_flight -= 1

    async def settled(self) -> None:
        """Wait until nothing that a dead process has sent can still be carried out."""
        assert self.simulator is not None
        assert self.simulator._runner is not None
        server = self.simulator._runner.server
        assert server is not None
        async with asyncio.timeout(10):
            while self.in_flight or server.connections:
                await asyncio.sleep(0.001)


async def _kill(breeder: Child, register: Register, chance: random.Random) -> str:
    """Let one child live for a while, and kill it; say what the moment was aimed at."""
    await breeder.tell()
    number = int(await breeder.hear())
    moment = chance.choice(["any", "arrived", "answered"])
    if moment == "any":
        await asyncio.sleep(chance.uniform(0, 0.06))
    else:
        for _ in range(chance.randint(1, 3)):
            event = getattr(register, moment)
            event.clear()
            await asyncio.wait_for(event.wait(), 10)
        await asyncio.sleep(chance.uniform(0, 0.004))
    os.kill(number, signal.SIGKILL)
    assert "ended" == await breeder.hear()
    await register.settled()
    return moment


def _parts(directory: Path) -> list[Path]:
    return [*directory.glob(".*.part")]


async def test_a_killed_process_goes_on_from_its_file(
    company: Company, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """The file holds the old pair or the new one, whole, for its owner alone; only the instant loses."""
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    path = tmp_path / "tokens.json"
    store = FileTokenStore(path)
    register = Register()
    losses: Counter[str] = Counter()
    kills: Counter[str] = Counter()
    async with AtsSimulator(company=company, middlewares=[register.watch]) as simulator:
        register.simulator = simulator
        await store.save(TokenPair(*simulator.tokens))
        register.issued.append(await store.load())
        async with child("breed", str(path), simulator.base_url) as breeder:
            for _ in range(KILLS):
                before = len(register.issued)
                moment = await _kill(breeder, register, chance)
                kills[moment] += 1
                pair = await store.load()
                assert 0o600 == stat.S_IMODE(path.stat().st_mode), f"seed {seed}"
                async with asyncio.timeout(5), store.lock():
                    pass  # free at once: the system gives back what the dead have held
                if pair != register.issued[-1]:
                    # The service had issued a pair, and the process was killed before it was on the disk.
                    assert len(register.issued) > before, f"seed {seed}"
                    assert register.issued[-2] == pair, f"seed {seed}"
                    losses[moment] += 1
                    register.issued.append(TokenPair(*simulator.regenerate_tokens()))
                    await store.save(register.issued[-1])
        assert TokenPair(*simulator.tokens) == await store.load()
        refreshes = simulator.refresh_count

    leftovers = len(_parts(tmp_path))
    figures = {
        "kills, by what they were aimed at": dict(kills),
        "of these between the answer and the flush": dict(losses),
        "refreshes": refreshes,
        "parts left behind": leftovers,
        "seed": seed,
    }
    for name, figure in figures.items():
        record_property(name, figure)
    print(figures)  # noqa: T201  # the report
    assert KILLS <= refreshes
    assert 3 == len(kills)
