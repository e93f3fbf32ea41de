"""Section 5 of the contract: statistics."""

from datetime import datetime

import attrs

from .durations import DurationOf


@attrs.frozen
class CommonStatistics:
    """The figures of a period, for the company or one number.

    Durations are seconds; each has a timedelta beside it (``max_call_timedelta`` beside ``max_call_duration``). Averages and rates are floats.

    Attributes:
        mn_avg_call_duration: Average duration of calls to the multi-channel number, seconds.
        mn_max_call_duration: Longest call to the multi-channel number, seconds.
        hangup_a_call_count: Calls that the caller hung up.
        hangup_b_call_count: Calls that the employee hung up.

    Source: operation 6.
    """

    all_call_count: int | None = None
    success_call_count: int | None = None
    outgoing_call_count: int | None = None
    lost_call_count: int | None = None
    common_call_duration: int | None = None
    average_call_duration: float | None = None
    max_call_duration: int | None = None
    call_count_per_day: float | None = None
    call_count_per_hour: float | None = None
    mn_avg_call_duration: float | None = None
    mn_max_call_duration: int | None = None
    average_call_count_per_hour: float | None = None
    transfer_call_count: int | None = None
    transfer_call_duration: int | None = None
    average_transfer_call_duration: float | None = None
    hangup_a_call_count: int | None = None
    hangup_b_call_count: int | None = None
    unique_call_count: int | None = None
    redial_count: int | None = None
    internal_call_count: int | None = None
    internal_call_duration: int | None = None
    average_internal_call_duration: float | None = None

    common_call_timedelta = DurationOf("common_call_duration")
    average_call_timedelta = DurationOf("average_call_duration")
    max_call_timedelta = DurationOf("max_call_duration")
    mn_avg_call_timedelta = DurationOf("mn_avg_call_duration")
    mn_max_call_timedelta = DurationOf("mn_max_call_duration")
    transfer_call_timedelta = DurationOf("transfer_call_duration")
    average_transfer_call_timedelta = DurationOf("average_transfer_call_duration")
    internal_call_timedelta = DurationOf("internal_call_duration")
    average_internal_call_timedelta = DurationOf("average_internal_call_duration")


@attrs.frozen
class JournalEntry:
    """The calls of one number in a stretch of time.

    Attributes:
        start_timestamp: Its beginning, aware datetime.
        end_timestamp: Its end, aware datetime.

    Source: operation 7.
    """

    start_timestamp: datetime | None = None
    end_timestamp: datetime | None = None
    number: str | None = None
    number_of_calls: int | None = None
    number_of_success_calls: int | None = None
