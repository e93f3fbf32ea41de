"""What a token store is."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

from .pair import TokenPair


@runtime_checkable
class TokenStore(Protocol):
    """Where the token pair lives between two runs, and between two processes.

    A refresh kills the old pair, so whoever refreshes holds `lock()` around reading, refreshing and
    writing. Errors are raised as `TokenStoreError`, without a token in their text.

    Source: section 2.
    """

    async def load(self) -> TokenPair:
        """Read the newest pair.

        Raises:
            TokenStoreError: There is none, or it cannot be read.
        """
        ...

    async def save(self, pair: TokenPair) -> None:
        """Write a pair; when this returns it must be durable.

        Raises:
            TokenStoreError: It could not be written; the pair before it is still there.
        """
        ...

    def lock(self) -> AbstractAsyncContextManager[object]:
        """Keep all other users of the same tokens from refreshing meanwhile.

        Raises:
            TokenStoreError: The lock could not be had in time.
        """
        ...
