"""Months of an idle program, by a clock of its own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from raw_service import ONCE, PAIR, QUICKLY, RawService, ask, free_port, in_turn, issue, open_session

from tele2ats_async import AtsSession, FileTokenStore, MemoryTokenStore, TokenPair
from tele2ats_async.simulator import AtsSimulator, Company
from tele2ats_async.tokens import refresher as refresher_module
from tele2ats_async.tokens.clock import Clock

pytestmark = pytest.mark.asyncio

DAY_S = 86_400.0
MINUTE_S = 60.0


class Calendar(Clock):
    """A clock that goes on only while somebody sleeps by it, and then at once."""

    def __init__(self) -> None:
        self.start_s = self.now_s = 1_790_000_000.0
        self.events: list[tuple[float, Callable[[], Awaitable[object]]]] = []
        self.is_over = asyncio.Event()

    def now(self) -> float:
        return self.now_s

    def at(self, day: float, event: Callable[[], Awaitable[object]]) -> None:
        """Let something happen; after the last such thing, time stands still."""
        self.events.append((self.start_s + day * DAY_S, event))
        self.events.sort(key=lambda planned: planned[0])

    async def stop(self) -> None:
        self.is_over.set()
        await asyncio.Event().wait()

    async def sleep(self, seconds: float) -> None:
        wakes_at = self.now_s + seconds
        while self.events and self.events[0][0] <= wakes_at:
            self.now_s, event = self.events.pop(0)
            await event()
        self.now_s = wakes_at
        await asyncio.sleep(0)


@pytest_asyncio.fixture
async def calendar(monkeypatch: pytest.MonkeyPatch) -> Calendar:
    """Give the clock by which sessions live in these tests."""
    calendar = Calendar()
    monkeypatch.setattr(refresher_module, "Clock", lambda: calendar)
    monkeypatch.setattr(refresher_module, "_WINNER_DELAYS_S", (0.001,))
    return calendar


@pytest_asyncio.fixture
async def simulator(company: Company, calendar: Calendar) -> AsyncIterator[AtsSimulator]:
    """Run a simulator by that clock, at an address that it has again after a restart."""
    async with AtsSimulator(company=company, clock=calendar.now, port=free_port()) as running:
        yield running


async def _live(calendar: Calendar, days: float) -> None:
    calendar.at(days, calendar.stop)
    async with asyncio.timeout(60):
        await calendar.is_over.wait()


async def test_sixty_idle_days_take_the_fewest_refreshes(
    simulator: AtsSimulator, calendar: Calendar, tmp_path: Path
) -> None:
    """Both tokens live at every moment; one refresh less, and the access token would have been dead."""
    remaining_s: list[float] = []

    def watch(day: float) -> None:
        async def look() -> None:
            pair = await store.load()
            assert pair.expires_at is not None
            assert TokenPair(*simulator.tokens) == pair
            remaining_s.append(pair.expires_at.timestamp() - calendar.now())
            watch(day + 1 / 48)

        calendar.at(day, look)

    store = FileTokenStore(tmp_path / "tokens.json", initial=TokenPair(*simulator.tokens))
    async with AtsSession(store, base_url=simulator.base_url, retry=ONCE, keep_alive=True):
        watch(1 / 48)
        await _live(calendar, 60)
        requests = len(simulator.requests)

    margin_s = 15 * MINUTE_S
    alive_s = [DAY_S + refreshes * (DAY_S - margin_s) for refreshes in (59, 60)]
    assert alive_s[0] < 60 * DAY_S < alive_s[1]
    assert 60 == simulator.refresh_count == requests
    assert margin_s - 2 * MINUTE_S < min(remaining_s)
    assert 60 * 48 - 1 == len(remaining_s)


async def test_a_server_that_is_down_for_two_days(
    simulator: AtsSimulator, calendar: Calendar, caplog: pytest.LogCaptureFixture
) -> None:
    """The access token dies meanwhile, the refresh token does not: within minutes all is well again."""
    lived_again: list[float] = []

    async def notice() -> None:
        before = simulator.refresh_count
        await simulator.start()
        calendar.at((calendar.now() - calendar.start_s + 6 * MINUTE_S) / DAY_S, lambda: look(before))

    async def look(before: int) -> None:
        lived_again.append(simulator.refresh_count - before)

    async with AtsSession(
        TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=ONCE, keep_alive=True
    ) as ats:
        calendar.at(30.5, simulator.close)
        calendar.at(32.5, notice)
        await _live(calendar, 60)
        refreshes = simulator.refresh_count
        await ask(ats)

    assert [1] == lived_again
    assert 57 < refreshes < 60
    assert refreshes == simulator.refresh_count
    failures = [message for message in caplog.messages if "token_keep_alive_failed" in message]
    assert 300 < len(failures) < 700  # every five minutes, and not every second


async def test_what_a_person_puts_into_the_store_ends_the_trouble(
    simulator: AtsSimulator, calendar: Calendar, caplog: pytest.LogCaptureFixture
) -> None:
    """Both tokens are dead, a bot runs on; the pair pasted into its store is found without a restart."""
    store = MemoryTokenStore(TokenPair(*simulator.tokens))

    async def regenerate() -> None:
        simulator.regenerate_tokens()

    async def paste() -> None:
        await store.save(TokenPair(*simulator.tokens))

    async with AtsSession(store, base_url=simulator.base_url, retry=ONCE, keep_alive=True) as ats:
        calendar.at(0.5, regenerate)
        calendar.at(3, paste)
        await _live(calendar, 10)
        await ask(ats)

    assert 8 <= simulator.refresh_count <= 10
    assert TokenPair(*simulator.tokens) == await store.load()
    assert any("Both tokens are spent" in message for message in caplog.messages)


async def test_sessions_on_one_file_make_the_refreshes_of_one(
    simulator: AtsSimulator, calendar: Calendar, tmp_path: Path
) -> None:
    """Several processes keep one account alive: whoever comes first refreshes, the others read."""
    path = tmp_path / "tokens.json"
    await FileTokenStore(path).save(TokenPair(*simulator.tokens))
    async with (
        AtsSession(FileTokenStore(path), base_url=simulator.base_url, keep_alive=True),
        AtsSession(FileTokenStore(path), base_url=simulator.base_url, keep_alive=True),
    ):
        await _live(calendar, 20)

    assert 20 == simulator.refresh_count


async def test_tokens_that_do_not_say_when_they_die(calendar: Calendar) -> None:
    """They may be old already; those that come are taken to live as long as the contract says."""
    answers = [issue(f"a{number}", f"r{number}") for number in range(1, 10)]
    async with (
        RawService(in_turn(*answers)) as service,
        open_session(service, tokens=PAIR, keep_alive=True),
    ):
        await _live(calendar, 7)

    assert [PAIR.refresh, "r1", "r2", "r3", "r4", "r5", "r6", "r7"] == service.tokens


async def test_a_clock_that_is_days_behind(calendar: Calendar, company: Company) -> None:
    """Tokens then seem to live for a week longer than they do: a day after its coming a pair is due."""
    async with (
        AtsSimulator(company=company, clock=lambda: calendar.now() + 8 * DAY_S) as simulator,
        AtsSession(
            TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=ONCE, keep_alive=True
        ) as ats,
    ):
        await _live(calendar, 20)
        await ask(ats)

    assert 20 == simulator.refresh_count


async def test_a_clock_that_is_days_ahead(calendar: Calendar, company: Company) -> None:
    """Every token then seems dead already: it is nevertheless refreshed once a day, and not every minute."""
    async with (
        AtsSimulator(company=company, clock=lambda: calendar.now() - 8 * DAY_S) as simulator,
        AtsSession(
            TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=ONCE, keep_alive=True
        ) as ats,
    ):
        await _live(calendar, 20)
        await ask(ats)

    assert 20 <= simulator.refresh_count <= 21


async def test_it_begins_with_the_first_request_too(simulator: AtsSimulator, calendar: Calendar) -> None:
    """A session that is kept without `async with` is kept alive all the same, until it is closed."""
    ats = AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url, keep_alive=True)
    await asyncio.sleep(0.01)
    assert calendar.start_s == calendar.now()
    await ask(ats)
    await _live(calendar, 3)
    await ats.close()

    assert 3 == simulator.refresh_count
    assert [] == [task for task in asyncio.all_tasks() if "tele2ats" in task.get_name()]


async def test_nothing_is_kept_alive_unasked(simulator: AtsSimulator, calendar: Calendar) -> None:
    """A script that ends soon has no background task."""
    async with AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url) as ats:
        await ask(ats)
        await asyncio.sleep(0.01)

    assert (calendar.start_s, 0) == (calendar.now(), simulator.refresh_count)


async def test_a_store_that_fails_does_not_end_it(calendar: Calendar) -> None:
    """Whatever a store of somebody else raises, months are still to come."""

    class Broken(MemoryTokenStore):
        failures = 3

        async def load(self) -> TokenPair:
            if self.failures:
                self.failures -= 1
                raise ZeroDivisionError
            return await super().load()

    async with (
        RawService(in_turn(issue("a1", "r1"), issue("a2", "r2"))) as service,
        open_session(service, tokens=Broken(PAIR), retry=QUICKLY, keep_alive=True),
    ):
        await _live(calendar, 1.5)

    assert [PAIR.refresh, "r1"] == service.tokens


async def test_a_refresh_by_hand_begins_it_too(calendar: Calendar, simulator: AtsSimulator) -> None:
    """Whoever renews first and asks later has the pair kept alive as everybody else."""
    ats = AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url, keep_alive=True)
    try:
        await ats.tokens.refresh()
        refreshes = ats.tokens.refresh_count
        await _live(calendar, 40)
        assert ats.tokens.refresh_count > refreshes + 20
    finally:
        await ats.close()
