"""The lines of a company: which calls are on them now."""

import random
from collections.abc import Callable
from datetime import UTC, datetime

import attrs

from ..models import CallRecord, CurrentCallType, RecordCallStatus, RecordCallType
from .calls import recording_name
from .company import Company
from .live import LiveCall
from .people import Employee
from .traffic import HOUR_S, plan_hour

# A call that operation 5 places: the employee's telephone rings, then the other one; then they talk.
PLACED_RINGING_S = 8
PLACED_TALK_S = 45


@attrs.frozen
class PlacedCall:
    """A call that operation 5 has placed.

    Attributes:
        source: The employee's number, as the request spelled it.
        destination: As the request spelled it.
        placed_at: Aware datetime.
    """

    source: str
    destination: str
    placed_at: datetime


@attrs.define(eq=False)
class Lines:
    """Lets calls come and go with the clock; those that are over become records of the company.

    Attributes:
        clock: Epoch seconds.
        live_calls_per_hour: How many calls begin in an hour at work of their own accord; with 0 there
            are only those that operation 5 places.
        placed: What operation 5 has placed, in order.
    """

    company: Company
    clock: Callable[[], float]
    live_calls_per_hour: float = attrs.field(validator=attrs.validators.ge(0))
    placed: list[PlacedCall] = attrs.field(factory=list[PlacedCall], init=False)
    _calls: list[LiveCall] = attrs.field(factory=list[LiveCall], init=False)
    _opened_at: datetime = attrs.field(init=False)
    _next_hour: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._opened_at = self._now()
        # No call lasts an hour: what is under way at the opening began in this hour or the last.
        self._next_hour = int(self.clock() // HOUR_S) - 1

    def catch_up(self) -> datetime:
        """Let happen what has happened since the last time, and tell the time."""
        now = self._now()
        while self.live_calls_per_hour and self._next_hour * HOUR_S <= now.timestamp():
            planned = plan_hour(self.company, self._next_hour, self.live_calls_per_hour)
            self._calls += [call for call in planned if not call.is_over(self._opened_at)]
            self._next_hour += 1
        over = [call for call in self._calls if call.is_over(now)]
        if over:
            self._calls = [call for call in self._calls if not call.is_over(now)]
        for call in over:
            self._file(call.record)
        return now

    def in_progress(self, now: datetime) -> list[LiveCall]:
        """List the calls that are under way, the oldest first."""
        calls = [call for call in self._calls if call.is_in_progress(now)]
        return sorted(calls, key=lambda call: call.record.date)

    def place(self, source: str, employee: Employee, destination: str) -> None:
        """Place a call; asked twice, it places two."""
        now = self.catch_up()
        self.placed.append(PlacedCall(source, destination, now))
        colleague = self.company.find_employee(destination)
        callee = colleague.full_number if colleague else destination
        record = CallRecord(
            date=now,
            call_type=RecordCallType.CRM_OUTGOING,
            call_status=RecordCallStatus.ANSWERED_COMMON,
            destination_number=callee,
            caller_number=employee.full_number,
            caller_name=employee.full_name,
            callee_number=callee,
            callee_name=self.company.find_name(callee),
            call_duration=PLACED_RINGING_S + PLACED_TALK_S,
            conversation_duration=PLACED_TALK_S,
            record_file_name=self._free_name(now),
        )
        kind = CurrentCallType.INTERNAL if colleague else CurrentCallType.SINGLE_CHANNEL
        self._calls.append(LiveCall(record, kind))

    def _now(self) -> datetime:
        epoch_ms = int(self.clock() * 1000)
        now = datetime.fromtimestamp(epoch_ms // 1000, UTC)
        return now.replace(microsecond=epoch_ms % 1000 * 1000)

    def _free_name(self, moment: datetime) -> str:
        rng = random.Random(f"{self.company.company_id} {moment}")  # noqa: S311  # dice, not secrets
        taken = {call.record.record_file_name for call in self._calls}
        while (name := recording_name(moment, rng)) in taken or self.company.find_recorded(name):
            pass
        return name

    def _file(self, record: CallRecord) -> None:
        # Two simulators of one company, at one time, live through the same calls.
        if not (record.record_file_name and self.company.find_recorded(record.record_file_name)):
            self.company.add_record(record)
