"""The token store that the environment names."""

from collections.abc import Mapping

from .file import FileTokenStore
from .memory import MemoryTokenStore
from .pair import TokenPair, require_order
from .redis import DEFAULT_KEY, RedisTokenStore
from .store import TokenStore


def store_from(environment: Mapping[str, str]) -> TokenStore:
    """Make the store that a session and the command line use alike.

    Args:
        environment: ``TELE2ATS_TOKEN_FILE`` names a token file, ``TELE2ATS_REDIS_URL`` a Redis server and
            ``TELE2ATS_REDIS_KEY`` a key there. ``TELE2ATS_ACCESS_TOKEN`` and ``TELE2ATS_REFRESH_TOKEN`` begin
            what is not there yet, or live in memory where neither is named.

    Raises:
        ValueError: The tokens are missing or malformed; the text names the variable or the token.
        ImportError: Redis is named, and redis-py is not installed.
    """
    access = environment.get("TELE2ATS_ACCESS_TOKEN", "")
    refresh = environment.get("TELE2ATS_REFRESH_TOKEN", "")
    path = environment.get("TELE2ATS_TOKEN_FILE")
    redis_url = environment.get("TELE2ATS_REDIS_URL")
    if bool(access) != bool(refresh):
        missing = "TELE2ATS_REFRESH_TOKEN" if access else "TELE2ATS_ACCESS_TOKEN"
        raise ValueError(f"{missing}: not set; the two tokens belong together")
    pair = require_order(TokenPair(access, refresh)) if access else None
    if path and redis_url:
        raise ValueError("TELE2ATS_REDIS_URL: set, and TELE2ATS_TOKEN_FILE too; the pair lives in one place")
    if path:
        return FileTokenStore(path, initial=pair)
    if redis_url:
        return RedisTokenStore(redis_url, environment.get("TELE2ATS_REDIS_KEY") or DEFAULT_KEY, initial=pair)
    if pair is None:
        raise ValueError(
            "TELE2ATS_TOKEN_FILE: not set, nor are TELE2ATS_ACCESS_TOKEN and TELE2ATS_REFRESH_TOKEN,"
            " nor TELE2ATS_REDIS_URL"
        )
    return MemoryTokenStore(pair)
