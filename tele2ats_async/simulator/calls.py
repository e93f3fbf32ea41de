"""What becomes of the calls of a generated company: who with whom, how long, with what end."""

import math
import random
from datetime import UTC, datetime, timedelta

import attrs

from ..models import CallRecord, RecordCallStatus, RecordCallType
from .people import Customer, Employee

_Type = RecordCallType
_Status = RecordCallStatus
_Plan = tuple[RecordCallType, RecordCallStatus]

ANSWERED = (
    _Status.ANSWERED_COMMON,
    _Status.ANSWERED_BY_ORIGINAL_CLIENT,
    _Status.ANSWERED_BY_BUSY_FORWARD_CLIENT,
    _Status.ANSWERED_BY_NO_ANSWER_FORWARD_CLIENT,
)
# A refusal says something about the direction of its call.
_UNANSWERED: dict[RecordCallStatus, RecordCallType] = {
    _Status.NOT_ANSWERED_COMMON: _Type.SINGLE_CHANNEL,
    _Status.CANCELLED_BY_CALLER: _Type.MULTI_CHANNEL,
    _Status.DENIED_DUE_TO_MAX_SESSION: _Type.MULTI_CHANNEL,
    _Status.DENIED_DUE_TO_INCOMING_CALLS_BLOCKED: _Type.SINGLE_CHANNEL,
    _Status.DENIED_DUE_TO_OUTGOING_CALLS_BLOCKED: _Type.OUTGOING,
    _Status.DENIED_DUE_TO_ONLY_INTERNAL_CALLS_ENABLED: _Type.OUTGOING,
    _Status.DENIED_DUE_TO_BLACK_LISTED: _Type.SINGLE_CHANNEL,
    _Status.DENIED_NOT_IN_WHITE_LIST: _Type.SINGLE_CHANNEL,
    _Status.DENIED_DUE_TO_NOT_WORK_TIME: _Type.MULTI_CHANNEL,
    _Status.DENIED_DUE_TO_UNKNOWN_NUMBER: _Type.OUTGOING,
    _Status.DENIED_DUE_TO_MAX_CHANNEL_LIMIT: _Type.MULTI_CHANNEL,
    _Status.DESTINATION_BUSY: _Type.OUTGOING,
    _Status.CANCELLED_BY_PICKUP: _Type.PICKUP_CALL,
}
# (caller, callee, destination) of the types that are not a customer who dials an employee.
_OUTWARD = ("employee", "customer", "customer")
_SIDEWARD = ("employee", "colleague", "colleague")
_TO_THE_LINE = ("customer", "employee", "line")
_UNANNOUNCED = ("stranger", "nobody", "line")
_PARTIES: dict[RecordCallType, tuple[str, str, str]] = {
    _Type.OUTGOING: _OUTWARD,
    _Type.CRM_OUTGOING: _OUTWARD,
    _Type.CALLBACK: _OUTWARD,
    _Type.CRM_CALLBACK: _OUTWARD,
    _Type.INTERNAL: _SIDEWARD,
    _Type.CONFERENCE: _SIDEWARD,
    _Type.HIMSELF: ("employee", "employee", "employee"),
    _Type.PICKUP_CALL: ("customer", "colleague", "employee"),
    _Type.MULTI_CHANNEL: _TO_THE_LINE,
    _Type.INTERNAL_QUEUE: _TO_THE_LINE,
    _Type.FAX: _UNANNOUNCED,
    _Type.UNKNOWN_CALL: _UNANNOUNCED,
}
_INWARD = ("customer", "employee", "employee")
_COMMON_TYPES = (
    _Type.SINGLE_CHANNEL,
    _Type.MULTI_CHANNEL,
    _Type.OUTGOING,
    _Type.INTERNAL,
    _Type.CRM_OUTGOING,
)
_COMMON_TYPE_WEIGHTS = (30, 34, 20, 10, 6)
_COMMON_MISSES = (_Status.NOT_ANSWERED_COMMON, _Status.CANCELLED_BY_CALLER, _Status.DESTINATION_BUSY)
_OFF_HOURS: _Plan = (_Type.MULTI_CHANNEL, _Status.DENIED_DUE_TO_NOT_WORK_TIME)

_ANSWERED_SHARE = 0.78
_RECORDED_SHARE = 0.92
# Log-normal seconds of talk: half lie under 70, most between 20 and 180.
_TALK_MEDIAN_S, _TALK_SPREAD = 70, 0.85
_TALK_RANGE_S = (3, 900)
_RINGING_RANGE_S = (2, 25)


