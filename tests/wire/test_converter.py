from collections.abc import Generator
from datetime import UTC, datetime
from typing import Any, TypeVar

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tele2ats_async import CallRecord, Channel, PayloadError, RecordCallStatus, RecordCallType, TranscriptWord
from tele2ats_async.models import IssuedTokens
from tele2ats_async.wire.converter import decode, decode_in_steps, encode, wire_name

T = TypeVar("T")

ROW: dict[str, Any] = {
    "date": "2022-07-15T07:27:06.348Z",
    "callType": "SINGLE_CHANNEL",
    "destinationNumber": "79104739472",
    "callerNumber": "79000258890",
    "callerName": "Анастасия Исаева",
    "calleeNumber": "79104739472",
    "calleeName": "Юля Заплаткина",
    "callDuration": 20,
    "conversationDuration": 6,
    "callStatus": "ANSWERED_BY_ORIGINAL_CLIENT",
    "recordFileName": "2022-08-12/mo_166030684915821522",
}
RECORD = CallRecord(
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


def _decode(value: object, answer: type[T]) -> T:
    return decode(orjson.dumps(value), answer)


def _record(**changes: object) -> CallRecord:
    return _decode(ROW | changes, CallRecord)


def _finish(steps: Generator[None, None, T]) -> tuple[T, int]:
    pauses = 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            value: T = end.value
            return value, pauses
        pauses += 1


def test_names_of_the_wire() -> None:
    """Section 5 spells in camelCase, digits and single letters included."""
    names = ("date", "record_file_name", "hangup_a_call_count", "mn_avg_call_duration")

    assert ["date", "recordFileName", "hangupACallCount", "mnAvgCallDuration"] == [*map(wire_name, names)]


def test_record_of_the_contract() -> None:
    """Section 6: the very example."""
    assert RECORD == _record()


def test_record_reads_back() -> None:
    """The simulator encodes with what the client decodes with; members that are None stay out."""
    assert ROW == orjson.loads(encode(RECORD))
    bare = CallRecord(RECORD.date, RECORD.call_type, RECORD.call_status)
    assert {"date", "callType", "callStatus"} == set(orjson.loads(encode(bare)))
    assert [RECORD, bare] == decode(encode([RECORD, bare]), list[CallRecord])


def test_transcript_of_the_contract() -> None:
    """Section 6: the very example; whole seconds may come without a fraction."""
    words = _decode(
        [{"channel": "B", "startTime": 0, "endTime": 1.07998, "word": "информируем"}], list[TranscriptWord]
    )

    assert [TranscriptWord(Channel.B, 0.0, 1.07998, "информируем")] == words
    assert float is type(words[0].start_time)


def test_new_members_and_values_break_nobody() -> None:
    """What the service sends beyond the contract: fields, enum values, nulls (pitfall 15)."""
    record = _record(callType="TELEPATHY", callStatus=None, brandNew={"a": [1]}, callerName=None)

    assert ("TELEPATHY", False) == (record.call_type, record.call_type.is_known)
    assert ("", False) == (record.call_status, record.call_status.is_known)
    assert record.caller_name is None


def test_absent_null_and_empty_members() -> None:
    """Section 5: all but the starred members may be absent, null or empty; null is not "None" (pitfall 14)."""
    optional = [key for key in ROW if key not in ("date", "callType", "callStatus")]
    absent = _decode({key: value for key, value in ROW.items() if key not in optional}, CallRecord)
    empty = _record(**dict.fromkeys(optional, ""))

    assert absent == _record(**dict.fromkeys(optional))
    assert [None, None] == [empty.call_duration, empty.conversation_duration]
    assert ["", ""] == [empty.caller_name, empty.record_file_name]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2022-07-15T07:27:06Z", datetime(2022, 7, 15, 7, 27, 6, tzinfo=UTC)),
        ("2022-07-15T10:27:06.348+03:00", RECORD.date),
        ("2022-07-15T07:27:06.348", RECORD.date),
        ("2022-07-15T07:27:06.348000Z", RECORD.date),
    ],
)
def test_dates_are_aware(text: str, expected: datetime) -> None:
    """Every time is an aware moment, also where the service forgot the Z."""
    date = _record(date=text).date

    assert expected == date
    assert date.tzinfo is not None


@pytest.mark.parametrize(
    ("member", "value", "reason"),
    [
        ("date", None, "expected an ISO 8601 time, got null"),
        ("date", "", "expected an ISO 8601 time, got a text"),
        ("date", "yesterday", "expected an ISO 8601 time, got a text"),
        ("date", 1657870026348, "expected an ISO 8601 time, got a number"),
        ("callType", 5, "expected a text, got a number"),
        ("callStatus", ["A"], "expected a text, got a list"),
        ("callerName", 12, "expected a text, got a number"),
        ("callerName", {}, "expected a text, got an object"),
        ("callerName", True, "expected a text, got a boolean"),
        ("callDuration", 12.9, "expected an integer, got a number"),
        ("callDuration", True, "expected an integer, got a boolean"),
        ("callDuration", "12", "expected an integer, got a text"),
    ],
)
def test_wrong_values_are_named_and_not_bent(member: str, value: object, reason: str) -> None:
    """Pitfall 14: 12.9 is not 12; the error has the JSON path and never the value."""
    with pytest.raises(PayloadError) as caught:
        _decode([ROW, ROW | {member: value}], list[CallRecord])

    assert (f"$[1].{member}", reason) == (caught.value.where, caught.value.reason)


