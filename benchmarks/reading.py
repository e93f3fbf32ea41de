"""Reading all calls of an account of `benchmarks.serving.account`, as a user does."""

from tele2ats_async import AtsSession, TokenPair

from .records import FIRST_MOMENT, moment_of
from .rounds import DisqualifiedError

PAGE_ROWS = 3000


async def list_records(base_url: str, pages: int) -> None:
    """List with the largest pages, one record after the other.

    Raises:
        DisqualifiedError: It were not as many as there are, or not in order.
    """
    expected, last = pages * PAGE_ROWS, None
    count = 0
    async with AtsSession(TokenPair("access", "refresh"), base_url=base_url) as ats:
        async for record in ats.call_records.iter(FIRST_MOMENT, moment_of(expected), size=PAGE_ROWS):
            if last is not None and record.date < last:
                raise DisqualifiedError(f"record {count} is out of order")
            last = record.date
            count += 1
    if count != expected:
        raise DisqualifiedError(f"{count} records came, of {expected}")
