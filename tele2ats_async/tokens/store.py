"""What a token store is."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

from .pair import TokenPair


@runtime_checkable
class TokenStore(Protocol):
    """Where the token pair lives between two runs, and between two processes.

    A refresh kills the old pair, so whoever refreshes holds `lock()` around reading, refreshing and
    writing; whoever only reads does not wait for it. Errors are raised as `TokenStoreError`, without
    a token in their text; a cancellation stays one. The repr shows no token.
    `tele2ats_async.testing.check_token_store` tries whether a store keeps all that is promised here.

    Source: section 2.
    """

    async def load(self) -> TokenPair:
        """Read the newest pair, whichever process has saved it.

        Called with and without the lock, also while somebody else holds it. What the store remembers
        from an earlier call is not the answer: another process may have refreshed since.

        Raises:
            TokenStoreError: There is none, or it cannot be read.
        """
        ...

    async def save(self, pair: TokenPair) -> None:
        """Write a pair; when this returns it must be durable.

        Both tokens are written, or neither: a killed process or a cancelled call leaves the old pair
        or the new one. Once a cancelled call has ended, it writes nothing more.

        Raises:
            TokenStoreError: It could not be written; the pair before it is still there.
        """
        ...

    def lock(self) -> AbstractAsyncContextManager[object]:
        """Keep all other users of the same tokens from refreshing meanwhile.

        Called for each use, also by several tasks at once. Inside, the task that holds it calls
        `load()` and `save()`; a refresh that is tried again may take two minutes. However the body
        is left, others can have the lock then, and what was raised comes out as it is. Leaving does
        not fail because the lock was lost: by then the pair is saved. A holder that died, or hangs,
        must not keep it for ever.

        Raises:
            TokenStoreError: The lock could not be had in time.
        """
        ...
