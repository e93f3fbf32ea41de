"""What the tests of the archive share: a company of their own, runs of the mirror, and looks into the index."""

import hashlib
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import attrs
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from conftest import ONE_ATTEMPT

from tele2ats_async import AtsSession, CallRecord, RecordCallStatus, RecordCallType, SaveOutcome, TokenPair
from tele2ats_async.simulator import AtsSimulator, Company

# Long before any company that is generated now: everything is settled by then.
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def call(at: datetime = NOON, *, named: bool = True, **fields: Any) -> CallRecord:
    """Make a call, with a recording that is named after its moment."""
    name = f"{at:%Y-%m-%d}/mo_{round(at.timestamp() * 1000)}" if named else None
    plain = CallRecord(
        date=at,
        call_type=RecordCallType.OUTGOING,
        call_status=RecordCallStatus.ANSWERED_COMMON,
        caller_number="79000000001",
        call_duration=3,
        conversation_duration=1,
        record_file_name=name,
    )
    return attrs.evolve(plain, **fields)


def company_of(records: Iterable[CallRecord]) -> Company:
    """Make a company with these calls and no others."""
    company = Company.generate(seed=5, recordings=0)
    for record in records:
        company.add_record(record)
    return company


@attrs.define
class Scene:
    """A service, a session on it, and an archive."""

    simulator: AtsSimulator
    ats: AtsSession
    directory: Path
    start: datetime = NOON - DAY
    end: datetime = NOON + DAY

    @property
    def company(self) -> Company:
        return self.simulator.company

    async def mirror(self, **settings: Any) -> list[SaveOutcome]:
        """Run to the end; what was asked before is forgotten."""
        self.simulator.requests.clear()
        period = settings.pop("start", self.start), settings.pop("end", self.end)
        return [one async for one in self.ats.recordings.mirror(*period, self.directory, **settings)]

    def asked(self) -> Counter[int | None]:
        """Count the requests of the last run by operation."""
        return Counter(seen.operation for seen in self.simulator.requests)

    def listings(self) -> list[dict[str, str]]:
        """Give the queries of the last run's listings."""
        return [
            {name: values[0] for name, values in parse_qs(seen.raw_query).items()}
            for seen in self.simulator.requests
            if seen.operation == 8
        ]

    def index(self, query: str = "SELECT * FROM calls ORDER BY date, id", *values: Any) -> list[Any]:
        """Look into the index, or change it."""
        return look(self.directory, query, *values)

    def agrees(self) -> bool:
        """Tell whether index and files agree, and are all that the service has."""
        rows = self.index("SELECT record_file_name, state, file, size_bytes, sha256 FROM calls ORDER BY 1")
        expected = []
        for record in self.company.records:
            if (name := record.record_file_name) and self.start <= record.date <= self.end:
                whole = self.simulator.recording(name)
                assert whole == (self.directory / f"{name}.mp3").read_bytes()
                expected.append((name, "done", f"{name}.mp3", len(whole), hashlib.sha256(whole).hexdigest()))
        return sorted(expected) == [row for row in rows if row[0]]


def look(directory: Path, query: str, *values: Any) -> list[Any]:
    with closing(sqlite3.connect(directory / "archive.sqlite3")) as connection, connection:
        return connection.execute(query, values).fetchall()


@asynccontextmanager
async def scene(
    company: Company, directory: Path, *faults: Middleware, **settings: Any
) -> AsyncIterator[Scene]:
    """Set a scene."""
    async with (
        AtsSimulator(company=company, middlewares=faults) as simulator,
        AtsSession(
            TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=ONE_ATTEMPT, **settings
        ) as ats,
    ):
        yield Scene(simulator, ats, directory)


def service_clock(now: Callable[[], datetime | None]) -> Middleware:
    """Let the service's answers be of another time, or of none that can be read."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        if not response.prepared:
            moment = now()
            response.headers["Date"] = "?" if moment is None else format_datetime(moment, usegmt=True)
        return response

    return middleware


def files_below(directory: Path) -> set[str]:
    """Give the files of an archive, but for its own."""
    files = {str(path.relative_to(directory).as_posix()) for path in directory.rglob("*") if path.is_file()}
    return {name for name in files if not name.startswith(("archive.sqlite3", ".archive.lock"))}
