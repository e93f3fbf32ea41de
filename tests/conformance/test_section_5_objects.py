"""Section 5: objects."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from contract_calls import CALLS, END, ROW, START, answered, of_operations
from contract_service import Arrived, Reply, audio, conversation, says
from raw_service import NAME, ONCE

from tele2ats_async import (
    AtsSession,
    BlacklistEntry,
    BlacklistSource,
    CallQueue,
    CallRecord,
    Channel,
    CommonStatistics,
    Conflict,
    CurrentCall,
    CurrentCallType,
    Customer,
    Employee,
    JournalEntry,
    Manager,
    PayloadError,
    RecordCallStatus,
    RecordCallType,
    SaveResult,
    TokenPair,
    TranscriptWord,
)
from tele2ats_async.simulator import AtsSimulator

pytestmark = pytest.mark.asyncio

Json = dict[str, Any]
EPOCH = 1486975130
MOMENT = datetime(2017, 2, 13, 8, 38, 50, tzinfo=UTC)
CUSTOMER: Json = {
    "id": 92,
    "clientId": 93,
    "companyId": 391,
    "companyName": "mmMMm",
    "info": "специалист",
    "name": "Пётр",
    "realNumber": "79081581621",
    "isVip": True,
}
FIGURES = (
    "allCallCount", "successCallCount", "outgoingCallCount", "lostCallCount", "commonCallDuration",
    "averageCallDuration", "maxCallDuration", "callCountPerDay", "callCountPerHour", "mnAvgCallDuration",
    "mnMaxCallDuration", "averageCallCountPerHour", "transferCallCount", "transferCallDuration",
    "averageTransferCallDuration", "hangupACallCount", "hangupBCallCount", "uniqueCallCount", "redialCount",
    "internalCallCount", "internalCallDuration", "averageInternalCallDuration",
)  # fmt: skip
STATISTICS: Json = {name: place for place, name in enumerate(FIGURES, start=1)}
STATISTICS |= {"callCountPerDay": 4.333333333333333, "callCountPerHour": 0.18055555555555555}


@attrs.frozen
class Example:
    """An object with every member of the contract, each with a value of its own.

    Attributes:
        number: An operation that answers it, alone or in a list.
        members: As JSON.
        required: Those that must be there.
        value: What the client makes of it.
    """

    number: int
    members: Json = attrs.field(repr=False)
    required: tuple[str, ...] = attrs.field(repr=False)
    value: Any = attrs.field(repr=False)

    async def read(self, *objects: object) -> Any:
        """Give what the client makes of some such objects: a list of them, or one."""
        one = self.number in (6, 12)
        answer = await answered(self.number, objects[0] if one else list(objects))
        if one:
            return [answer]
        return answer.words if self.number == 10 else answer

    @property
    def bare(self) -> Json:
        """Only what must be there."""
        return {name: self.members[name] for name in self.required}

    def empty(self, member: str) -> object:
        """What stands for nothing in a member, beside null."""
        return [] if isinstance(self.members[member], list) else ""


EXAMPLES = {
    "CurrentCall": Example(
        2,
        {
            "callType": "SINGLE_CHANNEL",
            "callerNumberShort": "0001",
            "callerNumberFull": "79535548834",
            "calledNumberShort": "0002",
            "calledNumberFull": "79527745939",
        },
        ("callType",),
        CurrentCall(
            CurrentCallType.SINGLE_CHANNEL,
            caller_number_short="0001",
            caller_number_full="79535548834",
            called_number_short="0002",
            called_number_full="79527745939",
        ),
    ),
    "CallQueue": Example(
        3,
        {"queueName": "1", "calls": ["79527648162", "79527648163"]},
        ("queueName", "calls"),
        CallQueue("1", ["79527648162", "79527648163"]),
    ),
    "Employee": Example(
        4,
        {
            "employeeId": 433,
            "name": "Артем",
            "surname": "Исаев",
            "fullNumber": "79081560008",
            "shortNumber": "0001",
            "groupName": "Продажи",
            "email": "asd@asd.ru",
        },
        ("employeeId",),
        Employee(
            433,
            name="Артем",
            surname="Исаев",
            full_number="79081560008",
            short_number="0001",
            group_name="Продажи",
            email="asd@asd.ru",
        ),
    ),
    "CommonStatistics": Example(
        6,
        STATISTICS,
        (),
        CommonStatistics(
            all_call_count=1,
            success_call_count=2,
            outgoing_call_count=3,
            lost_call_count=4,
            common_call_duration=5,
            average_call_duration=6,
            max_call_duration=7,
            call_count_per_day=4.333333333333333,
            call_count_per_hour=0.18055555555555555,
            mn_avg_call_duration=10,
            mn_max_call_duration=11,
            average_call_count_per_hour=12,
            transfer_call_count=13,
            transfer_call_duration=14,
            average_transfer_call_duration=15,
            hangup_a_call_count=16,
            hangup_b_call_count=17,
            unique_call_count=18,
            redial_count=19,
            internal_call_count=20,
            internal_call_duration=21,
            average_internal_call_duration=22,
        ),
    ),
    "JournalEntry": Example(
        7,
        {
            "startTimestamp": EPOCH,
            "endTimestamp": EPOCH + 60,
            "number": "79081560008",
            "numberOfCalls": 5,
            "numberOfSuccessCalls": 3,
        },
        (),
        JournalEntry(
            start_timestamp=MOMENT,
            end_timestamp=MOMENT + timedelta(minutes=1),
            number="79081560008",
            number_of_calls=5,
            number_of_success_calls=3,
        ),
    ),
    "CallRecord": Example(
        8,
        {
            "date": "2022-07-15T07:27:06.348Z",
            "callType": "SINGLE_CHANNEL",
            "callStatus": "ANSWERED_BY_ORIGINAL_CLIENT",
            "destinationNumber": "79104739473",
            "callerNumber": "79000258890",
            "callerName": "Анастасия Исаева",
            "calleeNumber": "79104739472",
            "calleeName": "Юля Заплаткина",
            "callDuration": 20,
            "conversationDuration": 6,
            "recordFileName": NAME,
        },
        ("date", "callType", "callStatus"),
        CallRecord(
            datetime(2022, 7, 15, 7, 27, 6, 348_000, tzinfo=UTC),
            RecordCallType.SINGLE_CHANNEL,
            RecordCallStatus.ANSWERED_BY_ORIGINAL_CLIENT,
            destination_number="79104739473",
            caller_number="79000258890",
            caller_name="Анастасия Исаева",
            callee_number="79104739472",
            callee_name="Юля Заплаткина",
            call_duration=20,
            conversation_duration=6,
            record_file_name=NAME,
        ),
    ),
    "TranscriptWord": Example(
        10,
        {"channel": "B", "startTime": 0.3, "endTime": 1.07998, "word": "информируем"},
        ("channel", "startTime", "endTime", "word"),
        TranscriptWord(Channel.B, 0.3, 1.07998, "информируем"),
    ),
    "Manager": Example(
        12,
        {
            "id": 26,
            "employeeId": 440,
            "companyId": 391,
            "name": "Анна",
            "customers": [CUSTOMER],
            "handleAllCustomers": True,
        },
        (),
        Manager(
            id=26,
            employee_id=440,
            company_id=391,
            name="Анна",
            customers=[
                Customer(
                    id=92,
                    client_id=93,
                    company_id=391,
                    company_name="mmMMm",
                    info="специалист",
                    name="Пётр",
                    real_number="79081581621",
                    is_vip=True,
                )
            ],
            handle_all_customers=True,
        ),
    ),
    "BlacklistEntry": Example(
        19,
        {"id": 10622, "number": "79023581212", "sourceType": "MANUAL"},
        ("id", "number"),
        BlacklistEntry(10622, "79023581212", BlacklistSource.MANUAL),
    ),
}

each_example = pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
each_optional_member = pytest.mark.parametrize(
    ("example", "member"),
    [
        pytest.param(example, member, id=f"{name}.{member}")
        for name, example in EXAMPLES.items()
        for member in example.members
        if member not in example.required
    ],
)
_REQUIRED = [
    pytest.param(example, member, id=f"{name}.{member}")
    for name, example in EXAMPLES.items()
    for member in example.required
]
_WITHOUT_AN_EMPTY_VALUE = {"date", "employeeId", "endTime", "id", "startTime"}
each_text_that_must_be_there = pytest.mark.parametrize(
    ("example", "member"), [case for case in _REQUIRED if case.values[1] not in _WITHOUT_AN_EMPTY_VALUE]
)
each_value_that_must_be_there = pytest.mark.parametrize(
    ("example", "member"), [case for case in _REQUIRED if case.values[1] in _WITHOUT_AN_EMPTY_VALUE]
)


def _python_name(member: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in member)


# What the service sends beyond the contract.


@each_example
async def test_op00_a_new_member_breaks_nobody(example: Example) -> None:
    """A new field that the service sends beyond the contract never breaks a caller."""
    for news in ({"a": [1]}, [None], "text", 1.5, True, None):
        (read,) = await example.read({"brandNew": news, **example.members, "class": news})

        assert example.value == read


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("CurrentCall", "callType"),
        ("CallRecord", "callType"),
        ("CallRecord", "callStatus"),
        ("TranscriptWord", "channel"),
        ("BlacklistEntry", "sourceType"),
    ],
)
async def test_op00_a_new_enum_value_breaks_nobody(name: str, member: str) -> None:
    """A new enum value that the service sends beyond the contract never breaks a caller, and keeps its text."""
    for text in ("BRAND_NEW", "brand new", "НОВОЕ"):
        (read,) = await EXAMPLES[name].read(EXAMPLES[name].members | {member: text})
        value = getattr(read, _python_name(member))

        assert (text, False) == (value, value.is_known)
        assert read == attrs.evolve(EXAMPLES[name].value, **{_python_name(member): value})


@pytest.mark.parametrize("spelling", ["{}", '"{}"'], ids=["bare", "JSON"])
@of_operations(13, 14, 16, 17, 18)
async def test_op13_op14_op16_op17_op18_a_new_result_word_is_told(call: Any, spelling: str) -> None:
    """A new result word that the service sends beyond the contract is not taken for success, and keeps its text."""
    async with conversation(Reply(spelling.format("BRAND_NEW").encode())) as (ats, _):
        with pytest.raises(Conflict) as caught:
            await call.ask(ats)

    assert ("BRAND_NEW", False) == (caught.value.reason, getattr(caught.value.reason, "is_known", None))


@each_text_that_must_be_there
async def test_op00_a_null_in_a_required_text_breaks_nobody(example: Example, member: str) -> None:
    """A null that the service sends beyond the contract, where a text or a list must be, never breaks a caller: it is read as empty."""
    read = await example.read(example.members, example.members | {member: None}, example.members)
    empty: object = [] if isinstance(example.members[member], list) else ""

    assert [example.value, empty, example.value] == [
        read[0],
        getattr(read[1], _python_name(member)),
        read[2],
    ]


@each_value_that_must_be_there
async def test_op00_a_null_that_cannot_be_read_as_empty_is_told(example: Example, member: str) -> None:
    """A null that the service sends beyond the contract, where an id or a time must be, is told by its JSON path."""
    with pytest.raises(PayloadError) as caught:
        await example.read(example.members, example.members | {member: None})

    assert caught.value.where.endswith(f".{member}")
    assert "got null" in caught.value.reason


@pytest.mark.parametrize("number", [2, 3, 4, 7, 8, 10, 11, 19])
async def test_op00_a_null_for_an_object_or_a_list_is_told(number: int) -> None:
    """A null that the service sends beyond the contract, for an object of a list or for the list, is told by its JSON path, as a page must not look shorter than it is."""
    example = next(
        example for example in EXAMPLES.values() if example.number == (12 if number == 11 else number)
    )
    for answer, where in (([example.members, None], "$[1]"), (None, "$")):
        with pytest.raises(PayloadError) as caught:
            await answered(number, answer)

        assert where == caught.value.where


@pytest.mark.parametrize(
    ("name", "member"), [("CallQueue", "calls"), ("Manager", "customers")], ids=["op03", "op12"]
)
async def test_op03_op12_a_null_in_a_list_of_an_object_breaks_nobody(name: str, member: str) -> None:
    """A null that the service sends beyond the contract, among the `calls` of a queue or the `customers` of a manager, never breaks a caller."""
    example = EXAMPLES[name]
    (read,) = await example.read(example.members | {member: [*example.members[member], None]})

    assert getattr(example.value, member) == getattr(read, member)


async def test_op00_all_answers_may_hold_surprises() -> None:
    """Nothing that the service sends beyond the contract breaks a caller, whatever the operation."""
    async with (
        AtsSimulator(seed=3, surprises=True, live_calls_per_hour=2000) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=ONCE) as ats,
    ):
        records = tuple(simulator.company.records)  # the company's own list grows with its calls
        name = next(record.record_file_name for record in records if record.record_file_name)
        start, end = records[0].date, records[-1].date
        await ats.tokens.refresh()
        await ats.monitoring.fetch_current_calls()
        await ats.monitoring.fetch_queues()
        await ats.employees.fetch_all()
        await ats.statistics.fetch_common(start, end)
        await ats.statistics.fetch_journal(start, end)
        assert len(records) <= len([record async for record in ats.call_records.iter(start, end)])
        await ats.recordings.fetch_transcript(name)
        for manager in await ats.managers.fetch_all():
            fetched = await ats.managers.fetch(manager.id or 0)
            await ats.managers.update(attrs.evolve(fetched, name=fetched.name or "Анна"))
        await ats.blacklist.fetch_all()

        assert {200} == {request.status for request in simulator.requests}


# All objects.


@each_example
async def test_op00_every_member_of_an_object_is_read(example: Example) -> None:
    """Every member of an object is read by its name as sent."""
    assert [example.value] == await example.read(example.members)


@each_example
async def test_op00_the_members_of_an_object_stand_in_any_order(example: Example) -> None:
    """The members of an object are known by their names, whatever their order."""
    assert [example.value] == await example.read(dict(reversed(example.members.items())))


@each_example
async def test_op00_all_members_but_the_required_ones_may_be_absent_at_once(example: Example) -> None:
    """All members but those marked as required may be absent."""
    (read,) = await example.read(example.bare)
    optional: dict[str, Any] = {
        _python_name(member): [] if isinstance(example.members[member], list) else None
        for member in example.members
        if member not in example.required
    }

    assert attrs.evolve(example.value, **optional) == read


@each_optional_member
async def test_op00_a_member_may_be_absent_null_or_empty(example: Example, member: str) -> None:
    """Each member that is not required may be absent, null or empty, and the others are read all the same."""
    absent = {name: value for name, value in example.members.items() if name != member}
    name = _python_name(member)
    nothing: Any = [] if isinstance(example.members[member], list) else None
    for members in (absent, example.members | {member: None}):
        assert [attrs.evolve(example.value, **{name: nothing})] == await example.read(members)

    (read,) = await example.read(example.members | {member: example.empty(member)})
    assert not getattr(read, name)
    assert example.value == attrs.evolve(read, **{name: getattr(example.value, name)})


@pytest.mark.parametrize("member", CUSTOMER)
async def test_op12_a_customers_member_may_be_absent_null_or_empty(member: str) -> None:
    """Each member of a Customer may be absent, null or empty, and the others are read all the same."""
    (whole,) = EXAMPLES["Manager"].value.customers
    absent = {name: value for name, value in CUSTOMER.items() if name != member}
    for customer in (absent, CUSTOMER | {member: None}, CUSTOMER | {member: ""}):
        manager = await answered(12, EXAMPLES["Manager"].members | {"customers": [customer]})
        (read,) = manager.customers
        assert not getattr(read, _python_name(member))
        assert whole == attrs.evolve(read, **{_python_name(member): getattr(whole, _python_name(member))})


# CurrentCall and CallQueue.


@pytest.mark.parametrize("text", ["MULTI_CHANNEL", "INTERNAL", "SINGLE_CHANNEL", "CONFERENCE"])
async def test_op02_call_types(text: str) -> None:
    """`callType` of a CurrentCall is `MULTI_CHANNEL`, `INTERNAL`, `SINGLE_CHANNEL` or `CONFERENCE`."""
    (call,) = await answered(2, [{"callType": text}])

    assert CurrentCallType[text] is call.call_type
    assert call.call_type.is_known


async def test_op02_called_numbers_are_absent_until_the_caller_is_put_through() -> None:
    """Both `called…` members are absent until the caller is put through."""
    clock = [1_900_000_000.0]
    async with (
        AtsSimulator(seed=3, clock=lambda: clock[0]) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=ONCE) as ats,
    ):
        source, destination = simulator.company.employees[:2]
        await ats.calls.dial(destination=destination.full_number, source=source.full_number)
        (ringing,) = await ats.monitoring.fetch_current_calls()
        clock[0] += 20
        (talking,) = await ats.monitoring.fetch_current_calls()

    assert (
        CurrentCall(
            CurrentCallType.INTERNAL,
            caller_number_short=source.short_number,
            caller_number_full=source.full_number,
        )
        == ringing
    )
    assert (
        attrs.evolve(
            ringing, called_number_short=destination.short_number, called_number_full=destination.full_number
        )
        == talking
    )


@pytest.mark.parametrize("numbers", [[], ["79527648162"], ["79527648162", "79527648163", "79527648162"]])
async def test_op03_calls_are_a_list_of_numbers(numbers: list[str]) -> None:
    """`calls` of a CallQueue is a list of numbers, in the service's order."""
    assert [CallQueue("1", numbers)] == await answered(3, [{"queueName": "1", "calls": numbers}])


