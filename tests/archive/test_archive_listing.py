"""The listing of a mirror: every call once, nothing twice, no deep pages (operation 8)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from archives import DAY, NOON, call, company_of, scene
from faults import LISTING, answer_with, body

from tele2ats_async import PayloadError, ServerError
from tele2ats_async.archive import calls, listing, moments

pytestmark = pytest.mark.asyncio

MS = timedelta(milliseconds=1)
SECOND = timedelta(seconds=1)


def at(moment: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be this moment."""
    monkeypatch.setattr(moments, "now", lambda: moment)


async def test_every_call_is_a_row_with_all_its_fields(tmp_path: Path) -> None:
    """The index holds what the service said, calls without a recording too; times are UTC, to the millisecond."""
    whole = call(
        NOON + 348 * MS,
        destination_number="79104739472",
        caller_name="Анастасия Исаева",
        callee_number="79104739473",
        callee_name="Юля",
    )
    company = company_of([whole, call(NOON + SECOND, named=False)])
    async with scene(company, tmp_path) as archive:
        await archive.mirror()
        rows = archive.index(
            "SELECT date, call_type, call_status, destination_number, caller_number, caller_name, callee_number,"
            " callee_name, call_duration, conversation_duration, record_file_name, state FROM calls ORDER BY date"
        )

    assert [
        (
            "2026-03-02T12:00:00.348Z", "OUTGOING", "ANSWERED_COMMON", "79104739472", "79000000001",
            "Анастасия Исаева", "79104739473", "Юля", 3, 1, whole.record_file_name, "done",
        ),
        (
            "2026-03-02T12:00:01.000Z", "OUTGOING", "ANSWERED_COMMON", None, "79000000001",
            None, None, None, 3, 1, None, "none",
        ),
    ] == rows  # fmt: skip


async def test_thousands_in_one_window_without_a_deep_page(tmp_path: Path) -> None:
    """A service that refuses to skip beyond 10,000 rows, as many do, is still listed to its end."""
    refused = 0

    @web.middleware
    async def shallow(request: web.Request, handler: Handler) -> web.StreamResponse:
        nonlocal refused
        query = request.query
        if request.path.endswith(LISTING) and (int(query["page"]) + 1) * int(query["size"]) > 10_000:
            refused += 1
            return web.Response(status=400)
        return await handler(request)

    company = company_of(call(NOON + place * 37 * MS, named=False) for place in range(12_345))
    async with scene(company, tmp_path, shallow) as archive:
        await archive.mirror()

        assert [(12_345,)] == archive.index("SELECT count(*) FROM calls")
        assert {"0"} == {query["page"] for query in archive.listings()}
        assert 13 <= len(archive.listings()) <= 15
        assert 0 == refused


async def test_thousands_in_one_second(tmp_path: Path) -> None:
    """Times in queries are whole seconds: such a second alone is taken page by page."""
    before = [call(NOON - SECOND + place * MS) for place in range(700)]
    within = [
        call(NOON + place % 1000 * MS, named=False, caller_number=f"7900{place:07}") for place in range(2500)
    ]
    after = [call(NOON + SECOND + place * MS, named=False) for place in range(10)]
    async with scene(company_of([*before, *within, *after]), tmp_path) as archive:
        archive.start = NOON - SECOND
        await archive.mirror(keep=timedelta(seconds=1))

        assert [(3210,)] == archive.index("SELECT count(*) FROM calls")
        deep = [query for query in archive.listings() if query["page"] != "0"]
        assert {("2026-03-02T12:00:00+00:00", "2026-03-02T12:00:01+00:00")} == {
            (query["start"], query["end"]) for query in deep
        }


