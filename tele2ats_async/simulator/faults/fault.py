"""What every fault is: a value that says which requests it is for, and what becomes of one it hits.

| Fault
|   RequestFault: the service behind it need not hear of the request
|   AnswerFault: spoils what the service has answered
"""

from abc import ABC, abstractmethod
from http import HTTPStatus
from typing import ClassVar, Protocol

import attrs
from aiohttp import web

from .. import routes
from .dice import Dice
from .exchange import Exchange

ALL_OPERATIONS = frozenset(operation.number for operation in routes.OPERATIONS)
# A refresh that goes wrong may lock the company out: that is for tests that mean it.
ALL_BUT_REFRESH = ALL_OPERATIONS - {routes.REFRESH}
RECORDING = frozenset({routes.FETCH_RECORDING})

_WITH_ANSWER = (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT)


class Aim(Protocol):
    """Chooses the requests that one injection hits."""

    def hits(self, exchange: Exchange) -> bool:
        """Decide on a request that the fault is for."""
        ...


@attrs.define(eq=False)
class EachRequest:
    """Chooses each request by itself.

    Attributes:
        burst: How many in a row are hit, once one is.
    """

    _dice: Dice
    burst: int = 1
    _left: int = attrs.field(default=0, init=False)

    def hits(self, exchange: Exchange) -> bool:  # noqa: ARG002  # one is as good as the other
        """Decide on a request."""
        if self._dice.throw():
            self._left = self.burst
        if not self._left:
            return False
        self._left -= 1
        return True


@attrs.frozen
class Fault:
    """Something that a service does wrong.

    Attributes:
        default_operations: Those it hits where none are named.
        possible_operations: Those that may be named.
    """

    default_operations: ClassVar[frozenset[int]] = ALL_BUT_REFRESH
    possible_operations: ClassVar[frozenset[int]] = ALL_OPERATIONS

    def aim(self, dice: Dice) -> Aim:
        """Choose among the requests that it is for, for one injection."""
        return EachRequest(dice)


@attrs.frozen
class RequestFault(Fault, ABC):
    """A fault that hits any request for its operations, also one that would be refused."""

    @abstractmethod
    async def befall(self, exchange: Exchange) -> web.StreamResponse:
        """Answer a request badly, or not at all."""


@attrs.frozen
class AnswerFault(Fault, ABC):
    """A fault that hits only requests with a good answer, by default those with a body."""

    def is_for(self, exchange: Exchange, answer: web.Response) -> bool:  # noqa: ARG002  # others look at it
        """Tell whether there is something to spoil."""
        return is_good(answer) and bool(body_of(answer))

    @abstractmethod
    async def spoil(self, exchange: Exchange, answer: web.Response) -> web.StreamResponse:
        """Make of a good answer a bad one."""


def is_good(answer: web.Response) -> bool:
    """Tell whether an answer is one to a request that was carried out."""
    return answer.status in _WITH_ANSWER


def body_of(answer: web.Response) -> bytes:
    """Give the body of an answer, as far as it is one of plain bytes."""
    return answer.body if isinstance(answer.body, bytes) else b""