# Employee.


async def test_op04_employee_ids_are_integers() -> None:
    """`employeeId` of an Employee is an integer, and all else may be missing."""
    assert [Employee(5412)] == await answered(4, [{"employeeId": 5412}])


# CommonStatistics and JournalEntry.


@pytest.mark.parametrize("member", [name for name in FIGURES if "Duration" in name])
async def test_op06_durations_are_seconds(member: str) -> None:
    """Durations of CommonStatistics are in seconds."""
    figures = await answered(6, {member: 72})

    assert 72 == getattr(figures, _python_name(member))
    assert timedelta(seconds=72) == getattr(figures, _python_name(member).replace("_duration", "_timedelta"))


@pytest.mark.parametrize("member", ["callCountPerDay", "callCountPerHour"])
@pytest.mark.parametrize("value", [4.333333333333333, 0.0, 4, 1e-7])
async def test_op06_counts_per_day_and_hour_are_floats(member: str, value: float) -> None:
    """`callCountPerDay` and `callCountPerHour` are floats."""
    read = getattr(await answered(6, {member: value}), _python_name(member))

    assert (float, value) == (type(read), read)


@pytest.mark.parametrize("member", FIGURES)
async def test_op06_every_figure_is_read(member: str) -> None:
    """CommonStatistics have 22 figures, each of its own name."""
    assert 22 == len(FIGURES)
    expected = CommonStatistics(**{_python_name(member): 7})

    assert expected == await answered(6, {member: 7})


