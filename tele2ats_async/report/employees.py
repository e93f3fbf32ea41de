"""Who took the incoming calls, who placed the others, and how long callers waited."""

from collections import defaultdict
from collections.abc import Iterable

import attrs

from ..models import CallDirection, CallOutcome, Employee, RecordCallType
from .call import Call, canonical
from .figures import Durations, EmployeeFigures


@attrs.define
class _Tally:
    """The calls of one number."""

    number: str
    name: str | None = None
    answered: int = 0
    unanswered: int = 0
    outgoing: int = 0
    waiting: Durations = attrs.field(factory=Durations)
    talk_s: int = 0


class EmployeeTally:
    """Counts calls by the numbers of employees."""

    def __init__(self) -> None:
        self._by_number: dict[str, _Tally] = {}

    def add(self, call: Call) -> None:
        """Count a call with the world outside, where it tells whose it is.

        An incoming call is of the number that took it, or should have; one to a single person that names no
        such number is of the one that was dialled. A call that nobody of a queue took is nobody's.
        """
        if call.direction == CallDirection.INCOMING:
            is_personal = call.record.call_type == RecordCallType.SINGLE_CHANNEL
            number = call.callee or (call.dialled if is_personal else None)
            if number and call.outcome in (CallOutcome.ANSWERED, CallOutcome.UNANSWERED):
                self._add_incoming(self._tally(number, call.record.callee_name), call)
        elif call.direction == CallDirection.OUTGOING and call.caller:
            tally = self._tally(call.caller, call.record.caller_name)
            tally.outgoing += 1
            tally.talk_s += call.talk_s or 0

    def sum_up(self, employees: Iterable[Employee]) -> tuple[EmployeeFigures, ...]:
        """Put the numbers of each employee together, and sort them, the busiest first.

        Args:
            employees: Names and numbers; who is not listed keeps the name that the calls have.
        """
        known: dict[str, Employee] = {}
        for employee in employees:
            for number in (employee.full_number, employee.short_number):
                if spelled := canonical(number):
                    known.setdefault(spelled, employee)
        groups: defaultdict[int | str, list[_Tally]] = defaultdict(list)
        for number, tally in self._by_number.items():
            owner = known.get(number)
            groups[owner.employee_id if owner else number].append(tally)
        figures = [_sum_up(tallies, known.get(tallies[0].number)) for tallies in groups.values()]
        return tuple(
            sorted(figures, key=lambda one: (-one.answered - one.unanswered, -one.outgoing, one.number))
        )

    def _add_incoming(self, tally: _Tally, call: Call) -> None:
        if call.outcome == CallOutcome.ANSWERED:
            tally.answered += 1
            tally.waiting.add(call.waiting_s)
            tally.talk_s += call.talk_s or 0
        else:
            tally.unanswered += 1

    def _tally(self, number: str, name: str | None) -> _Tally:
        tally = self._by_number.get(number)
        if tally is None:
            tally = self._by_number[number] = _Tally(number)
        tally.name = tally.name or name
        return tally


def _sum_up(tallies: list[_Tally], owner: Employee | None) -> EmployeeFigures:
    listed = " ".join(filter(None, (owner.name, owner.surname))) if owner else ""
    return EmployeeFigures(
        name=listed or next((tally.name for tally in tallies if tally.name), None),
        number=tallies[0].number,
        answered=sum(tally.answered for tally in tallies),
        unanswered=sum(tally.unanswered for tally in tallies),
        outgoing=sum(tally.outgoing for tally in tallies),
        waiting=Durations.sum_of([tally.waiting for tally in tallies]),
        talk_s=sum(tally.talk_s for tally in tallies),
    )
