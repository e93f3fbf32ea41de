"""The token pair: what it says of itself, where it is kept, and how it is renewed."""

from .file import FileTokenStore
from .memory import MemoryTokenStore
from .pair import TokenPair
from .redis import RedisTokenStore
from .refresher import TokenRefresher
from .store import TokenStore

__all__ = [
    "FileTokenStore",
    "MemoryTokenStore",
    "RedisTokenStore",
    "TokenPair",
    "TokenRefresher",
    "TokenStore",
]
