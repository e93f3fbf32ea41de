"""Finished calls as the service lists them: JSON text."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import orjson

from .corpus import recording_name

FIRST_MOMENT = datetime(2022, 8, 12, tzinfo=UTC)
_SECONDS_BETWEEN = 30
_NAMES = ("Анастасия Исаева", "Юля Заплаткина", "Артем Лебедев", "Мария Кузнецова", "Иван Соколов")
_TYPES = ("SINGLE_CHANNEL", "MULTI_CHANNEL", "INTERNAL", "OUTGOING")
_STATUSES = ("ANSWERED_COMMON", "ANSWERED_BY_ORIGINAL_CLIENT", "ANSWERED_BY_BUSY_FORWARD_CLIENT")


def moment_of(number: int) -> datetime:
    """Give the time of a call."""
    return FIRST_MOMENT + timedelta(seconds=_SECONDS_BETWEEN * number)


def first_number_at(moment: datetime) -> int:
    """Give the number of the first call that is not before a moment."""
    return max(0, -((FIRST_MOMENT - moment) // timedelta(seconds=_SECONDS_BETWEEN)))


def make_row(number: int) -> bytes:
    """Make the JSON object of a call, with all its members."""
    caller, callee = 79000000000 + number * 7919 % 10**9, 79100000000 + number * 104729 % 10**9
    return orjson.dumps(
        {
            "date": f"{moment_of(number):%Y-%m-%dT%H:%M:%S}.{number % 1000:03}Z",
            "callType": _TYPES[number % len(_TYPES)],
            "destinationNumber": str(callee),
            "callerNumber": str(caller),
            "callerName": _NAMES[number % len(_NAMES)],
            "calleeNumber": str(callee),
            "calleeName": _NAMES[number // 5 % len(_NAMES)],
            "callDuration": 20 + number % 600,
            "conversationDuration": 6 + number % 590,
            "callStatus": _STATUSES[number % len(_STATUSES)],
            "recordFileName": recording_name(number),
        }
    )


def make_page(rows: Sequence[bytes]) -> bytes:
    """Make the JSON text of a page."""
    return b"[" + b",".join(rows) + b"]"
