"""Section 6: examples."""

from datetime import UTC, datetime

import pytest
from contract_calls import CALLS, read_recording
from contract_service import Arrived, Reply, conversation

from tele2ats_async import (
    BlacklistEntry,
    BlacklistSource,
    CallQueue,
    CallRecord,
    Channel,
    CommonStatistics,
    CurrentCall,
    CurrentCallType,
    Customer,
    Employee,
    JournalEntry,
    Manager,
    RecordCallStatus,
    RecordCallType,
    Transcript,
    TranscriptWord,
)

pytestmark = pytest.mark.asyncio

NAME = "2022-08-12/mo_166030706109315379"


async def _read(number: int, text: str) -> object:
    """Give what the client makes of an answer, byte for byte."""
    async with conversation(Reply(text.encode())) as (ats, _):
        return await CALLS[number].ask(ats)


async def test_op02_example_of_a_current_call() -> None:
    """The example of a CurrentCall is read to its exact values."""
    text = (
        '{"callType": "INTERNAL", "callerNumberShort": "0001", "callerNumberFull": "79535548834",'
        ' "calledNumberShort": "0002", "calledNumberFull": "79527745939"}'
    )

    assert [
        CurrentCall(
            call_type=CurrentCallType.INTERNAL,
            caller_number_short="0001",
            caller_number_full="79535548834",
            called_number_short="0002",
            called_number_full="79527745939",
        )
    ] == await _read(2, f"[{text}]")


async def test_op03_example_of_a_queue() -> None:
    """The example of a CallQueue is read to its exact values."""
    text = '{"queueName": "1", "calls": ["79527648162", "79527648163"]}'

    assert [CallQueue("1", ["79527648162", "79527648163"])] == await _read(3, f"[{text}]")


async def test_op04_example_of_employees() -> None:
    """The example of a list of Employee is read to its exact values."""
    text = (
        '[{"employeeId": 433, "name": "Артем", "fullNumber": "79081560008", "email": "asd@asd.ru"},'
        ' {"employeeId": 5412}, {"employeeId": 5521, "name": "Asd", "fullNumber": "74534534454"}]'
    )

    assert [
        Employee(433, name="Артем", full_number="79081560008", email="asd@asd.ru"),
        Employee(5412),
        Employee(5521, name="Asd", full_number="74534534454"),
    ] == await _read(4, text)


async def test_op06_example_of_common_statistics() -> None:
    """The example of CommonStatistics is read to its exact values."""
    text = (
        '{"allCallCount": 22, "successCallCount": 8, "outgoingCallCount": 0, "lostCallCount": 5,'
        ' "commonCallDuration": 178, "averageCallDuration": 10, "maxCallDuration": 72,'
        ' "callCountPerDay": 4.333333333333333, "callCountPerHour": 0.18055555555555555,'
        ' "mnAvgCallDuration": 22, "mnMaxCallDuration": 72, "averageCallCountPerHour": 0,'
        ' "transferCallCount": 0, "transferCallDuration": 0, "averageTransferCallDuration": 0,'
        ' "hangupACallCount": 1, "hangupBCallCount": 2, "uniqueCallCount": 2, "redialCount": 6,'
        ' "internalCallCount": 9, "internalCallDuration": 717, "averageInternalCallDuration": 79}'
    )

    assert CommonStatistics(
        all_call_count=22,
        success_call_count=8,
        outgoing_call_count=0,
        lost_call_count=5,
        common_call_duration=178,
        average_call_duration=10,
        max_call_duration=72,
        call_count_per_day=4.333333333333333,
        call_count_per_hour=0.18055555555555555,
        mn_avg_call_duration=22,
        mn_max_call_duration=72,
        average_call_count_per_hour=0,
        transfer_call_count=0,
        transfer_call_duration=0,
        average_transfer_call_duration=0,
        hangup_a_call_count=1,
        hangup_b_call_count=2,
        unique_call_count=2,
        redial_count=6,
        internal_call_count=9,
        internal_call_duration=717,
        average_internal_call_duration=79,
    ) == await _read(6, text)


async def test_op07_example_of_a_journal_entry() -> None:
    """The example of a JournalEntry is read to its exact values, though its number is a pattern."""
    text = (
        '{"number": "7XXXXXXXXXX", "startTimestamp": 1486975130, "endTimestamp": 1487061531,'
        ' "numberOfCalls": 5, "numberOfSuccessCalls": 3}'
    )

    assert [
        JournalEntry(
            start_timestamp=datetime(2017, 2, 13, 8, 38, 50, tzinfo=UTC),
            end_timestamp=datetime(2017, 2, 14, 8, 38, 51, tzinfo=UTC),
            number="7XXXXXXXXXX",
            number_of_calls=5,
            number_of_success_calls=3,
        )
    ] == await _read(7, text)


