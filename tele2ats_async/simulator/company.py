"""A generated company and its calls."""

import random
from bisect import insort
from datetime import UTC, date, datetime, timedelta
from typing import Self

import attrs

from ..models import CallRecord
from .calls import Switchboard
from .diary import MOSCOW, Diary
from .names import COMPANY_NAMES
from .people import Customer, Employee, PhoneBook, find_customers, hire

_CUSTOMER_COUNT = 60
_MILLISECOND = timedelta(milliseconds=1)


def _order(record: CallRecord) -> tuple[datetime, str]:
    return record.date, record.record_file_name or ""


@attrs.define(eq=False)
class Company:
    """A company with its calls.

    Attributes:
        name: As the cabinet shows it.
        company_id: The service's number of the company.
        main_number: The number of the multi-channel line, 11 digits.
        records: All calls, ordered by date, then by name of the recording.
    """

    name: str
    company_id: int
    main_number: str
    employees: tuple[Employee, ...] = attrs.field(repr=False)
    customers: tuple[Customer, ...] = attrs.field(repr=False)
    records: list[CallRecord] = attrs.field(factory=list[CallRecord], repr=False, init=False)
    _recorded: dict[str, CallRecord] = attrs.field(factory=dict[str, CallRecord], repr=False, init=False)

    @property
    def administrator(self) -> dict[str, object]:
        """The user on whose behalf tokens are made, as they carry it."""
        return {
            "companyId": self.company_id,
            "userId": self.employees[0].employee_id,
            "login": self.employees[0].email,
        }

    @classmethod
    def generate(
        cls,
        *,
        seed: int = 1,
        days: int = 7,
        calls_per_day: int = 60,
        recordings: int | None = None,
        duration_s: tuple[int, int] | None = None,
        last_day: date | None = None,
        now: datetime | None = None,
    ) -> Self:
        """Make a company; the same arguments make the same one.

        Args:
            seed: Where the dice begin.
            days: How many days of calls, the last day among them.
            calls_per_day: Calls of a weekday; nights and weekends have a few of their own.
            recordings: Instead of a day's mixture, exactly so many calls, all of them recorded.
            duration_s: Shortest and longest conversation in seconds; by default a believable mixture.
            last_day: The last day in Moscow, by default the one of ``now``.
            now: Aware datetime that no call outlasts, by default the present. A call that would is
                moved to an earlier day.

        Returns:
            The company, with its calls ordered by date.
        """
        now = datetime.now(UTC) if now is None else now
        diary = Diary(last_day or now.astimezone(MOSCOW).date(), days, now)
        rng = random.Random(seed)  # noqa: S311  # dice, not secrets
        phones = PhoneBook(rng)
        company = cls(
            name=rng.choice(COMPANY_NAMES),
            company_id=rng.randrange(100, 10_000),
            main_number=phones.city(),
            employees=hire(rng, phones, rng.randint(12, 20)),
            customers=find_customers(rng, phones, _CUSTOMER_COUNT),
        )
        company._let_ring(rng, diary, calls_per_day, recordings, duration_s)
        return company

    def add_record(self, record: CallRecord) -> None:
        """Add a call that has just ended, or did so long ago.

        Raises:
            ValueError: Another call has a recording of that name.
        """
        name = record.record_file_name
        if name:
            if name in self._recorded:
                raise ValueError(f"record_file_name {name!r} is taken")
            self._recorded[name] = record
        insort(self.records, record, key=_order)

    def find_recorded(self, name: str) -> CallRecord | None:
        """Find the call that a recording belongs to."""
        return self._recorded.get(name)

    def find_employee(self, number: str) -> Employee | None:
        """Find who works here by a full or a short number."""
        return next(
            (person for person in self.employees if number in (person.full_number, person.short_number)), None
        )

    def find_name(self, number: str) -> str | None:
        """Find the name that goes with a full number, of somebody here or in the address book."""
        names = {customer.number: customer.full_name for customer in self.customers}
        names.update({person.full_number: person.full_name for person in self.employees})
        return names.get(number)

    def _let_ring(
        self,
        rng: random.Random,
        diary: Diary,
        calls_per_day: int,
        recordings: int | None,
        duration_s: tuple[int, int] | None,
    ) -> None:
        board = Switchboard(rng, self.employees, self.customers, self.main_number, duration_s)
        if recordings is None:
            by_day = diary.working_hours(rng, calls_per_day * len(diary.working_days()))
            by_night = diary.off_hours(rng, calls_per_day)
            planned = [*zip(by_day, board.plan(len(by_day)), strict=True)]
            planned += zip(by_night, board.plan_off_hours(len(by_night)), strict=True)
        else:
            moments = diary.working_hours(rng, recordings)
            planned = [*zip(moments, board.plan_answered(recordings), strict=True)]
        taken: set[datetime] = set()
        for drawn, plan in planned:
            moment = diary.settle(drawn, board.longest_call)
            # Names of recordings begin with the millisecond, which so makes them unique.
            while moment in taken:
                moment -= _MILLISECOND
            taken.add(moment)
            self.add_record(board.connect(moment, plan, always_recorded=recordings is not None))