@attrs.frozen
class Switchboard:
    """Makes call records of moments.

    Attributes:
        rng: The company's dice.
        duration_s: Bounds of the conversations in seconds, None for a believable distribution.
    """

    rng: random.Random
    employees: tuple[Employee, ...]
    customers: tuple[Customer, ...]
    main_number: str
    duration_s: tuple[int, int] | None

    @property
    def longest_call(self) -> timedelta:
        """How long a call can be at most."""
        return timedelta(seconds=(self.duration_s or _TALK_RANGE_S)[1] + _RINGING_RANGE_S[1])

    def plan(self, count: int) -> list[_Plan]:
        """Plan a working day's mixture; a long enough one holds every type and every status."""
        rng = self.rng
        deck = [(call_type, rng.choice(ANSWERED)) for call_type in RecordCallType]
        deck += [(rng.choice(_COMMON_TYPES), status) for status in ANSWERED]
        deck += [(call_type, status) for status, call_type in _UNANSWERED.items()]
        rng.shuffle(deck)
        while len(deck) < count:
            answered = rng.random() < _ANSWERED_SHARE
            [call_type] = rng.choices(_COMMON_TYPES, _COMMON_TYPE_WEIGHTS)
            deck.append((call_type, rng.choice(ANSWERED if answered else _COMMON_MISSES)))
        deck = deck[:count]
        rng.shuffle(deck)
        return deck

    def plan_answered(self, count: int) -> list[_Plan]:
        """Plan calls that all are answered."""
        types = self.rng.choices(_COMMON_TYPES, _COMMON_TYPE_WEIGHTS, k=count)
        return [(call_type, self.rng.choice(ANSWERED)) for call_type in types]

    def plan_off_hours(self, count: int) -> list[_Plan]:
        """Plan calls that nobody takes because nobody is there."""
        return [_OFF_HOURS] * count

    def connect(self, moment: datetime, plan: _Plan, *, always_recorded: bool = False) -> CallRecord:
        """Let a call take place."""
        rng = self.rng
        call_type, status = plan
        talk_s = self._draw_talk_s() if status in ANSWERED else 0
        recorded = talk_s > 0 and (always_recorded or rng.random() < _RECORDED_SHARE)
        record = CallRecord(
            date=moment,
            call_type=call_type,
            call_status=status,
            call_duration=rng.randint(*_RINGING_RANGE_S) + talk_s,
            conversation_duration=talk_s,
            record_file_name=recording_name(moment, rng) if recorded else rng.choice((None, None, "")),
            **self._draw_parties(call_type),
        )
        return (
            record if rng.random() < 0.93 else attrs.evolve(record, caller_name=None, destination_number=None)
        )

    def _draw_talk_s(self) -> int:
        if self.duration_s is not None:
            return self.rng.randint(*self.duration_s)
        shortest, longest = _TALK_RANGE_S
        talk_s = round(self.rng.lognormvariate(math.log(_TALK_MEDIAN_S), _TALK_SPREAD))
        return min(max(talk_s, shortest), longest)

    def _draw_parties(self, call_type: RecordCallType) -> dict[str, str | None]:
        employee, colleague = self.rng.sample(self.employees, 2)
        customer = self.rng.choice(self.customers)
        cast: dict[str, tuple[str | None, str | None]] = {
            "employee": (employee.full_number, employee.full_name),
            "colleague": (colleague.full_number, colleague.full_name),
            "customer": (customer.number, customer.full_name),
            "stranger": (customer.number, None),
            "line": (self.main_number, None),
            "nobody": (None, None),
        }
        caller, callee, destination = _PARTIES.get(call_type, _INWARD)
        return {
            "caller_number": cast[caller][0],
            "caller_name": cast[caller][1],
            "callee_number": cast[callee][0],
            "callee_name": cast[callee][1],
            "destination_number": cast[destination][0],
        }


def recording_name(moment: datetime, rng: random.Random) -> str:
    """Name a recording as the service does: the day in UTC, and digits that begin with the epoch."""
    epoch_ms = round(moment.timestamp() * 1000)
    return f"{moment.astimezone(UTC):%Y-%m-%d}/mo_{epoch_ms}{rng.randrange(100_000):05d}"


def end_of(record: CallRecord) -> datetime:
    """Tell when a call was over."""
    return record.date + timedelta(seconds=record.call_duration or 0)
