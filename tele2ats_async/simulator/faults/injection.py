"""A fault that has been injected, until it is removed."""

from collections.abc import Callable

import attrs

from .exchange import Exchange
from .fault import Aim, Fault


@attrs.define(eq=False)
class Injection:
    """A fault at work.

    Attributes:
        operations: Those it is for, by their numbers in the contract.
        count: How many requests it has hit.
    """

    fault: Fault
    operations: frozenset[int]
    _aim: Aim = attrs.field(repr=False)
    _forget: "Callable[[Injection], None]" = attrs.field(repr=False)
    count: int = attrs.field(default=0, init=False)

    def hits(self, exchange: Exchange) -> bool:
        """Decide on a request that the fault is for."""
        return self._aim.hits(exchange)

    def remove(self) -> None:
        """Hit no more requests; removing twice is no error."""
        self._forget(self)
