"""Outcomes taken together: none lost, none late, nobody read too far ahead."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from tele2ats_async.archive.batches import in_batches

pytestmark = pytest.mark.asyncio


async def numbers(count: int, taken: list[int]) -> AsyncGenerator[int, None]:
    try:
        for number in range(count):
            taken.append(number)
            yield number
        raise ZeroDivisionError
    finally:
        taken.append(-1)


async def test_the_error_comes_after_all_that_came_before() -> None:
    """Nothing that a source gave is lost when it fails."""
    got: list[int] = []

    async def collect() -> None:
        async for batch in in_batches(numbers(100, []), 7):
            assert 0 < len(batch) <= 8
            got.extend(batch)

    with pytest.raises(ZeroDivisionError):
        await collect()
    assert list(range(100)) == got


async def test_a_slow_caller_slows_the_source_down() -> None:
    """It is read no further than the next batch."""
    taken: list[int] = []
    got: list[int] = []
    async with aclosing(in_batches(numbers(1000, taken), 5)) as batches:
        async for batch in batches:
            got += batch
            await asyncio.sleep(0.001)
            assert len(taken) <= len(got) + 5 + 1
            if len(got) > 50:
                break

    assert -1 == taken[-1]  # it was closed


async def test_what_comes_alone_is_handed_on_at_once() -> None:
    """A slow source's news do not wait for a batch to fill up."""
    more = asyncio.Event()

    async def slowly() -> AsyncGenerator[int, None]:
        yield 1
        await more.wait()
        yield 2

    async with aclosing(in_batches(slowly(), 10)) as batches:
        assert [1] == await anext(batches)
        more.set()
        assert [2] == await anext(batches)


async def test_a_source_that_is_cancelled_is_no_end_in_silence() -> None:
    """Whoever waits for its next item is not left waiting, nor told that all came."""

    async def cancelled() -> AsyncGenerator[int, None]:
        yield 1
        raise asyncio.CancelledError

    async with aclosing(in_batches(cancelled(), 10)) as batches:
        assert [1] == await anext(batches)
        with pytest.raises(asyncio.CancelledError):
            await anext(batches)
