"""Faults of recordings: not there yet, another one meanwhile, or no longer for this token."""

from typing import ClassVar

import attrs
from aiohttp import web

from .. import routes
from ..refusals import not_found
from ..served import RECORDING_NAME
from .bodies import SHARE, BodyFault, beginning_of
from .dice import Dice
from .exchange import Exchange
from .fault import ALL_BUT_REFRESH, RECORDING, Aim, AnswerFault, body_of
from .sending import LooseResponse, begin, hang_up, send

_RECORDING_OR_TRANSCRIPT = frozenset({routes.FETCH_RECORDING, routes.FETCH_TRANSCRIPT})


@attrs.frozen(kw_only=True)
class NotReadyYet(AnswerFault):
    """A recording is 404 at first, and its transcript with it.

    The dice are thrown once for a recording, and ``requests`` are numbers of recordings in the order
    in which they are first asked for.

    Attributes:
        seconds: How long from the first time it is asked for, by the simulator's clock.
        times: Instead: how many times it is asked for.

    Raises:
        ValueError: Neither is given, or both are.
    """

    default_operations: ClassVar[frozenset[int]] = _RECORDING_OR_TRANSCRIPT
    possible_operations: ClassVar[frozenset[int]] = _RECORDING_OR_TRANSCRIPT

    seconds: float | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.ge(0))
    )
    times: int | None = attrs.field(default=None, validator=attrs.validators.optional(attrs.validators.ge(1)))

    def __attrs_post_init__(self) -> None:
        if (self.seconds is None) == (self.times is None):
            raise ValueError("NotReadyYet wants seconds or times, one of them")

    def aim(self, dice: Dice) -> Aim:
        """Choose recordings."""
        return _EachRecording(self, dice)

    def is_over(self, waited_s: float, asked: int) -> bool:
        """Tell whether a recording is ready.

        Args:
            waited_s: Since it was first asked for.
            asked: How many times it was asked for, this one included.
        """
        if self.seconds is not None:
            return waited_s >= self.seconds
        return asked > (self.times or 0)

    async def spoil(self, exchange: Exchange, answer: web.Response) -> web.StreamResponse:  # noqa: ARG002
        """Put it off."""
        return exchange.refuse(not_found("The file is not ready yet"))


@attrs.define(eq=False)
class _Wait:
    since: float
    asked: int = 0


@attrs.define(eq=False)
class _EachRecording:
    """Chooses recordings by name; None stands for one that is ready from the first."""

    _fault: NotReadyYet
    _dice: Dice
    _waits: dict[str, _Wait | None] = attrs.field(factory=dict[str, _Wait | None], init=False)

    def hits(self, exchange: Exchange) -> bool:
        name = exchange.request[RECORDING_NAME]
        now = exchange.pbx.clock()
        if name not in self._waits:
            self._waits[name] = _Wait(now) if self._dice.throw() else None
        wait = self._waits[name]
        if wait is None:
            return False
        wait.asked += 1
        return not self._fault.is_over(now - wait.since, wait.asked)


@attrs.frozen
class ChangeRecording(BodyFault):
    """The connection ends in the middle of a recording, and from then on it is another one.

    It has other bytes, another length, another validator, and other words in its transcript, which
    ``simulator.recording(name)`` and ``simulator.transcript(name)`` give.

    Attributes:
        after: Which share of the body is sent, 0 to 1.
    """

    possible_operations: ClassVar[frozenset[int]] = RECORDING

    after: float = attrs.field(default=0.5, validator=SHARE)

    async def spoil(self, exchange: Exchange, answer: web.Response) -> web.StreamResponse:
        """Send a part, and change the rest."""
        response = await _send_beginning(exchange, answer, self.after)
        exchange.pbx.change_recording(exchange.request[RECORDING_NAME])
        hang_up(exchange)
        return response


@attrs.frozen
class ExpireToken(BodyFault):
    """The access token dies of age in the middle of the body, and the connection ends.

    Attributes:
        after: Which share of the body is sent, 0 to 1.
    """

    possible_operations: ClassVar[frozenset[int]] = ALL_BUT_REFRESH

    after: float = attrs.field(default=0.5, validator=SHARE)

    async def spoil(self, exchange: Exchange, answer: web.Response) -> web.StreamResponse:
        """Send a part, and let the token die."""
        response = await _send_beginning(exchange, answer, self.after)
        exchange.pbx.office.expire_access()
        hang_up(exchange)
        return response


async def _send_beginning(exchange: Exchange, answer: web.Response, share: float) -> LooseResponse:
    response = await begin(exchange, answer, announced_bytes=len(body_of(answer)))
    await send(response, beginning_of(answer, share))
    return response
