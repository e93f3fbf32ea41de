"""Keeping both tokens alive while nobody calls."""

import logging
from collections.abc import Awaitable, Callable

from ..errors import ReauthorizationRequired
from ..logs import log
from .clock import Clock

logger = logging.getLogger(__name__)

# By the contract. Tokens say themselves when they die; what is assumed is a bound, should the clock
# be wrong or the token unreadable.
ACCESS_LIFETIME_S = 24 * 3600.0
# A machine that was asleep notices the time within this pause.
_LOOK_PAUSE_S = 60.0
_FIRST_PAUSE_S = 30.0
_LONGEST_PAUSE_S = 300.0


async def keep_alive(give_token: Callable[[], Awaitable[object]], clock: Clock) -> None:
    """Ask for the access token again and again, which renews the pair whenever it is due.

    No failure ends this: a service that is down comes back, and a pair that is spent is replaced in
    the store by a person.
    """
    pause_s = _FIRST_PAUSE_S
    while True:
        try:
            await give_token()
        except Exception as error:  # noqa: BLE001  # whatever it was, months are still to come
            log(
                logger,
                logging.CRITICAL if isinstance(error, ReauthorizationRequired) else logging.WARNING,
                "token_keep_alive_failed",
                "%(reason)s",
                error=error,
            )
            await clock.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        else:
            pause_s = _FIRST_PAUSE_S
            await clock.sleep(_LOOK_PAUSE_S)
