"""The time that tokens live by."""

import asyncio
import time


class Clock:
    """Tells the time and waits for it: in a test, months pass in a moment."""

    def now(self) -> float:
        """Give the time in epoch seconds, by which tokens die."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