async def test_op08_example_of_a_call_record() -> None:
    """The example of a CallRecord is read to its exact values."""
    text = (
        '{"date": "2022-07-15T07:27:06.348Z", "callType": "SINGLE_CHANNEL",'
        ' "destinationNumber": "79104739472", "callerNumber": "79000258890",'
        ' "callerName": "Анастасия Исаева", "calleeNumber": "79104739472",'
        ' "calleeName": "Юля Заплаткина", "callDuration": 20, "conversationDuration": 6,'
        ' "callStatus": "ANSWERED_BY_ORIGINAL_CLIENT",'
        ' "recordFileName": "2022-08-12/mo_166030684915821522"}'
    )

    assert [
        CallRecord(
            date=datetime(2022, 7, 15, 7, 27, 6, 348_000, tzinfo=UTC),
            call_type=RecordCallType.SINGLE_CHANNEL,
            call_status=RecordCallStatus.ANSWERED_BY_ORIGINAL_CLIENT,
            destination_number="79104739472",
            caller_number="79000258890",
            caller_name="Анастасия Исаева",
            callee_number="79104739472",
            callee_name="Юля Заплаткина",
            call_duration=20,
            conversation_duration=6,
            record_file_name="2022-08-12/mo_166030684915821522",
        )
    ] == await _read(8, f"[{text}]")


async def test_op10_example_of_a_transcript() -> None:
    """The example of a list of TranscriptWord is read to its exact values."""
    text = (
        '[{"channel": "B", "startTime": 0.3, "endTime": 1.07998, "word": "информируем"},'
        ' {"channel": "A", "startTime": 3.78042, "endTime": 4.2, "word": "двенадцать"}]'
    )

    assert Transcript(
        NAME,
        [
            TranscriptWord(Channel.B, 0.3, 1.07998, "информируем"),
            TranscriptWord(Channel.A, 3.78042, 4.2, "двенадцать"),
        ],
    ) == await _read(10, text)


async def test_op12_example_of_a_manager() -> None:
    """The example of a Manager with its Customer is read to its exact values."""
    text = (
        '{"id": 26, "employeeId": 440, "companyId": 391, "name": "r", "customers": [{"id": 92,'
        ' "realNumber": "79081581621", "companyName": "mmMMm", "info": "специалист", "isVip": false}],'
        ' "handleAllCustomers": false}'
    )
    expected = Manager(
        id=26,
        employee_id=440,
        company_id=391,
        name="r",
        customers=[
            Customer(id=92, real_number="79081581621", company_name="mmMMm", info="специалист", is_vip=False)
        ],
        handle_all_customers=False,
    )

    assert expected == await _read(12, text)
    assert [expected] == await _read(11, f"[{text}]")


async def test_op19_example_of_a_blacklist_entry() -> None:
    """The example of a BlacklistEntry is read to its exact values."""
    text = '{"id": 10622, "number": "79023581212", "sourceType": "MANUAL"}'

    assert [BlacklistEntry(10622, "79023581212", BlacklistSource.MANUAL)] == await _read(19, f"[{text}]")


@pytest.mark.parametrize(
    ("number", "name", "encoded"),
    [
        (9, "2022-07-15/1657865226348", "2022-07-15%2F1657865226348"),
        (10, "2022-08-19/1662865226348", "2022-08-19%252F1662865226348"),
    ],
)
async def test_op09_op10_examples_of_file_names(number: int, name: str, encoded: str) -> None:
    """The manual's example for 9 sends `2022-07-15%2F1657…`, encoded once, that for 10 `2022-08-19%252F1662…`, encoded twice."""

    def manual(request: Arrived) -> Reply:
        return CALLS[number].reply if request.query == {"filename": encoded} else Reply(status=404)

    async with conversation(script=manual) as (ats, service):
        if number == 9:
            await read_recording(ats, name)
        else:
            await ats.recordings.fetch_transcript(name)

    assert encoded == service.arrived[-1].query["filename"]


@pytest.mark.parametrize("number", [6, 7, 8])
async def test_op06_op07_op08_example_of_a_time(number: int) -> None:
    """The example of a time, `2022-07-24T10:15:30+03:00`, is sent as `2022-07-24T10%3A15%3A30%2B03%3A00`."""
    async with conversation(CALLS[number].reply) as (ats, service):
        await CALLS[number].ask(ats)

    assert "2022-07-24T10%3A15%3A30%2B03%3A00" == service.arrived[0].query["start"]
