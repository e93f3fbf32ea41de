"""Answers in vain: which of them say that a recording is not there, how often they count, and when to ask again."""

from datetime import timedelta
from typing import Self

import attrs

from ..errors import (
    AtsError,
    AuthorizationError,
    Forbidden,
    GatewayRefused,
    NotAudio,
    NotReady,
    PayloadError,
    RateLimited,
    ResponseError,
    ServerError,
)
from .moments import start_of
from .states import REFUSALS_AT_MOST

# They speak of the account, of the way to the service, or of the moment: of no single recording.
_NOT_ABOUT_A_RECORDING = (AuthorizationError, Forbidden, GatewayRefused, RateLimited, ServerError)
_PASSING_STATUSES = (408, 425)  # "request timeout" and "too early"
# Such as a page that says sorry: a fault of the service, however often it comes, and for however many recordings.
_SOMETHING_ELSE = (NotAudio, PayloadError)

# So many runs in a row ask freely: what was out of order for some hours is there with the next run after that.
_ASKED_FREELY = 20
_DOUBLINGS_AT_MOST = 10


@attrs.frozen
class Refusals:
    """How often the service has answered in vain, for what is still missing of one call.

    Attributes:
        refusals: Days on which it said that it has not got it.
        answers_in_vain: Its answers, those and others that were not what was asked for.
        answered_on: Day of the last of them, UTC: ``2026-11-01``; None where there was none.
        ask_on: Day before which it is not asked again; None where each run asks.
    """

    refusals: int = 0
    answers_in_vain: int = 0
    answered_on: str | None = None
    ask_on: str | None = None

    @property
    def are_the_last_word(self) -> bool:
        """Whether it has been refused so often that it is given up."""
        return self.refusals >= REFUSALS_AT_MOST

    def after(self, error: AtsError, now_s: int) -> Self:
        """Count one more failure.

        A refusal counts once a day: ten runs in one outage are one. And a run every minute must not ask for
        the same for years: after some answers, it is asked again after a day, two days, four.
        """
        is_refusal = _is_refusal(error)
        if not is_refusal and not isinstance(error, _SOMETHING_ELSE):
            return self
        today = day_of(now_s)
        answers = self.answers_in_vain + 1
        doublings = answers - _ASKED_FREELY
        pause = timedelta(days=2 ** min(doublings, _DOUBLINGS_AT_MOST) if doublings >= 0 else 0)
        return attrs.evolve(
            self,
            refusals=self.refusals + (is_refusal and self.answered_on != today),
            answers_in_vain=answers,
            answered_on=today,
            ask_on=day_of(now_s + pause // timedelta(seconds=1)) if pause else None,
        )


def day_of(second: int) -> str:
    """Give the day that a second lies in, as texts that sort as they follow."""
    return start_of(second).date().isoformat()


def _is_refusal(error: AtsError) -> bool:
    if isinstance(error, NotReady):
        return True
    is_about_a_recording = not isinstance(error, _NOT_ABOUT_A_RECORDING)
    return isinstance(error, ResponseError) and is_about_a_recording and error.status not in _PASSING_STATUSES
