"""Which of the requests that come by are hit: by chance, by number, or all."""

import random
from collections.abc import Collection

import attrs


@attrs.frozen
class Rule:
    """How requests are chosen, as the caller put it.

    Attributes:
        rate: How likely one is chosen, 0 to 1.
        requests: Their numbers, from 1.
        seed: Of the dice, None for the simulator's.

    Raises:
        ValueError: Both ``rate`` and ``requests`` are given, or one of them makes no sense.
    """

    rate: float | None = None
    requests: Collection[int] | None = None
    seed: int | None = None

    def __attrs_post_init__(self) -> None:
        if self.rate is not None and self.requests is not None:
            raise ValueError("give rate or requests, not both")
        if self.rate is not None and not 0 <= self.rate <= 1:
            raise ValueError(f"rate must be from 0 to 1, got {self.rate!r}")
        if self.requests is not None and not self.requests:
            raise ValueError("requests names none: leave it out for all of them")
        if self.requests is not None and any(number < 1 for number in self.requests):
            raise ValueError(f"requests are numbered from 1, got {self.requests!r}")


@attrs.define(eq=False)
class Dice:
    """Chooses by a rule; every request that comes by is counted, also where another fault has it."""

    _rule: Rule
    _rng: random.Random
    _thrown: int = attrs.field(default=0, init=False)

    def throw(self) -> bool:
        """Tell whether the next one is chosen."""
        self._thrown += 1
        if self._rule.requests is not None:
            return self._thrown in self._rule.requests
        return self._rule.rate is None or self._rng.random() < self._rule.rate