async def test_op06_hung_up_by_the_caller_and_by_the_employee() -> None:
    """`hangupACallCount` are the calls that the caller hung up, `hangupBCallCount` those that the employee did."""
    figures = await answered(6, {"hangupACallCount": 1, "hangupBCallCount": 2})

    assert (1, 2) == (figures.hangup_a_call_count, figures.hangup_b_call_count)


@pytest.mark.parametrize(("member", "name"), [("startTimestamp", "start"), ("endTimestamp", "end")])
async def test_op07_timestamps_are_epoch_seconds(member: str, name: str) -> None:
    """`startTimestamp` and `endTimestamp` of a JournalEntry are epoch seconds."""
    for seconds, expected in ((0, datetime(1970, 1, 1, tzinfo=UTC)), (EPOCH, MOMENT)):
        (entry,) = await answered(7, [{member: seconds}])
        read = getattr(entry, f"{name}_timestamp")

        assert (expected, timedelta(0)) == (read, read.utcoffset())


# CallRecord.


async def test_op08_dates_are_iso_8601_with_milliseconds() -> None:
    """`date` of a CallRecord is ISO 8601 with milliseconds: `2022-07-15T07:27:06.348Z`."""
    (record,) = await answered(8, [ROW])

    assert datetime(2022, 7, 15, 7, 27, 6, 348_000, tzinfo=UTC) == record.date
    assert timedelta(0) == record.date.utcoffset()


