"""A report as a reader sees it: written by the command, shown by a real browser."""

import asyncio
from collections import Counter
from datetime import timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import pytest
from browser import DESKTOP, PHONE, Watched, show
from hand_made_calls import LINE, call, missed, report_of
from processes import Finished, account, run

from tele2ats_async import CallRecord
from tele2ats_async.report import LANGUAGES, build_report, render_html
from tele2ats_async.simulator import AtsSimulator, Company

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = pytest.mark.asyncio

MOSCOW = timezone(timedelta(hours=3))
WAITS_S = (20, 95, 755)
LEAST_CONTRAST = 4.5  # of the accessibility guidelines, for texts
UNANSWERED = {
    "NOT_ANSWERED_COMMON", "CANCELLED_BY_CALLER", "DESTINATION_BUSY", "DENIED_DUE_TO_NOT_WORK_TIME",
    "DENIED_DUE_TO_MAX_SESSION", "DENIED_DUE_TO_MAX_CHANNEL_LIMIT",
}  # fmt: skip
TO_QUEUES = {"MULTI_CHANNEL", "INTERNAL_QUEUE"}
INCOMING = TO_QUEUES | {"SINGLE_CHANNEL", "PICKUP_CALL", "VOICEMAIL", "FAX"}


def is_answered(record: CallRecord) -> bool:
    return record.call_status.startswith("ANSWERED_")


@pytest.fixture(scope="module")
def busy() -> Company:
    """Give a company with a mixture of all types and statuses."""
    return Company.generate(seed=11, calls_per_day=80)


