"""Starting the child processes of these tests, and talking to them."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import attrs

PROGRAMS = str(Path(__file__).with_name("programs.py"))


@attrs.define
class Child:
    """A child process that speaks in lines."""

    process: asyncio.subprocess.Process

    async def hear(self) -> str:
        """Wait for its next line; empty once it has ended."""
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            return (await self.process.stdout.readline()).decode().strip()

    async def tell(self, line: str = "go") -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        await self.process.stdin.drain()

    def send(self, signal: int) -> None:
        self.process.send_signal(signal)

    async def ended(self) -> int:
        """Wait for its end, and give its status."""
        async with asyncio.timeout(60):
            return await self.process.wait()


@asynccontextmanager
async def child(program: str, place: str, base_url: str = "", **settings: str) -> AsyncIterator[Child]:
    """Run one of the programs; it does not outlive the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        PROGRAMS,
        program,
        place,
        base_url,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, **settings},
    )
    try:
        yield Child(process)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()
