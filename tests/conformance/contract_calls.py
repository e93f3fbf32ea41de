"""Each operation once: how the client is asked for it, what then has to arrive, what is answered."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import attrs
import orjson
import pytest
from contract_operations import OPERATIONS
from contract_service import Arrived, Reply, Script, audio, conversation, issues, says
from raw_service import NAME

from tele2ats_async import AtsSession, Manager

MOSCOW = timezone(timedelta(hours=3))
START = datetime(2022, 7, 24, 10, 15, 30, tzinfo=MOSCOW)
END = datetime(2022, 7, 25, 10, 15, 30, tzinfo=MOSCOW)
PERIOD = {"start": "2022-07-24T10%3A15%3A30%2B03%3A00", "end": "2022-07-25T10%3A15%3A30%2B03%3A00"}
FILE = {"filename": "2022-08-12%2Fmo_166030706109315379"}
MANAGER = Manager(employee_id=440, name="Анна")
SUCCESS = Reply(b"SUCCESS")
ROW = {"date": "2022-07-15T07:27:06.348Z", "callType": "INTERNAL", "callStatus": "ANSWERED_COMMON"}


@attrs.frozen
class Call:
    """One operation, asked for in the plainest way.

    Attributes:
        number: The operation's number.
        ask: How the client is asked.
        reply: What is answered, with the members that must be there and no others.
        line: Method and path that have to arrive.
        query: The query that has to arrive, encoded.
        body: The body that has to arrive, as JSON; None for an empty one.
    """

    number: int
    ask: Callable[[AtsSession], Awaitable[Any]] = attrs.field(repr=False)
    reply: Reply = attrs.field(repr=False)
    argument: str = ""
    query: dict[str, str] = attrs.field(factory=dict)
    body: Any = None

    @property
    def line(self) -> str:
        method, path = OPERATIONS[self.number]
        return f"{method} {path.replace('{id}', self.argument).replace('{msisdn}', self.argument)}"

    @property
    def accept(self) -> str:
        """What the contract wants in `Accept`."""
        return "*/*" if self.number == 9 else "application/json"


async def read_recording(ats: AtsSession, name: str = NAME) -> bytes:
    """Read a recording to its end."""
    async with ats.recordings.open(name) as stream:
        return b"".join([chunk async for chunk in stream])


CALLS = {
    call.number: call
    for call in (
        Call(1, lambda ats: ats.tokens.refresh(), issues("access-2", "refresh-2")),
        Call(2, lambda ats: ats.monitoring.fetch_current_calls(), says([{"callType": "INTERNAL"}])),
        Call(3, lambda ats: ats.monitoring.fetch_queues(), says([{"queueName": "1", "calls": []}])),
        Call(4, lambda ats: ats.employees.fetch_all(), says([{"employeeId": 5412}])),
        Call(
            5,
            lambda ats: ats.calls.dial(destination="79998887766", source="79081560008"),
            Reply(),
            query={"destination": "79998887766", "source": "79081560008"},
        ),
        Call(6, lambda ats: ats.statistics.fetch_common(START, END), says({}), query=PERIOD),
        Call(7, lambda ats: ats.statistics.fetch_journal(START, END), says([{}]), query=PERIOD),
        Call(
            8,
            lambda ats: ats.call_records.fetch_page(START, END, size=10),
            says([ROW]),
            query={**PERIOD, "page": "0", "size": "10", "sort": "date%2CASC"},
        ),
        Call(9, read_recording, audio(), query=FILE),
        Call(
            10,
            lambda ats: ats.recordings.fetch_transcript(NAME),
            says([{"channel": "A", "startTime": 0.5, "endTime": 1.5, "word": "да"}]),
            query=FILE,
        ),
        Call(11, lambda ats: ats.managers.fetch_all(), says([{}])),
        Call(12, lambda ats: ats.managers.fetch(26), says({}), "26"),
        Call(
            13,
            lambda ats: ats.managers.create(MANAGER),
            SUCCESS,
            body={"employeeId": 440, "name": "Анна", "customers": []},
        ),
        Call(
            14,
            lambda ats: ats.managers.update(attrs.evolve(MANAGER, id=26)),
            SUCCESS,
            body={"id": 26, "employeeId": 440, "name": "Анна", "customers": []},
        ),
        Call(15, lambda ats: ats.managers.delete(26), Reply(), "26"),
        Call(16, lambda ats: ats.blacklist.add("79998887766"), SUCCESS, body=79998887766),
        Call(17, lambda ats: ats.blacklist.remove("79998887766"), SUCCESS, "79998887766"),
        Call(18, lambda ats: ats.blacklist.clear(), SUCCESS),
        Call(19, lambda ats: ats.blacklist.fetch_all(), says([{"id": 10622, "number": "79023581212"}])),
    )
}
ACCESS_CALLS = [call for number, call in CALLS.items() if number != 1]

each_call = pytest.mark.parametrize("call", CALLS.values(), ids=lambda call: f"op{call.number:02}")
each_access_call = pytest.mark.parametrize("call", ACCESS_CALLS, ids=lambda call: f"op{call.number:02}")


def of_operations(*numbers: int) -> pytest.MarkDecorator:
    """Run a test once for each of some operations."""
    return pytest.mark.parametrize(
        "call", [CALLS[number] for number in numbers], ids=lambda call: f"op{call.number:02}"
    )


def service_of(call: Call, *before: Reply) -> Script:
    """Play a service that answers one operation, after some other answers to it, and refreshes."""
    left = list(before)

    def script(request: Arrived) -> Reply:
        if request.line == CALLS[1].line:
            return CALLS[1].reply
        return left.pop(0) if left else call.reply

    return script


async def answered(number: int, value: object) -> Any:
    """Give what the client makes of a JSON answer to an operation."""
    async with conversation(says(value)) as (ats, _):
        return await CALLS[number].ask(ats)


def arrived_as(request: Arrived) -> tuple[str, dict[str, str], Any]:
    """Give what is to be compared with `expected_of`."""
    return request.line, request.query, orjson.loads(request.body) if request.body else None


def expected_of(call: Call) -> tuple[str, dict[str, str], Any]:
    """Give line, query and body that have to arrive."""
    return call.line, call.query, call.body