@pytest.fixture(scope="module")
def page(busy: Company, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a report on all its calls, by the command, once for all who look at it."""
    output = tmp_path_factory.mktemp("report") / "report.html"
    first = busy.records[0].date.astimezone(MOSCOW).date()

    async def write() -> Finished:
        async with AtsSimulator(company=busy) as simulator:
            return await run(
                "report",
                "--start",
                f"{first}",
                "--tz",
                "Europe/Moscow",
                "-o",
                f"{output}",
                env=account(simulator),
            )

    finished = asyncio.run(write())
    assert (0, "") == (finished.status, finished.err)
    return output


async def rows(watched: Watched, selector: str, key: str, *members: str) -> dict[str, tuple[int, ...]]:
    """Read numbers from the rows of a table, by what an attribute of the row holds."""
    found = {}
    for row in await watched.page.locator(f"{selector} tr[data-{key}]").all():
        name = await row.get_attribute(f"data-{key}")
        cells = [await row.locator(f"[data-{member}]").text_content() for member in members]
        found[name or ""] = tuple(int("".join((cell or "").split())) for cell in cells)
    return found


async def test_the_page_shows_the_numbers_of_the_calls(browser: "Browser", page: Path, busy: Company) -> None:
    """Counted here from the company's calls, one by one; and the browser asks for nothing, and has no complaint."""
    records = busy.records
    async with show(browser, page) as watched:
        assert [page.as_uri()] == watched.requests
        assert [len(records)] == await watched.numbers("#tile-total")
        by_day = Counter(str(record.date.astimezone(MOSCOW).date()) for record in records)
        days = await rows(watched, "#days", "day", "total")
        assert by_day == Counter({day: total for day, (total,) in days.items() if total})
        hours = Counter(
            (record.date.astimezone(MOSCOW).hour, record.date.astimezone(MOSCOW).weekday())
            for record in records
        )
        assert [hours[hour, day] for hour in range(24) for day in range(7)] == await watched.numbers(
            "#heat td"
        )
        statuses = await rows(watched, "#statuses", "status", "count")
        assert Counter(record.call_status for record in records) == {
            status: count for status, (count,) in statuses.items()
        }
        assert [] == watched.complaints


async def test_the_page_shows_employees_and_queues(browser: "Browser", page: Path, busy: Company) -> None:
    """Who answered how often, who called how often, and what came to each multi-channel number."""
    answered, unanswered, placed, queues = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for record in busy.records:
        queues[record.destination_number or ""] += record.call_type in TO_QUEUES
        if record.call_type in INCOMING and record.callee_number:
            answered[record.callee_number] += is_answered(record)
            unanswered[record.callee_number] += record.call_status in UNANSWERED
        if (
            record.call_type in {"OUTGOING", "CRM_OUTGOING", "CALLBACK", "CRM_CALLBACK"}
            and record.caller_number
        ):
            placed[record.caller_number] += 1
    async with show(browser, page) as watched:
        employees = await rows(watched, "#employees", "number", "answered", "unanswered", "outgoing")
        shown = await rows(watched, "#queues", "number", "total")

    counted = {number: (answered[number], unanswered[number], placed[number]) for number in answered | placed}
    assert {number: counts for number, counts in counted.items() if any(counts)} == employees
    assert +queues == Counter({number: total for number, (total,) in shown.items()})


async def test_the_page_shows_whom_to_call_back(browser: "Browser", page: Path, busy: Company) -> None:
    """Looked for here call by call: nothing answered later, in either direction."""
    customers = {customer.number for customer in busy.customers}
    expected = Counter(
        record.caller_number
        for record in busy.records
        if record.call_type in INCOMING
        and record.call_status in UNANSWERED
        and record.caller_number in customers
        and not any(
            later.date > record.date
            and is_answered(later)
            and record.caller_number in (later.caller_number, later.callee_number, later.destination_number)
            for later in busy.records
        )
    )
    async with show(browser, page) as watched:
        shown = await rows(watched, "#unreturned", "number", "calls")
        assert [expected.total()] == await watched.numbers("#tile-unreturned")

    assert expected
    assert expected == {number: calls for number, (calls,) in shown.items()}


async def test_bars_are_as_long_as_their_numbers(browser: "Browser", page: Path) -> None:
    """A chart that does not show its numbers is worse than none: lengths on the screen, not in the file."""
    async with show(browser, page) as watched:
        bars: list[list[float]] = await watched.page.evaluate(
            """[...document.querySelectorAll("#days tr[data-day]")].map(row => [
                Number(row.querySelector("[data-total]").textContent),
                [...row.querySelectorAll(".bar i")].reduce((sum, i) => sum + i.getBoundingClientRect().width, 0),
                row.querySelector(".bar").getBoundingClientRect().width,
            ])"""
        )
    most = max(total for total, _, _ in bars)

    assert most > min(total for total, _, _ in bars) > 0
    for total, length, whole in bars:
        assert abs(total / most - length / whole) < 0.02


async def test_a_phone_shows_all_of_its_width(browser: "Browser", tmp_path: Path) -> None:
    """No reader has to push the page from side to side, whatever callers are called."""
    name, line = "Я" * 300, {"call_type": "MULTI_CHANNEL"}
    records = [
        missed(place, caller_name=name, callee_name=name, destination_number=f"{LINE}{place}", **line)
        for place in range(20)
    ]
    output = tmp_path / "report.html"
    for language in LANGUAGES:
        html = render_html(report_of(*records, call(1, "X" * 90)), language=language)
        output.write_text(html, encoding="utf-8")
        for width in (320, PHONE["width"], DESKTOP["width"]):
            async with show(browser, output, viewport={"width": width, "height": 800}) as watched:
                page_px, window_px = await watched.widths()
            assert page_px <= window_px == width


async def test_a_phone_shows_whole_tables(browser: "Browser", busy: Company, tmp_path: Path) -> None:
    """Of usual names and numbers, no table has to be pushed either, in any language, nor where callers wait minutes."""
    output = tmp_path / "report.html"
    records = [
        attrs.evolve(record, call_duration=WAITS_S[place % 3] + (record.conversation_duration or 0))
        for place, record in enumerate(busy.records)
    ]
    report = build_report(records, records[0].date, records[-1].date, tz=MOSCOW)
    for language in LANGUAGES:
        output.write_text(render_html(report, language=language), encoding="utf-8")
        async with show(browser, output, viewport=PHONE) as watched:
            tables: list[str] = await watched.page.evaluate(
                """[...document.querySelectorAll("section")]
                    .filter(section => [...section.querySelectorAll(".wide")]
                        .some(table => table.scrollWidth > table.clientWidth))
                    .map(section => section.id)"""
            )
        assert [] == tables, language


async def test_a_phone_tells_the_columns_of_a_map_apart(browser: "Browser", tmp_path: Path) -> None:
    """Neither numbers of queues nor those of a busy year lie over one another, however many columns a map has."""
    output = tmp_path / "report.html"
    lines = [f"{LINE[:-1]}{place}" for place in range(8)]
    queues = [call(10, call_type="MULTI_CHANNEL", destination_number=line) for line in lines * 1_234]
    for records in (queues[:8], queues):
        output.write_text(render_html(report_of(*records)), encoding="utf-8")
        for width in (PHONE["width"], DESKTOP["width"] // 2):
            async with show(browser, output, viewport={"width": width, "height": 800}) as watched:
                cut: list[str] = await watched.page.evaluate(
                    """[...document.querySelectorAll(".heat th, .heat td")]
                        .filter(cell => cell.scrollWidth > cell.clientWidth).map(cell => cell.textContent)"""
                )
                page_px, window_px = await watched.widths()
                assert 2 * 24 == await watched.page.locator(".heat tbody tr").count()
            assert ([], page_px) == (cut, window_px)


async def test_light_and_dark_can_be_read(browser: "Browser", page: Path) -> None:
    """Each text has the contrast that the guidelines ask for, on the deepest colour of the heat map too."""
    backgrounds = set()
    for scheme in ("light", "dark"):
        async with show(browser, page, color_scheme=scheme) as watched:
            backgrounds.add(await watched.background())
            text, contrast = await watched.worst_contrast()
            assert contrast >= LEAST_CONTRAST, f"{scheme}: {text!r}"

    assert 2 == len(backgrounds)


async def test_it_can_be_printed(browser: "Browser", page: Path) -> None:
    """On white paper, also where the screen is dark."""
    async with show(browser, page, color_scheme="dark") as watched:
        await watched.page.emulate_media(media="print")
        _, contrast = await watched.worst_contrast()
        ink: str = await watched.page.evaluate("getComputedStyle(document.body).color")
        printed = await watched.page.pdf(format="A4")
        assert [] == watched.complaints

    assert contrast >= LEAST_CONTRAST
    assert all(int(part) < 60 for part in ink.removeprefix("rgb(").rstrip(")").split(","))
    assert printed.startswith(b"%PDF-")
    assert len(printed) > 20_000


async def test_hostile_names_do_nothing(browser: "Browser", tmp_path: Path) -> None:
    """No dialog, no request, no complaint of the policy: there is nothing that it had to forbid."""
    hostile = '<script>alert(1)</script><img src="https://evil.example/x.png" onerror="alert(2)">'
    output = tmp_path / "report.html"
    names = {
        "caller_name": hostile,
        "callee_name": hostile,
        "callee_number": hostile,
        "destination_number": hostile,
    }
    records = [call(1, hostile, **names), missed(2, call_type="MULTI_CHANNEL", **names)]
    output.write_text(render_html(report_of(*records)), encoding="utf-8")
    async with show(browser, output) as watched:
        shown = await watched.texts("#unreturned tbody th bdi")
        assert ([output.as_uri()], []) == (watched.requests, watched.complaints)

    assert [hostile[:79] + "…"] == shown


async def test_the_policy_would_stop_what_got_through(browser: "Browser", page: Path, tmp_path: Path) -> None:
    """The second wall stands, should the first one ever fall; and this is how a complaint looks."""
    foreign = '<h1><img src="https://evil.example/x.png"><script>document.title = "!"</script>'
    output = tmp_path / "report.html"
    output.write_text(_read(page).replace("<h1>", foreign), encoding="utf-8")
    async with show(browser, output) as watched:
        assert "!" != await watched.page.title()
        assert 2 == len([text for text in watched.complaints if "Content Security Policy" in text])


def _read(page: Path) -> str:
    return page.read_text(encoding="utf-8")