@pytest.mark.parametrize("size", [3000, 2999])
async def test_more_in_one_second_than_there_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """Up to the limit all of them are listed; beyond it nothing of that second is held for listed."""
    monkeypatch.setattr(listing, "_CALLS_OF_A_SECOND", size)
    calls = [call(NOON, named=False, caller_number=f"7900{place:07}") for place in range(3000)]
    async with scene(company_of(calls), tmp_path) as archive:
        archive.start = NOON
        if size < len(calls):
            with pytest.raises(PayloadError, match="calls of one second, 2026-03-02T12:00:00"):
                await archive.mirror()
            assert [] == archive.index("SELECT * FROM listed")
        else:
            await archive.mirror()
            assert [(3000,)] == archive.index("SELECT count(*) FROM calls")


async def test_pages_without_end(tmp_path: Path) -> None:
    """A service with a thousand new calls of one second on every page: no run waits, or grows, for ever."""
    asked = 0

    async def another_page(_: web.Request) -> web.StreamResponse:
        nonlocal asked
        asked += 1
        row = '{"date":"2026-03-02T12:00:00Z","callType":"FAX","callStatus":"","recordFileName":"%d"}'
        rows = ",".join(row % (asked * 1000 + place) for place in range(1000))
        return web.Response(text=f"[{rows}]", content_type="application/json")

    async with scene(company_of([]), tmp_path, answer_with(LISTING, another_page)) as archive:
        archive.start = NOON
        with pytest.raises(PayloadError):
            await archive.mirror()

        assert asked <= 110
        assert [] == archive.index("SELECT * FROM listed")


async def test_windows_are_a_week_at_the_most(tmp_path: Path) -> None:
    """However long the period is, no request makes the service look through all of it."""
    async with scene(company_of([call(NOON - 100 * DAY), call()]), tmp_path) as archive:
        archive.start = NOON - 101 * DAY
        await archive.mirror()

        assert archive.agrees()
        spans = [
            datetime.fromisoformat(query["end"]) - datetime.fromisoformat(query["start"])
            for query in archive.listings()
        ]
    assert max(spans) == 7 * DAY
    assert 15 == len(spans)


async def test_what_is_listed_for_good_is_never_asked_again(tmp_path: Path) -> None:
    """The second run asks nothing; another period asks for what it has beyond the first one."""
    async with scene(company_of([call(), call(NOON + 5 * DAY)]), tmp_path) as archive:
        await archive.mirror()
        assert [] == await archive.mirror()
        assert {} == archive.asked()

        archive.start, archive.end = NOON - 2 * DAY, NOON + 6 * DAY
        await archive.mirror()
        assert [
            ("2026-02-28T12:00:00+00:00", "2026-03-01T12:00:00+00:00"),
            ("2026-03-03T12:00:01+00:00", "2026-03-08T12:00:01+00:00"),
        ] == [(query["start"], query["end"]) for query in archive.listings()]
        assert archive.agrees()
        assert [(round(archive.start.timestamp()), round(archive.end.timestamp()) + 1)] == archive.index(
            "SELECT * FROM listed"
        )


async def test_a_killed_listing_goes_on_where_it_was(tmp_path: Path) -> None:
    """Each piece is stored with its span in one transaction: only what is missing is asked again."""
    company = company_of(call(NOON + place * SECOND, named=False) for place in range(2500))
    asked = 0

    async def broken(_: web.Request) -> web.StreamResponse:
        return web.Response(status=500)

    @web.middleware
    async def break_once(request: web.Request, handler: Handler) -> web.StreamResponse:
        nonlocal asked
        asked += 1
        return await (broken(request) if asked == 3 else handler(request))

    async with scene(company, tmp_path, break_once) as archive:
        with pytest.raises(ServerError):
            await archive.mirror()
        stored = archive.index("SELECT count(*) FROM calls")
        await archive.mirror()

        assert [(1998,)] == stored
        assert ["2026-03-02T12:33:18+00:00"] == [query["start"] for query in archive.listings()]
        assert [(2500,)] == archive.index("SELECT count(*) FROM calls")