async def test_op08_durations_are_seconds() -> None:
    """`callDuration` and `conversationDuration` of a CallRecord are in seconds."""
    (record,) = await answered(8, [ROW | {"callDuration": 75, "conversationDuration": 61}])

    assert (75, 61) == (record.call_duration, record.conversation_duration)
    assert (timedelta(minutes=1, seconds=15), timedelta(minutes=1, seconds=1)) == (
        record.call_timedelta,
        record.conversation_timedelta,
    )


async def test_op08_record_file_name_is_empty_null_or_absent_without_a_recording(tmp_path: Path) -> None:
    """`recordFileName` is empty, null or absent where the call was not answered or not recorded: there is nothing to fetch."""
    rows = [ROW | {"recordFileName": ""}, ROW | {"recordFileName": None}, ROW, ROW | {"recordFileName": NAME}]

    def script(request: Arrived) -> Reply:
        return says(rows) if request.line == CALLS[8].line else audio()

    async with conversation(script=script) as (ats, service):
        listing = ats.call_records.iter(START, END)
        outcomes = [outcome async for outcome in ats.recordings.save_many(listing, tmp_path)]

    assert [(NAME, None)] == [(outcome.name, outcome.error) for outcome in outcomes]
    assert 1 == service.times(CALLS[9].line)


