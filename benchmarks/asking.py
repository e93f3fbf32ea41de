"""Many requests at once with tokens from a file: ``python -m benchmarks.asking <token file> <base URL> <count>``.

What runs in each of the processes of `benchmarks.refresh`: it says a line when it is ready, waits for one, and says
in the end how many were answered.
"""

import asyncio
import sys

from tele2ats_async import AtsSession, FileTokenStore


async def ask(token_file: str, base_url: str, count: int) -> int:
    """Ask many times at once, and count the answers."""
    async with AtsSession(FileTokenStore(token_file), base_url=base_url) as ats:
        await ats.employees.fetch_all()  # with a token that lives: it is known from now on
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)
        answers = await asyncio.gather(*(ats.employees.fetch_all() for _ in range(count)))
        return sum(bool(employees) for employees in answers)


def main() -> None:
    """Ask as the arguments say."""
    token_file, base_url, count = sys.argv[1:]
    sys.stdout.write(f"{asyncio.run(ask(token_file, base_url, int(count)))}\n")


if __name__ == "__main__":
    main()
