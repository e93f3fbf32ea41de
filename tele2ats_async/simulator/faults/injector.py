"""Lets the injected faults loose on the requests that arrive."""

import random
from collections.abc import Collection, Iterable

import attrs
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ..logbook import Logbook
from ..pbx import Pbx
from ..reception import find_operation
from .dice import Dice, Rule
from .exchange import Closing, Exchange
from .fault import AnswerFault, Fault, RequestFault
from .injection import Injection


@attrs.define(eq=False)
class Injector:
    """Knows the faults that are at work.

    Attributes:
        seed: Of the dice that have no seed of their own.
    """

    _pbx: Pbx
    _logbook: Logbook
    seed: int
    _injections: list[Injection] = attrs.field(factory=list[Injection], init=False)
    _placed: int = attrs.field(default=0, init=False)

    def inject(self, fault: Fault, rule: Rule, operations: Collection[int] | None) -> Injection:
        """Put a fault behind those that are at work.

        Raises:
            ValueError: The fault cannot hit one of the operations.
            TypeError: It is no fault.
        """
        if not isinstance(fault, RequestFault | AnswerFault):
            raise TypeError(f"a fault of tele2ats_async.simulator.faults is wanted, got {fault!r}")
        chosen = fault.default_operations if operations is None else frozenset(operations)
        if not chosen or not chosen <= fault.possible_operations:
            raise ValueError(
                f"{type(fault).__name__} can hit operations {sorted(fault.possible_operations)}, got {operations!r}"
            )
        self._placed += 1
        seed = f"{self.seed} {self._placed}" if rule.seed is None else rule.seed
        dice = Dice(rule, random.Random(seed))  # noqa: S311  # dice, not secrets
        injection = Injection(fault, chosen, fault.aim(dice), self._forget)
        self._injections.append(injection)
        return injection

    def make_middleware(self, closing: Closing) -> Middleware:
        """Make the middleware of one application."""

        @web.middleware
        async def inject(request: web.Request, handler: Handler) -> web.StreamResponse:
            exchange = Exchange(request, handler, self._pbx, closing)
            at_work = self._for_operation(request)
            fault = self._choose(exchange, (one for one in at_work if isinstance(one.fault, RequestFault)))
            if isinstance(fault, RequestFault):
                return await fault.befall(exchange)
            answer = await handler(request)
            fault = self._choose(exchange, (one for one in at_work if _spoils(one.fault, exchange, answer)))
            if isinstance(fault, AnswerFault) and isinstance(answer, web.Response):
                return await fault.spoil(exchange, answer)
            return answer

        return inject

    def _for_operation(self, request: web.Request) -> list[Injection]:
        operation = find_operation(request) if self._injections else None
        return [one for one in self._injections if operation and operation.number in one.operations]

    def _choose(self, exchange: Exchange, injections: Iterable[Injection]) -> Fault | None:
        # All of them throw their dice, so that none depends on what the others do.
        hitting = [injection for injection in injections if injection.hits(exchange)]
        if not hitting:
            return None
        first = hitting[0]
        first.count += 1
        self._logbook.blame(exchange.request, type(first.fault).__name__)
        return first.fault

    def _forget(self, injection: Injection) -> None:
        if injection in self._injections:
            self._injections.remove(injection)


def _spoils(fault: Fault, exchange: Exchange, answer: web.StreamResponse) -> bool:
    """Tell whether a fault is for this answer; one that has been begun can no longer be changed."""
    return (
        isinstance(fault, AnswerFault)
        and isinstance(answer, web.Response)
        and not answer.prepared
        and fault.is_for(exchange, answer)
    )
