"""The only room that talks to aiohttp: one request goes out, one answer comes in.

Whatever aiohttp, the network or the service does leaves here as an `AtsError`; only cancellation
passes as it is.
"""

from .incoming import IDENTITY, Incoming
from .room import Room
from .sending import DEFAULT_MAX_JSON_BYTES, DEFAULT_MINIMUM_SPEED, DEFAULT_TIMEOUT, Transport
from .tls import Trust

__all__ = [
    "DEFAULT_MAX_JSON_BYTES",
    "DEFAULT_MINIMUM_SPEED",
    "DEFAULT_TIMEOUT",
    "IDENTITY",
    "Incoming",
    "Room",
    "Transport",
    "Trust",
]