@pytest.mark.parametrize(
    "text",
    [
        "SINGLE_CHANNEL", "MULTI_CHANNEL", "UNKNOWN_CALL", "INTERNAL", "HIMSELF", "INTERNAL_QUEUE",
        "CRM_OUTGOING", "VOICEMAIL", "CONFERENCE", "CALLBACK", "PICKUP_CALL", "FAX", "OUTGOING",
        "CRM_CALLBACK",
    ],
)  # fmt: skip
async def test_op08_record_call_types(text: str) -> None:
    """Each record call type of the contract is known by its name."""
    (record,) = await answered(8, [ROW | {"callType": text}])

    assert RecordCallType[text] is record.call_type
    assert (text, True, 14) == (record.call_type.value, record.call_type.is_known, len(RecordCallType))


@pytest.mark.parametrize(
    "text",
    [
        "ANSWERED_COMMON", "ANSWERED_BY_ORIGINAL_CLIENT", "ANSWERED_BY_BUSY_FORWARD_CLIENT",
        "ANSWERED_BY_NO_ANSWER_FORWARD_CLIENT", "NOT_ANSWERED_COMMON", "CANCELLED_BY_CALLER",
        "DENIED_DUE_TO_MAX_SESSION", "DENIED_DUE_TO_INCOMING_CALLS_BLOCKED",
        "DENIED_DUE_TO_OUTGOING_CALLS_BLOCKED", "DENIED_DUE_TO_ONLY_INTERNAL_CALLS_ENABLED",
        "DENIED_DUE_TO_BLACK_LISTED", "DENIED_NOT_IN_WHITE_LIST", "DENIED_DUE_TO_NOT_WORK_TIME",
        "DENIED_DUE_TO_UNKNOWN_NUMBER", "DESTINATION_BUSY", "CANCELLED_BY_PICKUP",
        "DENIED_DUE_TO_MAX_CHANNEL_LIMIT",
    ],
)  # fmt: skip
async def test_op08_record_call_statuses(text: str) -> None:
    """Each record call status of the contract is known by its name, that of sister installations too."""
    (record,) = await answered(8, [ROW | {"callStatus": text}])

    assert RecordCallStatus[text] is record.call_status
    assert (text, True, 17) == (
        record.call_status.value,
        record.call_status.is_known,
        len(RecordCallStatus),
    )


