"""Three thousand recordings over a service that does everything wrong, by a process that is killed again and again.

At the end every byte is right. For a longer run, and its figures::

    TELE2ATS_TEST_CHAOS=7000 pytest -s tests/chaos
"""

import asyncio
import hashlib
import os
import random
import signal
import sqlite3
import sys
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import attrs
import pytest

from tele2ats_async import ArchiveReport, FileTokenStore, TokenPair, verify_archive
from tele2ats_async.simulator import AtsSimulator, Company, faults

pytestmark = pytest.mark.asyncio

RECORDINGS = int(os.environ.get("TELE2ATS_TEST_CHAOS", "3000"))
KILLS = max(20, RECORDINGS // 150)
PROGRAM = str(Path(__file__).with_name("chaotic.py"))

_REQUESTS_AT_MOST = 1.3
_RUNS_AT_MOST = 30
_RECORDING, _LISTING = 9, 8
_SPENT = 3
# Of one request, one fault has its way, and only good answers are spoiled: a little more than the 1 % that is meant.
_RATE = 0.0105
_LISTING_RATE = 0.02
_RANGE_RATE = 0.05
_HITS_AT_LEAST = 10
# A mirror asks for first pages alone, and not for calls in progress.
_NEVER_MET = {faults.ShiftPages, faults.RepeatPage, faults.Flicker}
# It asks for the rest of a recording now and then, so that few can be ignored.
_SELDOM_MET = {faults.IgnoreRange}
# What cannot be seen from here: the announced length is there, and the connection ends after it.
_INVISIBLE = (faults.WrongLength(by=-100),)


def inject_everything(simulator: AtsSimulator) -> list[faults.Injection]:
    """Switch on every fault that there is, for recordings and for listings; its variants share its rate."""
    chosen = [_mild(fault) for fault in faults.ALL_KINDS if fault not in _INVISIBLE]
    shares = Counter(map(_meeting, chosen))
    return [
        simulator.inject(
            fault, rate=_rate(fault, operation) / shares[_meeting(fault)], operations=[operation]
        )
        for fault in chosen
        for operation in (_RECORDING, _LISTING)
        if operation in fault.possible_operations
    ]


def _meeting(fault: faults.Fault) -> tuple[type[faults.Fault], bool]:
    """Give what variants have in common that can meet the same requests."""
    return type(fault), _is_for_ranges(fault)


def _is_for_ranges(fault: faults.Fault) -> bool:
    return fault != faults.WrongRange(kind="unasked") and isinstance(
        fault, faults.IgnoreRange | faults.WrongRange
    )


def _rate(fault: faults.Fault, operation: int) -> float:
    """Say how many of the requests it begins to hit; where it is for few requests, more of them."""
    if _is_for_ranges(fault):
        return _RANGE_RATE
    rate = _LISTING_RATE if operation == _LISTING else _RATE
    return rate / fault.burst if isinstance(fault, faults.ServerErrors) else rate


def _mild(fault: Any) -> Any:
    """Shorten what only takes time."""
    match fault:
        case faults.DelayFirstByte():
            return faults.DelayFirstByte(1.5)  # longer than the process waits
        case faults.Trickle():
            return faults.Trickle(bytes_per_s=1000)
        case faults.ComeBackLater(retry_after=int()):
            return attrs.evolve(fault, retry_after=1)
        case _:
            return fault


@attrs.define
class Chaos:
    """An archive that is mirrored by one process after the other."""

    simulator: AtsSimulator
    directory: Path
    tokens: Path
    chance: random.Random
    ends: Counter[str] = attrs.field(factory=Counter)
    requests: Counter[int | None] = attrs.field(factory=Counter)
    fetched_again: list[str] = attrs.field(factory=list)

    async def start(self) -> Process:
        records = self.simulator.company.records
        complaints = self._complaints()
        try:
            return await asyncio.create_subprocess_exec(
                sys.executable,
                PROGRAM,
                str(self.directory),
                str(self.tokens),
                self.simulator.base_url,
                records[0].date.isoformat(),
                (records[-1].date + timedelta(seconds=1)).isoformat(),
                stderr=complaints,
            )
        finally:
            os.close(complaints)

    async def run(self, *, killed_after_requests: int | None) -> int | None:
        """Run a process to its end, or until the service has seen so many requests more; give its status."""
        self.simulator.requests.clear()
        done = self.done()
        process = await self.start()
        ending = asyncio.ensure_future(process.wait())
        while not ending.done():
            await asyncio.wait([ending], timeout=0.005)
            if killed_after_requests is not None and len(self.simulator.requests) >= killed_after_requests:
                await asyncio.sleep(self.chance.uniform(0, 0.05))
                with suppress(ProcessLookupError):  # it came to its end just now
                    process.kill()
                break
        await ending
        self.requests.update(seen.operation for seen in self.simulator.requests)
        self.fetched_again += done & self._asked()
        story = self._last_word() or f"exit {process.returncode}"
        self.ends["killed" if process.returncode == -signal.SIGKILL else story] += 1
        if process.returncode == _SPENT:
            # Killed between the service's answer and the disk: a person makes a new pair.
            await self.save_tokens(TokenPair(*self.simulator.regenerate_tokens()))
        return process.returncode

    def _complaints(self) -> int:
        """Open a new file for what a process says on standard error, however much that is."""
        return os.open(self.tokens.with_name("complaints"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)

    def _last_word(self) -> str:
        with self.tokens.with_name("complaints").open("rb") as complaints:
            complaints.seek(max(0, complaints.seek(0, os.SEEK_END) - 1000))
            lines = complaints.read().decode(errors="replace").splitlines()
        return lines[-1].partition(":")[0] if lines else ""

    async def save_tokens(self, pair: TokenPair) -> None:
        await FileTokenStore(self.tokens).save(pair)

    def done(self) -> set[str]:
        """Give the recordings that the index holds for done."""
        if not (self.directory / "archive.sqlite3").exists():
            return set()
        with suppress(sqlite3.OperationalError):  # the tables may be still to come
            return {name for name, (state, *_) in self.index().items() if state == "done"}
        return set()

    def _asked(self) -> set[str]:
        """Give the recordings that the last process has asked for, in either encoding of the name."""
        queries = [
            parse_qs(seen.raw_query) for seen in self.simulator.requests if seen.operation == _RECORDING
        ]
        return {unquote(query["filename"][0]) for query in queries}

    def index(self) -> dict[str, tuple[Any, ...]]:
        with closing(sqlite3.connect(self.directory / "archive.sqlite3")) as connection:
            rows = connection.execute("SELECT record_file_name, state, file, size_bytes, sha256 FROM calls")
            return {name: tuple(row) for name, *row in rows}


async def test_chaos(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """Every byte right, the index complete, nothing left behind, and few requests in vain."""
    seed = random.randrange(10**6)
    company = Company.generate(seed=seed, recordings=RECORDINGS, duration_s=(1, 30))
    async with AtsSimulator(company=company, seed=seed) as simulator:
        chaos = Chaos(simulator, tmp_path / "archive", tmp_path / "tokens.json", random.Random(seed))
        await chaos.save_tokens(TokenPair(*simulator.tokens))
        injections = inject_everything(simulator)
        share = RECORDINGS // (KILLS + 5)
        while (kills := chaos.ends["killed"]) < KILLS:
            # Some early, in the listing; most somewhere on the way.
            moment = chaos.chance.choice([chaos.chance.randint(0, 12), chaos.chance.randint(1, share)])
            assert await chaos.run(killed_after_requests=moment) != 0, "it was over before the last kill"
        while await chaos.run(killed_after_requests=None) != 0:
            assert chaos.ends.total() < kills + _RUNS_AT_MOST, chaos.ends
        for injection in injections:
            injection.remove()
        requests = chaos.requests
        hits: Counter[type[faults.Fault]] = Counter()
        for injection in injections:
            hits[type(injection.fault)] += injection.count
        figures = {
            "seed": seed,
            "recordings": RECORDINGS,
            "kills": kills,
            "ends": dict(chaos.ends),
            "requests": dict(requests),
            "requests a recording": round(sum(requests.values()) / RECORDINGS, 3),
            "fetched again": len(chaos.fetched_again),
            "faults": {fault.__name__: count for fault, count in hits.items()},
        }
        for name, figure in figures.items():
            record_property(name, figure)
        print(figures)  # noqa: T201  # the report

        await _assert_complete(chaos)
        assert [] == chaos.fetched_again
        for fault in set(map(type, faults.ALL_KINDS)) - _NEVER_MET:
            assert hits[fault] >= (1 if fault in _SELDOM_MET else _HITS_AT_LEAST), fault
        assert sum(requests.values()) <= _REQUESTS_AT_MOST * RECORDINGS


async def _assert_complete(chaos: Chaos) -> None:
    index = chaos.index()
    names = {record.record_file_name for record in chaos.simulator.company.records}
    assert names == index.keys()
    for name in names:
        assert name is not None
        expected = chaos.simulator.recording(name)
        content = (chaos.directory / f"{name}.mp3").read_bytes()
        assert expected == content, name
        row = ("done", f"{name}.mp3", len(expected), hashlib.sha256(expected).hexdigest())
        assert row == index[name]
    own = {"archive.sqlite3", "archive.sqlite3-shm", "archive.sqlite3-wal", ".archive.lock"}
    files = {str(path.relative_to(chaos.directory)) for path in chaos.directory.rglob("*") if path.is_file()}
    assert {f"{name}.mp3" for name in names} == files - own
    assert ArchiveReport(intact=len(names)) == await verify_archive(chaos.directory)