async def test_killed_while_a_piece_was_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A span is held for listed when its calls are there, and not before: the next run lists it again."""

    def die(*_: object) -> None:
        raise SystemExit

    async with scene(company_of([call(), call(NOON + SECOND)]), tmp_path) as archive:
        for step in ("_store", "merge"):
            with monkeypatch.context() as patched:
                patched.setattr(calls, step, die)
                with pytest.raises(SystemExit):
                    await archive.mirror()
            assert [] == archive.index("SELECT * FROM listed") + archive.index()
        await archive.mirror()
        assert archive.agrees()


async def test_the_newest_day_is_listed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that appears late, because it lasted, is found; the cost is that of the new part."""
    company = company_of([call(NOON - 5 * DAY), call()])
    async with scene(company, tmp_path) as archive:
        archive.start, archive.end = NOON - 6 * DAY, NOON + 600 * DAY
        at(NOON + 10 * SECOND, monkeypatch)
        assert 2 == len(await archive.mirror())
        company.add_record(call(NOON - DAY + 11 * SECOND))
        company.add_record(call(NOON + 5 * SECOND))
        at(NOON + DAY, monkeypatch)
        assert 2 == len(await archive.mirror())

        assert {8: 1, 9: 2} == archive.asked()
        assert [("2026-03-01T12:00:10+00:00", "2026-03-03T12:00:01+00:00")] == [
            (query["start"], query["end"]) for query in archive.listings()
        ]
        assert archive.agrees()
        assert [(round(archive.start.timestamp()), round(NOON.timestamp()))] == archive.index(
            "SELECT * FROM listed"
        )


async def test_calls_without_a_name_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls that are alike in everything: as many rows as there are calls, however often they are listed."""
    company = company_of([call(named=False)] * 3)
    at(NOON + SECOND, monkeypatch)
    async with scene(company, tmp_path) as archive:
        counts = []
        for _ in range(2):
            await archive.mirror()
            counts += archive.index("SELECT count(*) FROM calls")
        company.add_record(call(named=False))
        await archive.mirror()
        counts += archive.index("SELECT count(*) FROM calls")

    assert [(3,), (3,), (4,)] == counts


async def test_pages_of_one_second_that_repeat_rows(tmp_path: Path) -> None:
    """A call that finishes meanwhile shifts the pages: whatever comes again on a later page is the same call.

    So calls without a name that are alike in everything, to the millisecond, are counted on one page alone: to take a
    shifted row for a new call would happen, thousands of such calls do not.
    """
    rows = [
        call(NOON + place // 3 * MS, named=False, caller_number=f"7900{place:07}") for place in range(1500)
    ]
    shifted: list[str] = []

    @web.middleware
    async def shift(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.query.get("page") == "1" and not shifted:
            shifted.append(request.query["page"])
            archive.company.add_record(call(NOON, named=False, caller_number="79000000000"))
        return await handler(request)

    async with scene(company_of(rows), tmp_path, shift) as archive:
        archive.start = archive.end = NOON
        await archive.mirror()
        assert [(1500,)] == archive.index("SELECT count(*) FROM calls")
        assert ["1"] == shifted
    async with scene(company_of([call(named=False)] * 2500), tmp_path / "alike") as archive:
        await archive.mirror()
        assert [(1000,)] == archive.index("SELECT count(*) FROM calls")


async def test_a_name_that_comes_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The call is listed before its recording is: the row is given the name, and the recording is fetched."""
    named = call()
    bare = attrs.evolve(named, record_file_name=None)
    company = company_of([bare, bare])
    at(NOON + SECOND, monkeypatch)
    async with scene(company, tmp_path) as archive:
        assert [] == await archive.mirror()
        company.records.remove(bare)
        company.add_record(named)
        (outcome,) = await archive.mirror()

        assert (named.record_file_name, None) == (outcome.name, outcome.error)
        assert [(None, "none"), (named.record_file_name, "done")] == archive.index(
            "SELECT record_file_name, state FROM calls ORDER BY 1"
        )