async def test_op05_op08_a_call_placed_by_the_crm_is_recorded_as_crm_outgoing() -> None:
    """A record of the type `CRM_OUTGOING` is a call that operation 5 placed."""
    clock = [1_900_000_000.0]
    async with (
        AtsSimulator(seed=3, clock=lambda: clock[0]) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=ONCE) as ats,
    ):
        start = datetime.fromtimestamp(clock[0], UTC)
        source = simulator.company.employees[0].full_number
        await ats.calls.dial(destination="79990001122", source=source)
        clock[0] += 3600
        (record,) = await ats.call_records.fetch_page(start, start + timedelta(hours=1))

    assert (RecordCallType.CRM_OUTGOING, source, "79990001122") == (
        record.call_type,
        record.caller_number,
        record.callee_number,
    )


# TranscriptWord.


@pytest.mark.parametrize("text", ["A", "B"])
async def test_op10_channels_are_the_calling_and_the_called_party(text: str) -> None:
    """`channel` of a TranscriptWord is `A` or `B`, the calling or the called party."""
    (word,) = (await answered(10, [EXAMPLES["TranscriptWord"].members | {"channel": text}])).words

    assert Channel[text] is word.channel


@pytest.mark.parametrize("member", ["startTime", "endTime"])
@pytest.mark.parametrize("value", [0, 0.3, 1.07998, 12, 3600.25])
async def test_op10_times_are_seconds_from_the_start(member: str, value: float) -> None:
    """`startTime` and `endTime` of a TranscriptWord are seconds from the start, floats, be they written without a fraction."""
    (word,) = (await answered(10, [EXAMPLES["TranscriptWord"].members | {member: value}])).words
    read = getattr(word, _python_name(member))

    assert (float, value) == (type(read), read)


