"""Typical uses of the public surface: type-checked, never run."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import attrs
from yarl import URL

from tele2ats_async import (
    ArchiveError,
    ArchiveReport,
    AtsError,
    AtsSession,
    BlacklistEntry,
    CallConnected,
    CallEnded,
    CallRecord,
    CallStarted,
    Conflict,
    Customer,
    FileTokenStore,
    Manager,
    Match,
    MemoryTokenStore,
    NotReady,
    Observation,
    Observer,
    QueueEntered,
    QueueLeft,
    RecordAdded,
    RecordingReady,
    RedisTokenStore,
    RetryPolicy,
    SaveOutcome,
    SaveResult,
    StorageError,
    TokenPair,
    TokenStore,
    Transcript,
    TransportError,
    Utterance,
    normalize_msisdn,
    verify_archive,
)
from tele2ats_async.otel import OpenTelemetryObserver
from tele2ats_async.report import ReportBuilder, build_report, render_html
from tele2ats_async.simulator import AtsSimulator, Company
from tele2ats_async.testing import check_token_store


async def sessions(client: aiohttp.ClientSession) -> None:
    """Every way to make a session."""
    pair = TokenPair("access", "refresh")
    stores: list[TokenStore] = [
        MemoryTokenStore(pair),
        FileTokenStore(Path("tokens.json")),
        RedisTokenStore("redis://localhost:6379/0", "company:tokens", initial=pair),
    ]
    for store in stores:
        async with AtsSession(
            store,
            base_url="https://ats2.t2.ru/crm/openapi",
            client=client,
            proxy="http://user:password@proxy.example:3128",
            ssl="bundle.pem",
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=5),
            retry=RetryPolicy(attempts=3),
            max_connections=10,
            requests_per_second=2.5,
            user_agent="Mozilla/5.0",
        ) as ats:
            token: str = await ats.tokens.access_token()
            await ats.tokens.refresh()
            expiry: datetime | None = ats.tokens.expires_at
            print(token, expiry)
    ats = AtsSession.from_env(max_connections=5)
    await ats.close()


async def listing(ats: AtsSession, start: datetime, end: datetime) -> list[CallRecord]:
    """Records one by one, by page, and in a list."""
    async for record in ats.call_records.iter(start, end, is_recorded=True, size=1000, sort="date,DESC"):
        name: str | None = record.record_file_name
        talk: timedelta | None = record.conversation_timedelta
        known: bool = record.call_type.is_known and record.call_status == "ANSWERED_COMMON"
        print(name, talk, known)
    async with aclosing(ats.call_records.iter_pages(start, end)) as pages:
        async for page in pages:
            print(len(page))
    return await ats.call_records.fetch_page(start, end, page=0, size=10, caller="79000258890")


async def recordings(ats: AtsSession, records: AsyncIterator[CallRecord], name: str) -> list[SaveOutcome]:
    """A stream, a file, a transcript, and many of them."""
    async with ats.recordings.open(name) as stream:
        length: int | None = stream.content_length
        body: bytes = b"".join([chunk async for chunk in stream])
        print(stream.content_type, length, len(body))
    path: Path = await ats.recordings.save(name, "archive")
    beside: Path = await ats.recordings.save_transcript(name, Path("archive"))
    transcript: Transcript = await ats.recordings.fetch_transcript(name)
    print(path, beside, [word.word for word in transcript.words if word.channel == "A"])
    async for record in records:
        transcript = await ats.recordings.fetch_transcript(record)
    said: list[Utterance] = transcript.utterances(pause_s=0.5)
    written: list[str] = [
        transcript.to_text(),
        transcript.to_srt(),
        transcript.to_webvtt(),
        transcript.to_json(),
    ]
    found: list[Match] = Transcript.load(beside, record=transcript.record).search("счёт")
    print(said[0].speaker, said[0].words[0].start_time, written, found[0].start_time, found[0].utterance.text)

    def progress(name: str, size_bytes: int) -> None:
        print(name, size_bytes)

    async for outcome in ats.recordings.save_many(["a/b"], "archive", progress=progress):
        failure: AtsError | None = outcome.error
        print(
            outcome.name, outcome.path, outcome.transcript_path, outcome.size_bytes, outcome.skipped, failure
        )
    many = ats.recordings.save_many(records, "archive", concurrency=32, transcripts=True)
    return [outcome async for outcome in many]


async def archive(ats: AtsSession, start: datetime, end: datetime) -> ArchiveReport:
    """A mirror, and its proof."""
    async with aclosing(
        ats.recordings.mirror(
            start, end, "archive", transcripts=True, concurrency=8, keep=timedelta(days=90), progress=print
        )
    ) as outcomes:
        async for outcome in outcomes:
            name: str = outcome.name
            print(name, outcome.error)
    try:
        report = await verify_archive(Path("archive"))
    except ArchiveError as error:
        print(error.directory, error.reason)
        raise
    agreed: bool = report.agreed
    print(agreed, report.intact + report.missing + report.damaged)
    return report


async def watching(ats: AtsSession, since: datetime) -> None:
    """Events, of which a consumer tells one from another by type."""
    async with aclosing(ats.monitoring.watch_calls(interval_s=1.5)) as calls:
        async for event in calls:
            caller: str | None = event.call.caller_number_full
            match event:
                case CallStarted() | CallConnected():
                    print(event.key, event.at, caller)
                case CallEnded():
                    print(event.key, event.duration_s)
    async for place in ats.monitoring.watch_queues():
        if isinstance(place, QueueLeft):
            print(place.queue_name, place.caller_number, place.waited_s)
        else:
            entered: QueueEntered = place
            print(entered.at)
    async for news in ats.call_records.watch(
        since, interval_s=30, look_back=timedelta(hours=2), ready_within_s=None
    ):
        record: CallRecord = news.record
        print(record, isinstance(news, RecordAdded), isinstance(news, RecordingReady))


async def the_rest(ats: AtsSession, start: datetime, end: datetime) -> list[BlacklistEntry]:
    """The other sections of the contract."""
    calls = await ats.monitoring.fetch_current_calls()
    queues = await ats.monitoring.fetch_queues()
    employees = await ats.employees.fetch_all()
    print(calls[0].called_number_full, queues[0].calls, employees[0].employee_id)
    await ats.calls.dial(destination=normalize_msisdn("8 (953) 393-35-57"), source="0001")
    figures = await ats.statistics.fetch_common(start, end, subscriber_number="79533933557")
    journal = await ats.statistics.fetch_journal(start, end)
    print(figures.average_call_timedelta, journal[0].start_timestamp)
    manager = await ats.managers.fetch(26)
    await ats.managers.update(attrs.evolve(manager, name="Анна"))
    await ats.managers.create(Manager(name="Пётр", customers=[Customer(real_number="79081581621")]))
    await ats.managers.delete(26)
    was_new: bool = await ats.blacklist.add("79998887766")
    await ats.blacklist.remove("79998887766")
    await ats.blacklist.clear()
    print(was_new, await ats.request("GET", "/holidays", query={"year": "2026"}))
    return await ats.blacklist.fetch_all()


async def errors(ats: AtsSession) -> None:
    """Facts of errors."""
    try:
        await ats.managers.create(Manager(name="Анна"))
    except Conflict as conflict:
        print(conflict.reason == SaveResult.CUSTOMER_ALREADY_ASSIGNED, conflict.status)
    except TransportError as error:
        print(error.sent, error.method, error.path, error.reason)
    except NotReady as error:
        print(error.name, error.details)
    except StorageError as error:
        print(error.errno, error.strerror, error.path)


async def simulator() -> None:
    """A simulated ATS."""
    company = Company.generate(seed=1, recordings=10, duration_s=(1, 2))
    async with (
        AtsSimulator(company=company, live_calls_per_hour=60) as running,
        AtsSession(TokenPair(*running.tokens), base_url=running.base_url) as ats,
    ):
        print(await ats.employees.fetch_all(), running.requests[-1].status)


async def reporting(ats: AtsSession, start: datetime, end: datetime) -> str:
    """Figures, page by page or at once, and the page of them."""
    builder = ReportBuilder(start, end, tz=UTC)
    async for page in ats.call_records.iter_pages(start, end):
        builder.add(page)
    report = builder.build(
        employees=await ats.employees.fetch_all(), statistics=await ats.statistics.fetch_common(start, end)
    )
    print(report.answer_rate, report.unreturned[0].last_at, report.queues[0].most_at_once)
    return render_html(build_report([], start, end), language="ru")


async def own_store(path: Path) -> None:
    """A store of one's own needs no base class, and a class will do where it takes no arguments."""

    class OwnStore:
        async def load(self) -> TokenPair:
            return TokenPair("access", "refresh")

        async def save(self, pair: TokenPair) -> None: ...

        def lock(self) -> asyncio.Lock:
            return asyncio.Lock()

    await check_token_store(OwnStore)
    await check_token_store(lambda: FileTokenStore(path))


async def own_observer(pair: TokenPair) -> None:
    """An observer of one's own needs no base class either."""

    class OwnObserver:
        def begin(
            self, operation: str, method: str, base_url: URL, resends: int, /, *, at_s: float | None = None
        ) -> Observation:
            print(operation, method, base_url, resends, at_s)
            return self

        def retrying(self, operation: str, error: type[Exception], /) -> None: ...

        def refreshed(self) -> None: ...

        def answered(self, status: int, /) -> None: ...

        def ended(
            self, received_bytes: int, error: type[BaseException] | None, /, *, at_s: float | None = None
        ) -> None: ...

    observers: list[Observer] = [OwnObserver(), OpenTelemetryObserver()]
    for observer in observers:
        async with AtsSession(pair, observer=observer):
            pass