async def test_a_name_and_more_that_come_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a call that was still under way: one row, of the same moment and numbers, brought up to date.

    One that is alike in everything comes first, so that its name does not go to another.
    """
    first = call(named=False, callee_name="A", callee_number="79000000002")
    second = attrs.evolve(first, callee_name="B")
    other = call(named=False, caller_number="79000000003")
    company = company_of([first, second, other])
    at(NOON + SECOND, monkeypatch)
    async with scene(company, tmp_path) as archive:
        assert [] == await archive.mirror()
        changed = attrs.evolve(
            first, call_duration=60, conversation_duration=58, record_file_name="2026-03-02/mo_1"
        )
        named = attrs.evolve(second, record_file_name="2026-03-02/mo_2")
        company.records.clear()
        for record in (changed, named, other):
            company.add_record(record)
        assert [None, None] == [outcome.error for outcome in await archive.mirror()]

        assert [
            (None, None, 3, "none"),
            ("2026-03-02/mo_1", "A", 60, "done"),
            ("2026-03-02/mo_2", "B", 3, "done"),
        ] == archive.index("SELECT record_file_name, callee_name, call_duration, state FROM calls ORDER BY 1")


async def test_what_vanishes_from_the_listing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that forgets a call, or the name of its recording, takes nothing out of the archive."""
    forgotten, nameless = call(), call(NOON + MS)
    company = company_of([forgotten, nameless])
    at(NOON + SECOND, monkeypatch)
    async with scene(company, tmp_path) as archive:
        await archive.mirror()
        company.records[:] = [attrs.evolve(nameless, record_file_name=None)]
        assert [] == await archive.mirror()

        assert [(forgotten.record_file_name, "done"), (nameless.record_file_name, "done")] == archive.index(
            "SELECT record_file_name, state FROM calls ORDER BY 1"
        )


async def test_fields_that_change_are_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name of a recording is the identity of its call: what else is said of it may change."""
    company = company_of([call()])
    at(NOON + SECOND, monkeypatch)
    async with scene(company, tmp_path) as archive:
        await archive.mirror()
        company.records[:] = [attrs.evolve(call(), caller_name="Анна", date=NOON + MS)]
        assert [] == await archive.mirror()

        assert [("2026-03-02T12:00:00.001Z", "Анна", "done")] == archive.index(
            "SELECT date, caller_name, state FROM calls"
        )


async def test_numbers_that_no_column_holds(tmp_path: Path) -> None:
    """A mad number of seconds does not keep the calls beside it from being mirrored."""
    async with scene(company_of([call(call_duration=2**64 - 1)]), tmp_path) as archive:
        assert [None] == [outcome.error for outcome in await archive.mirror()]


@pytest.mark.parametrize(
    "content",
    [
        b"<html>",
        b"["
        + b",".join(
            b'{"date": "2026-03-02T12:%02d:00Z", "callType": "FAX", "callStatus": ""}' % (59 - place % 60)
            for place in range(1000)
        )
        + b"]",
    ],
    ids=["no JSON", "not in order"],
)
async def test_a_listing_that_cannot_be_trusted(tmp_path: Path, content: bytes) -> None:
    """It ends the run, and nothing is held for listed."""
    fault = answer_with(LISTING, body(content, content_type="application/json"), times=1)
    async with scene(company_of([call()]), tmp_path, fault) as archive:
        with pytest.raises(PayloadError):
            await archive.mirror()
        assert [] == archive.index("SELECT * FROM listed")
        await archive.mirror()
        assert archive.agrees()


async def test_an_end_that_lies_ahead_stands_for_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A period that is still to come is asked for when it has come."""
    at(NOON, monkeypatch)
    async with scene(company_of([]), tmp_path) as archive:
        await archive.mirror(start=NOON + DAY, end=NOON + 2 * DAY)
        assert {} == archive.asked()
        await archive.mirror(start=NOON - DAY, end=datetime.max.replace(tzinfo=UTC))
        assert ["2026-03-02T12:00:01+00:00"] == [query["end"] for query in archive.listings()]
