"""The calls that a company is going to have: a function of the company and the hour, and nothing else."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import attrs

from ..models import CurrentCallType, RecordCallStatus, RecordCallType
from .calls import ANSWERED, Switchboard, end_of
from .company import Company
from .diary import is_working_hour
from .live import LiveCall

HOUR_S = 3_600

_CURRENT_TYPES = {
    RecordCallType.SINGLE_CHANNEL: CurrentCallType.SINGLE_CHANNEL,
    RecordCallType.MULTI_CHANNEL: CurrentCallType.MULTI_CHANNEL,
    # It is a call to a person's number, only to one outside.
    RecordCallType.OUTGOING: CurrentCallType.SINGLE_CHANNEL,
    RecordCallType.INTERNAL: CurrentCallType.INTERNAL,
    RecordCallType.CONFERENCE: CurrentCallType.CONFERENCE,
}
_TYPES = tuple(_CURRENT_TYPES)
_TYPE_WEIGHTS = (28, 40, 17, 10, 5)
_MISSES = (RecordCallStatus.NOT_ANSWERED_COMMON, RecordCallStatus.CANCELLED_BY_CALLER)
_ANSWERED_SHARE = 0.8
_OFF_HOURS_SHARE = 0.03
_QUEUES = ("1", "2")
_QUEUE_WAIT_RANGE_S = (5, 60)


def plan_hour(company: Company, hour: int, calls_per_hour: float) -> list[LiveCall]:
    """Plan the calls that begin within one hour.

    Nobody is in two of them at once: a call that would put somebody there is not made.

    Args:
        company: Who telephones.
        hour: Hours since the epoch.
        calls_per_hour: How many calls begin in an hour at work; in others, few do.

    Returns:
        The calls, in order of their beginning.
    """
    rng = random.Random(f"{company.company_id} {company.main_number} {hour}")  # noqa: S311  # dice, not secrets
    board = Switchboard(rng, company.employees, company.customers, company.main_number, None)
    start = datetime.fromtimestamp(hour * HOUR_S, UTC)
    at_work = is_working_hour(start)
    busy_until: dict[str, datetime] = {}
    calls: list[LiveCall] = []
    for moment in _moments(rng, start, calls_per_hour * (1 if at_work else _OFF_HOURS_SHARE)):
        call = _ring(board, moment) if at_work else _ring_in_vain(board, moment)
        parties = (call.caller, call.callee)
        if all(busy_until.get(number, start) <= moment for number in parties):
            busy_until.update(dict.fromkeys(parties, end_of(call.record)))
            calls.append(call)
    return calls


def _moments(rng: random.Random, start: datetime, calls_per_hour: float) -> Iterator[datetime]:
    """Draw moments that know nothing of each other, to the millisecond."""
    passed_ms = 0
    while True:
        passed_ms += 1 + int(rng.expovariate(calls_per_hour) * HOUR_S * 1000)
        if passed_ms >= HOUR_S * 1000:
            return
        yield start + timedelta(milliseconds=passed_ms)


def _ring(board: Switchboard, moment: datetime) -> LiveCall:
    [call_type] = board.rng.choices(_TYPES, _TYPE_WEIGHTS)
    status = board.rng.choice(ANSWERED if board.rng.random() < _ANSWERED_SHARE else _MISSES)
    record = board.connect(moment, (call_type, status))
    if call_type != RecordCallType.MULTI_CHANNEL:
        return LiveCall(record, _CURRENT_TYPES[call_type])
    wait_s = board.rng.randint(*_QUEUE_WAIT_RANGE_S)
    waited = attrs.evolve(record, call_duration=(record.call_duration or 0) + wait_s)
    return LiveCall(waited, CurrentCallType.MULTI_CHANNEL, board.rng.choice(_QUEUES))


def _ring_in_vain(board: Switchboard, moment: datetime) -> LiveCall:
    [plan] = board.plan_off_hours(1)
    return LiveCall(board.connect(moment, plan), CurrentCallType.MULTI_CHANNEL)