# Manager and Customer.


@pytest.mark.parametrize("spelling", ["isVip", "isVIP"])
@pytest.mark.parametrize("value", [True, False])
async def test_op12_is_vip_is_read_in_both_spellings(spelling: str, value: bool) -> None:  # noqa: FBT001  # a parameter of the test
    """The manual's table spells it `isVIP`, its examples `isVip`: both are accepted."""
    manager = await answered(12, {"id": 26, "customers": [{"id": 92, spelling: value}]})

    assert [Customer(id=92, is_vip=value)] == manager.customers


@pytest.mark.parametrize("spelling", ["isVip", "isVIP"])
async def test_op11_is_vip_is_read_in_both_spellings_of_the_simulator(spelling: str) -> None:
    """Both spellings of `isVip` are read in lists of managers too, and saving such a manager changes nothing."""
    async with (
        AtsSimulator(seed=3, vip_spelling=spelling) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=ONCE) as ats,
    ):
        managers = await ats.managers.fetch_all()
        for manager in managers:
            await ats.managers.update(manager)

        assert managers == await ats.managers.fetch_all()
    assert {True, False} == {customer.is_vip for manager in managers for customer in manager.customers}


@pytest.mark.parametrize("number", [13, 14])
@pytest.mark.parametrize("source", ["made here", "isVip", "isVIP"])
async def test_op13_op14_is_vip_is_sent_as_is_vip(number: int, source: str) -> None:
    """`isVip` is what is sent, however it came."""
    async with conversation(
        says({"id": 26, "name": "Анна", "customers": [{"id": 92, source: True}]}), Reply(b"SUCCESS")
    ) as (ats, service):
        manager = await ats.managers.fetch(26)
        if source == "made here":
            manager = Manager(id=26, name="Анна", customers=[Customer(id=92, is_vip=True)])
        await (ats.managers.create(manager) if number == 13 else ats.managers.update(manager))

    assert [{"id": 92, "isVip": True}] == service.arrived[1].json["customers"]


async def test_op13_every_member_of_a_manager_is_sent() -> None:
    """Every member of a Manager and of a Customer is sent by its name."""
    example = EXAMPLES["Manager"]
    async with conversation(Reply(b"SUCCESS")) as (ats, service):
        await ats.managers.create(example.value)
        await ats.managers.update(example.value)
    created, updated = [request.json for request in service.arrived]

    assert {name: value for name, value in example.members.items() if name != "id"} == created
    assert example.members == updated


async def test_op14_a_fetched_manager_goes_back_as_it_came() -> None:
    """What a caller did not touch goes back as it came, null, empty and unknown members too."""
    came = {
        "id": 26,
        "name": "Анна",
        "companyId": None,
        "brandNew": {"a": [1]},
        "customers": [{"id": 92, "info": "", "name": None, "isVip": False, "brandNew": 5}, {"id": 93}],
    }
    async with conversation(says(came), Reply(b"SUCCESS")) as (ats, service):
        manager = await ats.managers.fetch(26)
        await ats.managers.update(attrs.evolve(manager, name="Мария"))

    assert came | {"name": "Мария"} == service.arrived[1].json