@pytest.mark.parametrize(
    ("value", "where", "reason"),
    [
        ({}, "$", "expected a list, got an object"),
        (None, "$", "expected a list, got null"),
        ("text", "$", "expected a list, got a text"),
        (5, "$", "expected a list, got a number"),
        ([None], "$[0]", "expected an object, got null"),
        ([ROW, 5], "$[1]", "expected an object, got a number"),
        (["text"], "$[0]", "expected an object, got a text"),
        ([[]], "$[0]", "expected an object, got a list"),
        ([ROW, {}], "$[1].date", "required member missing"),
        ([{key: ROW[key] for key in ROW if key != "callType"}], "$[0].callType", "required member missing"),
    ],
)
def test_wrong_shapes(value: object, where: str, reason: str) -> None:
    """A page that is no list, or holds what is no record: the JSON path and what was expected."""
    for read in (_decode, lambda value, answer: _finish(decode_in_steps(orjson.dumps(value), answer))):
        with pytest.raises(PayloadError) as caught:
            read(value, list[CallRecord])

        assert (where, reason) == (caught.value.where, caught.value.reason)


@pytest.mark.parametrize("raw", [b"", b"<html>", b"[", b"\xff", b"[NaN]", b"{}{}", b"[" * 100_000])
def test_what_is_no_json(raw: bytes) -> None:
    """Section 3: HTML with status 200 happens."""
    with pytest.raises(PayloadError) as caught:
        decode(raw, list[CallRecord])

    assert "$" == caught.value.where
    assert caught.value.reason.startswith("not JSON (")


def test_steps_count_rows_over_the_whole_list() -> None:
    """The path of a failure is that in the document, not in the piece that was being decoded."""
    rows = [ROW] * 1000 + [ROW | {"callDuration": "x"}]
    with pytest.raises(PayloadError) as caught:
        _finish(decode_in_steps(orjson.dumps(rows), list[CallRecord]))

    assert "$[1000].callDuration" == caught.value.where


def test_steps_pause_and_lose_nothing() -> None:
    """Pages of thousands pause every few hundred rows; the rows stay complete and in order."""
    rows = [ROW | {"callDuration": number} for number in range(1, 1101)]
    records, pauses = _finish(decode_in_steps(orjson.dumps(rows), list[CallRecord]))

    assert [*range(1, 1101)] == [record.call_duration for record in records]
    assert pauses >= 4


def test_the_parsing_of_a_long_list_is_in_steps() -> None:
    """No step looks at all of a page: what is wrong at its end is found at its end, and told by its place in the whole."""
    raw = orjson.dumps([ROW] * 5000)[:-1] + b"?"
    steps, pauses = decode_in_steps(raw, list[CallRecord]), 0
    with pytest.raises(PayloadError) as caught:  # noqa: PT012  # it is the end of the loop that is looked at
        for _ in steps:
            pauses += 1

    assert f" at 1:{len(raw.decode())})" in caught.value.reason
    assert pauses > 10


def test_steps_of_other_values() -> None:
    """An empty list, and what is no list at all."""
    assert ([], 0) == _finish(decode_in_steps(b"[]", list[CallRecord]))
    issued, _ = _finish(decode_in_steps(b'{"accessToken": "a", "refreshToken": "b"}', IssuedTokens))
    assert IssuedTokens("a", "b") == issued


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ({"accessToken": "secret"}, "$.refreshToken"),
        ({"accessToken": "secret", "refreshToken": None}, "$.refreshToken"),
        ({"accessToken": "secret", "refreshToken": ["secret"]}, "$.refreshToken"),
        (["secret", "secret"], "$"),
        ("secret", "$"),
    ],
)
def test_errors_never_hold_the_value(value: object, where: str) -> None:
    """Rule 7: a broken pair must not show its whole half, in the text or in what hangs on the error."""
    with pytest.raises(PayloadError) as caught:
        _decode(value, IssuedTokens)

    assert where == caught.value.where
    assert "secret" not in repr(caught.value) + str(caught.value)
    assert (None, None) == (caught.value.__cause__, caught.value.__context__)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*ROW, "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=200)
@given(st.one_of(JSON, st.dictionaries(st.sampled_from([*ROW]), JSON).map(lambda wrong: [ROW | wrong])))
def test_any_json_is_a_value_or_a_payload_error(value: object) -> None:
    """Whatever the service sends, the caller sees a list of records or a PayloadError with a path."""
    try:
        raw = orjson.dumps(value)
    except TypeError:
        return  # a lone surrogate is no JSON
    try:
        assert isinstance(decode(raw, list[CallRecord]), list)
    except PayloadError as error:
        assert error.where.startswith("$")  # noqa: PT017  # either outcome is right
