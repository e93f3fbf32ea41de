"""A session that does all that there is, on a simulator where much goes wrong; and what must not be told of it."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs
import pytest

from tele2ats_async import (
    AtsSession,
    Customer,
    Forbidden,
    Manager,
    NotFound,
    NotReady,
    RetryPolicy,
    TokenPair,
)
from tele2ats_async.simulator import AtsSimulator, Company, faults

QUICKLY = RetryPolicy(attempts=4, wait_initial_s=0.001, wait_max_s=0.01)
NUMBER = "79998887766"
PERSON = "Варвара"
MISSING = "2022-08-12/mo_1660307061093153"
# A number that stands by itself, and no digits of a time or of a span's hexadecimal id; names of recordings, queries, Russian.
_SUSPICIOUS = re.compile(
    r"(?<![\da-f.])7\d{10}(?![\da-f])|mo_\d+|filename|(caller|number|destination|source|start|end|page)=|[а-яё]",
    re.IGNORECASE,
)
_LISTING, _RECORDING, _TRANSCRIPT = 8, 9, 10


@attrs.define
class Everything:
    """Runs it all.

    Attributes:
        issued: All tokens that there were.
    """

    simulator: AtsSimulator
    directory: Path
    issued: list[str] = attrs.field(factory=list[str])

    def spoil(self) -> None:
        """Have failures of each kind: statuses, waits, connections, bodies."""
        self.simulator.inject(faults.ServerErrors(), requests={1, 2}, operations={_LISTING})
        self.simulator.inject(faults.ComeBackLater(retry_after=0), requests={1}, operations={4})
        self.simulator.inject(faults.Vanish(), requests={2}, operations={_TRANSCRIPT})
        self.simulator.inject(faults.CutBody(), requests={2, 4}, operations={_RECORDING})

    async def run(self, ats: AtsSession, names: list[str]) -> None:
        """Ask for all 19 operations, with retries, refreshes and failures on the way."""
        self._note_tokens()
        start, end = (self.simulator.company.records[place].date for place in (0, -1))
        await ats.monitoring.fetch_current_calls()
        await ats.monitoring.fetch_queues()
        employees = await ats.employees.fetch_all()
        await ats.calls.dial(destination=NUMBER, source=employees[0].full_number or "")
        await ats.statistics.fetch_common(start, end, subscriber_number=NUMBER)
        await ats.statistics.fetch_journal(start, end, number=NUMBER)
        async for _ in ats.call_records.iter(start, end, caller=NUMBER):
            pass
        await self._recordings(ats, names)
        await self._people(ats, employees[0].employee_id)
        self.simulator.expire_access_token()
        await ats.request("GET", "/blacklist")
        self._note_tokens()
        await ats.tokens.refresh()
        self._note_tokens()

    async def _recordings(self, ats: AtsSession, names: list[str]) -> None:
        async with ats.recordings.open(names[0]) as stream:
            async for _ in stream:
                pass
        await ats.recordings.save(names[1], self.directory)
        outcomes = ats.recordings.save_many(names[2:8], self.directory, transcripts=True)
        assert [None] * 6 == [outcome.error async for outcome in outcomes]
        with pytest.raises(NotReady, match=MISSING):
            await ats.recordings.save(MISSING, self.directory)
        await ats.recordings.fetch_transcript(names[0])

    async def _people(self, ats: AtsSession, employee_id: int) -> None:
        customer = Customer(name=PERSON, real_number=NUMBER)
        manager = Manager(name=PERSON, employee_id=employee_id, customers=[customer])
        await ats.managers.create(manager)
        known = await ats.managers.fetch_all()
        made = await ats.managers.fetch(known[-1].id or 0)
        await ats.managers.update(made)
        await ats.managers.delete(made.id or 0)
        await ats.blacklist.add(NUMBER)
        await ats.blacklist.fetch_all()
        await ats.blacklist.remove(NUMBER)
        await ats.blacklist.clear()
        with pytest.raises((NotFound, Forbidden)):
            await ats.request("GET", f"/people/{PERSON}/{NUMBER}", query={"filename": MISSING})

    def _note_tokens(self) -> None:
        self.issued += self.simulator.tokens

    def assert_untold(self, told: str) -> None:
        """Find nothing in a text that it must not hold."""
        secrets = {*self.issued, NUMBER, PERSON, MISSING, *_of_company(self.simulator.company)}
        found = [secret for secret in secrets if secret in told]
        found += [hit[0] for hit in _SUSPICIOUS.finditer(told)]
        assert [] == found, f"{found} among what is told"


def session_of(simulator: AtsSimulator, **settings: Any) -> AtsSession:
    """Open a session that tries again quickly."""
    return AtsSession(
        TokenPair(*simulator.tokens), base_url=simulator.base_url, **({"retry": QUICKLY} | settings)
    )


def _of_company(company: Company) -> Iterable[str]:
    """Give all names and numbers, but for short ones, which a time could hold."""
    texts: list[str | None] = [company.name, company.main_number]
    for record in company.records:
        texts += [record.caller_number, record.caller_name, record.callee_number, record.callee_name]
        texts += [record.record_file_name]
    for employee in company.employees:
        texts += [employee.name, employee.surname, employee.email, employee.full_number]
    for customer in company.customers:
        texts += [customer.full_name, customer.number]
    return [text for text in texts if text and (len(text) > 6 or not text.isascii())]