@pytest.mark.parametrize("value", [True, False])
async def test_op12_handle_all_customers_is_a_boolean(value: bool) -> None:  # noqa: FBT001  # a parameter of the test
    """`handleAllCustomers` of a Manager is a boolean."""
    manager = await answered(12, {"handleAllCustomers": value})

    assert value is manager.handle_all_customers


# BlacklistEntry.


@pytest.mark.parametrize("number", [79023581212, "79023581212"], ids=["integer", "text"])
async def test_op19_numbers_come_as_integers_or_as_texts(number: object) -> None:
    """`number` of a BlacklistEntry is an integer in the manual's table and a string in its example: both are accepted, and give a string."""
    (entry,) = await answered(19, [{"id": 10622, "number": number}])

    assert BlacklistEntry(10622, "79023581212") == entry
    assert str is type(entry.number)


@pytest.mark.parametrize("text", ["FILE", "MANUAL"])
async def test_op19_source_types(text: str) -> None:
    """`sourceType` of a BlacklistEntry is `FILE` or `MANUAL`."""
    (entry,) = await answered(19, [{"id": 10622, "number": "79023581212", "sourceType": text}])

    assert BlacklistSource[text] is entry.source_type


# Save results.


@pytest.mark.parametrize("quoted", [False, True], ids=["bare", "quoted"])
@pytest.mark.parametrize("number", [13, 14])
async def test_op13_op14_only_one_manager_handles_all_customers(number: int, quoted: bool) -> None:  # noqa: FBT001  # a parameter of the test
    """`MANAGER_HANDLING_ALL_CUSTOMERS_ALREADY_EXISTS` says that a manager with `handleAllCustomers=true` exists already."""
    async with (
        AtsSimulator(seed=3, quoted_results=quoted) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=ONCE) as ats,
    ):
        managers = await ats.managers.fetch_all()
        wanted = attrs.evolve(managers[0], customers=[], handle_all_customers=True)
        with pytest.raises(Conflict) as caught:
            await (ats.managers.create(wanted) if number == 13 else ats.managers.update(wanted))

        assert SaveResult.MANAGER_HANDLING_ALL_CUSTOMERS_ALREADY_EXISTS is caught.value.reason
        assert managers == await ats.managers.fetch_all()
    assert 1 == [manager.handle_all_customers for manager in managers].count(True)


@pytest.mark.parametrize("quoted", [False, True], ids=["bare", "quoted"])
@pytest.mark.parametrize("number", [13, 14])
async def test_op13_op14_a_customer_has_one_manager(number: int, quoted: bool) -> None:  # noqa: FBT001  # a parameter of the test
    """`CUSTOMER_ALREADY_ASSIGNED` says that another manager handles one of the customers."""
    async with (
        AtsSimulator(seed=3, quoted_results=quoted) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=ONCE) as ats,
    ):
        managers = await ats.managers.fetch_all()
        wanted = attrs.evolve(managers[0], customers=managers[1].customers[:1])
        with pytest.raises(Conflict) as caught:
            await (ats.managers.create(wanted) if number == 13 else ats.managers.update(wanted))

        assert SaveResult.CUSTOMER_ALREADY_ASSIGNED is caught.value.reason
        assert managers == await ats.managers.fetch_all()


@pytest.mark.parametrize("quoted", [False, True], ids=["bare", "quoted"])
async def test_op13_op14_success_saves(quoted: bool) -> None:  # noqa: FBT001  # a parameter of the test
    """`SUCCESS` says that the manager is saved."""
    async with (
        AtsSimulator(seed=3, quoted_results=quoted) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=ONCE) as ats,
    ):
        person = simulator.company.employees[5]
        customer = Customer(name="Пётр", real_number="79990001122", is_vip=True)
        await ats.managers.create(Manager(employee_id=person.employee_id, name="Анна", customers=[customer]))
        made = (await ats.managers.fetch_all())[-1]
        await ats.managers.update(attrs.evolve(made, name="Мария"))
        changed = await ats.managers.fetch(made.id or 0)

    assert ("Анна", "Мария") == (made.name, changed.name)
    assert made.customers == changed.customers
    assert customer == attrs.evolve(changed.customers[0], id=None)
    assert (SaveResult.SUCCESS, 3) == (SaveResult("SUCCESS"), len(SaveResult))
