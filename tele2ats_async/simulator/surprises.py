"""What a newer service might send: members, values and nulls that the contract does not promise."""

from collections.abc import Iterator
from itertools import count
from typing import cast

UNKNOWN_VALUE = "UNHEARD_OF"

_ENUMS = frozenset({"callType", "callStatus", "sourceType"})
# Without these an object is nothing that could be told from another, or changed.
_PROMISED = frozenset(
    {
        "accessToken", "refreshToken", "callType", "callStatus", "date", "queueName", "calls", "employeeId",
        "channel", "startTime", "endTime", "word", "id", "number", "recordFileName",
    }
)  # fmt: skip


def surprise(answer: object) -> object:
    """Give every object a new member, some of the enums a new value, and some members no value."""
    return _change(answer, count())


def _change(value: object, turns: Iterator[int]) -> object:
    if isinstance(value, list):
        return [_change(item, turns) for item in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    turn = next(turns)
    changed: dict[str, object] = {}
    for place, (name, member) in enumerate(cast("dict[str, object]", value).items()):
        changed[name] = _replace(name, member, turn + place, turns)
    return {**changed, "newMember": {"turn": turn}}


def _replace(name: str, member: object, turn: int, turns: Iterator[int]) -> object:
    if name in _ENUMS and turn % 3 == 1:
        return UNKNOWN_VALUE
    if name not in _PROMISED and turn % 5 == 3:
        return None
    return _change(member, turns)
