import copy
import pickle
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from tele2ats_async import CallRecord, Channel, OpenEnum, RecordCallStatus, RecordCallType, TranscriptWord
from tele2ats_async.models import IssuedTokens

ENUMS = [RecordCallType, RecordCallStatus, Channel]
CALL_TYPES = (
    "SINGLE_CHANNEL MULTI_CHANNEL UNKNOWN_CALL INTERNAL HIMSELF INTERNAL_QUEUE CRM_OUTGOING VOICEMAIL"
    " CONFERENCE CALLBACK PICKUP_CALL FAX OUTGOING CRM_CALLBACK"
)
CALL_STATUSES = (
    "ANSWERED_COMMON ANSWERED_BY_ORIGINAL_CLIENT ANSWERED_BY_BUSY_FORWARD_CLIENT"
    " ANSWERED_BY_NO_ANSWER_FORWARD_CLIENT NOT_ANSWERED_COMMON CANCELLED_BY_CALLER"
    " DENIED_DUE_TO_MAX_SESSION DENIED_DUE_TO_INCOMING_CALLS_BLOCKED"
    " DENIED_DUE_TO_OUTGOING_CALLS_BLOCKED DENIED_DUE_TO_ONLY_INTERNAL_CALLS_ENABLED"
    " DENIED_DUE_TO_BLACK_LISTED DENIED_NOT_IN_WHITE_LIST DENIED_DUE_TO_NOT_WORK_TIME"
    " DENIED_DUE_TO_UNKNOWN_NUMBER DENIED_DUE_TO_MAX_CHANNEL_LIMIT DESTINATION_BUSY CANCELLED_BY_PICKUP"
)


@pytest.mark.parametrize(
    ("enum", "values"), [(RecordCallType, CALL_TYPES), (RecordCallStatus, CALL_STATUSES), (Channel, "A B")]
)
def test_members_are_the_contract_s(enum: type[OpenEnum], values: str) -> None:
    """Section 5, to the letter; members bear the names of their values."""
    assert set(values.split()) == {member.value for member in enum}
    assert {member.name for member in enum} == {member.value for member in enum}


@pytest.mark.parametrize("enum", ENUMS)
@pytest.mark.parametrize(
    "text", ["SOMETHING_NEW", "", "single_channel", "Ж", "name", "is_known", "__class__"]
)
def test_unknown_values_keep_their_text(enum: type[OpenEnum], text: str) -> None:
    """A newer service breaks nobody: the value arrives, says that it is unknown, and raises nothing."""
    for value in (enum(text), enum.of(text)):
        assert isinstance(value, enum)
        assert (text, text, text, False) == (value, value.value, str(value), value.is_known)
        assert text in repr(value)
    assert enum(text) == enum.of(text)
    assert 1 == len({enum(text), enum.of(text), text})


@pytest.mark.parametrize("enum", ENUMS)
def test_known_values_are_members(enum: type[OpenEnum]) -> None:
    """The quick way gives the same objects as the slow one."""
    for member in enum:
        assert member is enum.of(member.value)
        assert member is enum(member.value)
        assert member.is_known


@pytest.mark.parametrize("enum", ENUMS)
@pytest.mark.parametrize("value", [None, 5, b"A", ["A"]])
def test_what_is_no_text_is_no_value(enum: type[OpenEnum], value: Any) -> None:
    """An open enum is open to texts only."""
    with pytest.raises(ValueError, match="is not a valid"):
        enum(value)


def test_strangers_do_not_become_members() -> None:
    """An unknown value of one answer must not be known in the next, nor grow the enum without end."""
    before = list(RecordCallType)
    RecordCallType("SOMETHING_NEW")

    assert before == list(RecordCallType)
    assert "SOMETHING_NEW" not in RecordCallType.__members__
    assert not RecordCallType("SOMETHING_NEW").is_known


@pytest.mark.parametrize("text", ["VOICEMAIL", "SOMETHING_NEW"])
def test_enums_survive_pickle_and_copy(text: str) -> None:
    """Records travel between processes, those with new values too."""
    value = RecordCallType.of(text)

    for twin in (pickle.loads(pickle.dumps(value)), copy.copy(value), copy.deepcopy(value)):
        assert (value, value.is_known) == (twin, twin.is_known)
        assert isinstance(twin, RecordCallType)


def test_records_are_values() -> None:
    """Equal records are equal and hashable (paging tells repetitions by that), and cannot be changed."""
    first, second = (
        CallRecord(
            datetime(2022, 7, 15, tzinfo=UTC), RecordCallType.of("NEW"), RecordCallStatus.ANSWERED_COMMON
        )
        for _ in range(2)
    )

    assert first == second
    assert hash(first) == hash(second)
    assert first == pickle.loads(pickle.dumps(first))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        first.caller_name = "x"  # type: ignore[misc]  # the mistake


def test_words_are_values() -> None:
    """As the records."""
    word = TranscriptWord(Channel.A, 0.5, 1.0, "да")

    assert word == pickle.loads(pickle.dumps(word))


def test_issued_tokens_are_not_shown() -> None:
    """Rule 7."""
    assert "secret" not in repr(IssuedTokens("secret-a", "secret-r"))


@pytest.mark.parametrize(
    ("seconds", "length"), [(72, timedelta(seconds=72)), (10**18, timedelta.max), (-(10**18), timedelta.min)]
)
def test_a_duration_that_no_call_lasts(seconds: int, length: timedelta) -> None:
    """Whoever only looks at a call is not broken by a number."""
    record = CallRecord(
        date=datetime.now(UTC),
        call_type=RecordCallType.OUTGOING,
        call_status=RecordCallStatus.ANSWERED_COMMON,
        call_duration=seconds,
    )

    assert length == record.call_timedelta
