"""The page of the example in a real browser: calls, sound, seeking, and words that light up."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from browser import PHONE, Watched, open_browser, visit

from tele2ats_async.models import CallRecord, RecordCallStatus, RecordCallType
from tele2ats_async.simulator import AtsSimulator, Company, faults

from .backends import AIOHTTP, PASSWORD, running

pytestmark = pytest.mark.asyncio

PATIENCE_MS = 30_000
LONG_S = 900
MIDDLE_S = LONG_S / 2
# Much faster than it is heard, and so slow that the middle is not there when it is wanted.
LINE_BYTES_PER_S = 40_000
HOSTILE = '"><img src=x onerror="window.broken=1"></td><script>window.broken=1</script>'
# What the player says and what is lit, of the same moment.
MOMENT = """() => {
    const audio = document.querySelector("audio");
    const lit = [...document.querySelectorAll(".lit")].map(word => Number(word.dataset.index));
    return {time: audio.currentTime, lit, paused: audio.paused, error: audio.error && audio.error.message};
}"""


@attrs.frozen
class Opened:
    """The page of a backend.

    Attributes:
        name: The recording of the newest call.
    """

    simulator: AtsSimulator
    watched: Watched
    name: str


@pytest.fixture
def talkative() -> Company:
    """Make a company of which the newest call is a long one, by somebody with a hostile name."""
    company = Company.generate(seed=5, recordings=30, duration_s=(3, 6))
    newest = company.records[-1]
    date = max(newest.date, datetime.now(UTC) - timedelta(hours=1)) + timedelta(milliseconds=1)
    company.add_record(
        CallRecord(
            date=date,
            call_type=RecordCallType.SINGLE_CHANNEL,
            call_status=RecordCallStatus.ANSWERED_COMMON,
            caller_number="79000258890",
            caller_name=HOSTILE,
            callee_number="79104739472",
            callee_name="Юля Заплаткина",
            call_duration=LONG_S + 5,
            conversation_duration=LONG_S,
            record_file_name="2026-11-27/mo_1795000000000000000",
        )
    )
    return company


@asynccontextmanager
async def opened(kind: str, company: Company, log: Path, **settings: Any) -> AsyncIterator[Opened]:
    """Open the page, and wait for its calls."""
    credentials = {"username": "listener", "password": PASSWORD}
    async with (
        AtsSimulator(company=company) as simulator,
        running(kind, simulator, log) as backend,
        open_browser() as browser,
        visit(browser, backend.base_url, http_credentials=credentials, **settings) as watched,
    ):
        await watched.page.locator("#calls tr").first.wait_for()
        yield Opened(simulator, watched, company.records[-1].record_file_name or "")
        assert [] == watched.complaints
        assert [] == [url for url in watched.requests if not url.startswith(backend.base_url)]
        assert await watched.page.evaluate("window.broken === undefined")


async def play_until(page: Any, seconds: float) -> None:
    await page.wait_for_function(
        "seconds => document.querySelector('audio').currentTime > seconds", arg=seconds, timeout=PATIENCE_MS
    )


async def stop(page: Any) -> dict[str, Any]:
    """Let the player stand still, so that the words can be compared with its time."""
    await page.evaluate("document.querySelector('audio').pause()")
    await page.wait_for_timeout(300)
    moment: dict[str, Any] = await page.evaluate(MOMENT)
    return moment


def said_at(simulator: AtsSimulator, name: str, time: float) -> list[int]:
    words = sorted(simulator.transcript(name), key=lambda word: word.start_time)
    return [place for place, word in enumerate(words) if word.start_time <= time < word.end_time]


async def test_calls_are_listed(kind: str, talkative: Company, tmp_path: Path) -> None:
    """Every call of the company, the newest first, with a button where there is something to hear; as text."""
    async with opened(kind, talkative, tmp_path / "log") as page:
        records = list(reversed(talkative.records))
        who = await page.watched.texts("#calls td.who")
        assert len(records) == len(who)
        assert f"{HOSTILE}79000258890" == who[0]
        assert all(
            shown.startswith(record.caller_name or record.caller_number or "unknown")
            for shown, record in zip(who, records, strict=True)
        )
        assert len(records) == await page.watched.page.locator("#calls button").count()


async def test_playing_and_seeking(kind: str, talkative: Company, tmp_path: Path) -> None:
    """Sound comes, the word that is said is lit, and seeking fetches the middle without what lies before it."""
    async with opened(kind, talkative, tmp_path / "log") as opened_page:
        simulator, page, name = opened_page.simulator, opened_page.watched.page, opened_page.name
        simulator.inject(faults.Trickle(LINE_BYTES_PER_S), operations=[9])
        await page.locator("#calls button").first.click()
        await play_until(page, 1)
        moment = await stop(page)
        assert moment["error"] is None
        assert said_at(simulator, name, moment["time"]) == moment["lit"]
        assert await page.evaluate(f"Math.abs(document.querySelector('audio').duration - {LONG_S}) < 5")

        before = len(simulator.requests)
        await page.evaluate("seconds => document.querySelector('audio').currentTime = seconds", MIDDLE_S)
        await page.evaluate("document.querySelector('audio').play()")
        await play_until(page, MIDDLE_S + 1)
        moment = await stop(page)

        size = len(simulator.recording(name))
        ranges = [seen.headers.get("Range", "") for seen in list(simulator.requests)[before:]]
        offsets = [int(part.removeprefix("bytes=").removesuffix("-")) for part in ranges if part]
        assert any(size * 0.4 < offset < size * 0.6 for offset in offsets), ranges
        assert MIDDLE_S + 1 < moment["time"] < MIDDLE_S + 60
        assert said_at(simulator, name, moment["time"]) == moment["lit"]
        assert HOSTILE in await page.locator("#heading").inner_text()


async def test_words_light_up_in_turn(talkative: Company, tmp_path: Path) -> None:
    """While the sound is on, the lit words are those of its time, give or take a frame; silence lights nothing."""
    async with opened(AIOHTTP, talkative, tmp_path / "log") as opened_page:
        simulator, page, name = opened_page.simulator, opened_page.watched.page, opened_page.name
        await page.locator("#calls button").first.click()
        await play_until(page, 0.5)
        moments = await page.evaluate(
            f"""async () => {{
                const take = {MOMENT}, taken = [];
                while (taken.length < 200) {{
                    await new Promise(requestAnimationFrame);
                    taken.push(take());
                }}
                return taken;
            }}"""
        )

        wrong = [
            moment
            for moment in moments
            if moment["lit"]
            not in (said_at(simulator, name, moment["time"] - late / 100) for late in range(30))
        ]
        assert [] == wrong
        assert len({tuple(moment["lit"]) for moment in moments}) > 3


async def test_words_are_buttons(talkative: Company, tmp_path: Path) -> None:
    """A click on a word, or arrows and Enter, play from there."""
    async with opened(AIOHTTP, talkative, tmp_path / "log", viewport=PHONE) as opened_page:
        simulator, page, name = opened_page.simulator, opened_page.watched.page, opened_page.name
        words = sorted(simulator.transcript(name), key=lambda word: word.start_time)
        await page.locator("#calls button").first.click()
        await page.locator(".word").nth(40).click()
        await play_until(page, words[40].start_time)
        assert (await stop(page))["time"] < words[40].start_time + 15

        await page.locator(".word").nth(40).press("ArrowRight")
        await page.locator(".word").nth(41).press("Enter")
        await play_until(page, words[41].start_time)
        assert not await page.evaluate("document.querySelector('audio').paused")
        assert 1 == await page.locator(".word[tabindex='0']").count()
        shown = await page.locator(".word").all_text_contents()
        assert [word.word for word in words] == shown
        widths = await opened_page.watched.widths()
        assert widths[0] == widths[1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_page_can_be_read(talkative: Company, tmp_path: Path, scheme: str) -> None:
    """By day, by night and on a telephone: text stands out, and nothing sticks out to the right."""
    async with opened(
        AIOHTTP, talkative, tmp_path / "log", viewport=PHONE, color_scheme=scheme
    ) as opened_page:
        page = opened_page.watched.page
        await page.locator("#calls button").first.click()
        await page.locator(".word").first.wait_for()
        text, contrast = await opened_page.watched.worst_contrast()
        assert contrast >= 4.5, text
        widths = await opened_page.watched.widths()
        assert widths[0] == widths[1]


async def test_what_is_not_ready_is_told(talkative: Company, tmp_path: Path) -> None:
    """In words, beside the player; the page goes on."""
    async with opened(AIOHTTP, talkative, tmp_path / "log") as opened_page:
        opened_page.simulator.inject(faults.NotReadyYet(seconds=3600))
        page = opened_page.watched.page
        await page.locator("#calls button").first.click()
        await page.get_by_text("There is no such thing, or not yet").wait_for()
        # The browser itself says in the console that an answer was 404.
        assert all("404" in complaint for complaint in opened_page.watched.complaints)
        opened_page.watched.complaints.clear()
