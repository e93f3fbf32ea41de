"""Who called in vain, and was not called back."""

from collections.abc import Iterable
from datetime import datetime

import attrs

from ..models import CallDirection, CallOutcome, Employee, RecordCallType
from .call import Call, can_be_called, canonical
from .figures import UnreturnedCaller

# Of a callback, nobody says whose number the caller's is; a customer's taken for the company's would hide missed calls.
_FROM_THE_COMPANY = frozenset({RecordCallType.OUTGOING, RecordCallType.CRM_OUTGOING})


@attrs.define
class _Missed:
    """A missed call that may still turn out to be returned."""

    at: datetime
    moment: datetime
    called: str | None
    waited_s: int | None


@attrs.define
class _Caller:
    """What is known of one number that called in vain."""

    name: str | None = None
    calls: int = 0
    missed: list[_Missed] = attrs.field(factory=list[_Missed])


class CallerTally:
    """Finds missed calls that nobody returned, in whatever order calls come.

    A call is returned when one between the same number and the company, in either direction, begins later and is
    answered.
    """

    def __init__(self) -> None:
        self._callers: dict[str, _Caller] = {}
        self._spoken_at: dict[str, datetime] = {}
        self._company: set[str] = set()
        self._withheld = 0

    def add(self, call: Call) -> None:
        """Take note of who spoke with whom, and who did not."""
        self._learn(call)
        if call.outcome == CallOutcome.ANSWERED:
            self._speak(call)
        elif call.record.is_missed:
            self._miss(call)

    def sum_up(self, employees: Iterable[Employee]) -> tuple[int, int, tuple[UnreturnedCaller, ...]]:
        """Give the missed calls from outside, those that withheld their number, and who was not called back."""
        inside = self._company.union(
            *({canonical(one.full_number), canonical(one.short_number)} for one in employees)
        )
        outside = {number: caller for number, caller in self._callers.items() if number not in inside}
        unreturned = [
            _sum_up(number, caller) for number, caller in outside.items() if self._prune(number, caller)
        ]
        unreturned.sort(key=lambda one: (one.last_at, one.number), reverse=True)
        return sum(caller.calls for caller in outside.values()), self._withheld, tuple(unreturned)

    def _learn(self, call: Call) -> None:
        """Learn which numbers are the company's: only where the type leaves no doubt whose they are."""
        if call.direction == CallDirection.INCOMING:
            self._company.update(filter(None, (call.callee, call.dialled)))
        elif call.record.call_type in _FROM_THE_COMPANY:
            self._company.update(filter(None, (call.caller,)))
        elif call.record.call_type == RecordCallType.INTERNAL:
            self._company.update(filter(None, (call.caller, call.callee)))

    def _speak(self, call: Call) -> None:
        for number in (call.caller, call.callee, call.dialled):
            if number and (number not in self._spoken_at or call.record.date > self._spoken_at[number]):
                self._spoken_at[number] = call.record.date
                if number in self._callers:
                    self._prune(number, self._callers[number])

    def _miss(self, call: Call) -> None:
        if call.caller is None or not call.caller.isdecimal():
            self._withheld += 1
        elif can_be_called(call.caller):
            caller = self._callers.get(call.caller)
            if caller is None:
                caller = self._callers[call.caller] = _Caller()
            caller.calls += 1
            caller.name = caller.name or call.record.caller_name
            called = call.record.callee_name or call.callee or call.dialled
            caller.missed.append(_Missed(call.record.date, call.moment, called, call.waiting_s))

    def _prune(self, number: str, caller: _Caller) -> list[_Missed]:
        """Forget what is returned, and give what is left."""
        if spoken_at := self._spoken_at.get(number):
            caller.missed = [missed for missed in caller.missed if missed.at >= spoken_at]
        return caller.missed


def _sum_up(number: str, caller: _Caller) -> UnreturnedCaller:
    first = min(caller.missed, key=lambda missed: missed.at)
    last = max(caller.missed, key=lambda missed: missed.at)
    return UnreturnedCaller(
        number=number,
        name=caller.name,
        calls=len(caller.missed),
        first_at=first.moment,
        last_at=last.moment,
        called=last.called,
        waited_s=last.waited_s,
    )
