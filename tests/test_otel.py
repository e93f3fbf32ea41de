"""Requests as OpenTelemetry's spans and metrics: complete, rightly placed, and without numbers and names."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from everything import MISSING, Everything, session_of
from opentelemetry import context, trace
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from raw_service import END, ONCE, PAIR, START, free_port

from tele2ats_async import AtsSession, ConnectionFailed, RetryPolicy
from tele2ats_async.otel import OpenTelemetryObserver
from tele2ats_async.simulator import AtsSimulator, Company, faults
from tele2ats_async.wire import operations
from tele2ats_async.wire.operations import AnyOperation, Operation

pytestmark = pytest.mark.asyncio

OPERATIONS: dict[int, AnyOperation] = {
    value.number: value for value in vars(operations).values() if isinstance(value, Operation)
}


class Telemetry:
    """All that was exported."""

    def __init__(self) -> None:
        self.spans_kept = InMemorySpanExporter()
        self.reader = InMemoryMetricReader()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.spans_kept))
        self.meters = MeterProvider([self.reader])
        self.observer = OpenTelemetryObserver(tracer_provider=self.tracers, meter_provider=self.meters)

    @property
    def spans(self) -> list[ReadableSpan]:
        """The spans that have ended, but for those of the tests."""
        return [span for span in self.spans_kept.get_finished_spans() if span.kind is trace.SpanKind.CLIENT]

    def metric(self, name: str) -> list[Any]:
        """Give the points of a metric."""
        found = self.reader.get_metrics_data()
        metrics = [
            metric
            for resource in ([] if found is None else found.resource_metrics)
            for scope in resource.scope_metrics
            for metric in scope.metrics
        ]
        return [point for metric in metrics if metric.name == name for point in metric.data.data_points]

    def count(self, name: str) -> int:
        """Sum a counter up."""
        return sum(point.value for point in self.metric(name))

    def told(self) -> str:
        """Give all that leaves the program."""
        metrics = self.reader.get_metrics_data()
        told = [span.to_json() for span in self.spans_kept.get_finished_spans()]
        return "\n".join([*told, "" if metrics is None else metrics.to_json()])


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    """Collect spans and metrics in memory."""
    collected = Telemetry()
    yield collected
    collected.tracers.shutdown()
    collected.meters.shutdown()


def facts(span: ReadableSpan) -> dict[str, object]:
    """Give the attributes of a span."""
    return dict(span.attributes or {})


def _asked(simulator: AtsSimulator) -> Counter[str]:
    """Count what arrived at the simulator, by operation."""
    found = (OPERATIONS.get(seen.operation or 0) for seen in simulator.requests)
    return Counter("custom" if one is None else one.name for one in found)


async def test_a_whole_life(
    simulator: AtsSimulator, names: list[str], tmp_path: Path, telemetry: Telemetry
) -> None:
    """As many spans and counts as requests, of each operation; and no number, name, token, file or query in them."""
    everything = Everything(simulator, tmp_path)
    everything.spoil()
    async with session_of(simulator, observer=telemetry.observer) as ats:
        await everything.run(ats, names)

    asked = _asked(simulator)
    asked["custom"] += asked["blacklist.list"] - 1  # `ats.request` asked for it by its path
    asked["blacklist.list"] = 1
    assert {operation.name for operation in OPERATIONS.values()} | {"custom"} == asked.keys()
    assert asked == Counter(span.name for span in telemetry.spans)
    points = telemetry.metric("tele2ats.client.requests")
    assert asked == sum(
        (Counter({point.attributes["tele2ats.operation"]: point.value}) for point in points), Counter()
    )
    durations = telemetry.metric("http.client.request.duration")
    assert asked.total() == sum(point.count for point in durations)
    assert 6 == telemetry.count("tele2ats.client.retries")
    assert 2 == simulator.refresh_count == telemetry.count("tele2ats.client.refreshes")
    everything.assert_untold(telemetry.told())


async def test_attributes(simulator: AtsSimulator, telemetry: Telemetry) -> None:
    """Those of the semantic conventions, and none besides; a failure has a status without a text."""
    simulator.inject(faults.ServerErrors(status=502), requests={1}, operations={4})
    async with session_of(simulator, observer=telemetry.observer) as ats:
        await ats.employees.fetch_all()
    port = int(simulator.base_url.split(":")[2].split("/")[0])
    usual = {
        "tele2ats.operation": "employees.list",
        "http.request.method": "GET",
        "server.address": "127.0.0.1",
        "server.port": port,
    }
    failed, good = telemetry.spans

    assert usual | {"http.response.status_code": 502, "error.type": "502"} == facts(failed)
    assert usual | {"http.response.status_code": 200, "http.request.resend_count": 1} == facts(good)
    assert (trace.StatusCode.ERROR, None) == (failed.status.status_code, failed.status.description)
    assert trace.StatusCode.UNSET is good.status.status_code
    assert ((), ()) == (failed.events, good.events)
    [retry] = telemetry.metric("tele2ats.client.retries")
    assert {"tele2ats.operation": "employees.list", "error.type": "ServerError"} == dict(retry.attributes)


async def test_where_no_answer_came(telemetry: Telemetry) -> None:
    """The kind of the failure, and no status."""
    base_url = f"http://127.0.0.1:{free_port()}/crm/openapi"
    policy = RetryPolicy(attempts=3, wait_initial_s=0.001)
    async with AtsSession(PAIR, base_url=base_url, retry=policy, observer=telemetry.observer) as ats:
        with pytest.raises(ConnectionFailed):
            await ats.calls.dial(destination="79998887766", source="0001")

    assert [None, 1, 2] == [facts(span).get("http.request.resend_count") for span in telemetry.spans]
    assert {"ConnectionFailed"} == {facts(span)["error.type"] for span in telemetry.spans}
    assert {None} == {facts(span).get("http.response.status_code") for span in telemetry.spans}
    assert 2 == telemetry.count("tele2ats.client.retries")


async def test_a_token_that_is_refused(simulator: AtsSimulator, telemetry: Telemetry) -> None:
    """The refusal, the refresh and what is sent again are three spans below the caller's, side by side."""
    simulator.expire_access_token()
    tracer = telemetry.tracers.get_tracer("test")
    async with session_of(simulator, observer=telemetry.observer) as ats:
        await ats.employees.fetch_all()
        simulator.expire_access_token()
        with tracer.start_as_current_span("caller") as caller:
            await ats.request("GET", "/employees")
    spans = telemetry.spans[-3:]

    assert [
        ("custom", 403, None),
        ("authorization.refresh", 200, None),
        ("custom", 200, 1),
    ] == [
        (
            span.name,
            facts(span)["http.response.status_code"],
            facts(span).get("http.request.resend_count"),
        )
        for span in spans
    ]
    parent = caller.get_span_context().span_id
    assert [parent] * 3 == [span.parent and span.parent.span_id for span in spans]


async def test_each_task_has_its_own_parent(simulator: AtsSimulator, telemetry: Telemetry) -> None:
    """Many tasks of one session: each request is below the span of the task that asked, none below another request."""
    tracer = telemetry.tracers.get_tracer("test")
    parents: dict[int, str] = {}

    async def work(ats: AtsSession, number: int) -> None:
        with tracer.start_as_current_span(f"task {number}") as span:
            parents[span.get_span_context().span_id] = span_name = f"task {number}"
            await asyncio.gather(ats.employees.fetch_all(), ats.managers.fetch_all())
            assert span is trace.get_current_span(), span_name

    async with session_of(simulator, observer=telemetry.observer) as ats:
        await asyncio.gather(*(work(ats, number) for number in range(5)))
    found = Counter(parents[span.parent.span_id] for span in telemetry.spans if span.parent is not None)

    assert {f"task {number}": 2 for number in range(5)} == found


async def test_a_stream(simulator: AtsSimulator, names: list[str], telemetry: Telemetry) -> None:
    """Its span ends when the stream is left, and its bytes are those that came; it is current for nobody meanwhile."""
    async with session_of(simulator, observer=telemetry.observer) as ats:
        for name in names[:3]:  # the second and third come the direct way
            before = context.get_current()
            async with ats.recordings.open(name) as stream:
                assert before == context.get_current()
                received = [chunk async for chunk in stream]
                ended = len(telemetry.spans)
            assert ended + 1 == len(telemetry.spans)
            assert simulator.recording(name) == b"".join(received)

    assert sum(len(simulator.recording(name)) for name in names[:3]) == telemetry.count(
        "tele2ats.client.received"
    )
    assert ["call_records.file"] * 3 == [span.name for span in telemetry.spans]


async def test_a_stream_whose_reader_fails(
    simulator: AtsSimulator, names: list[str], telemetry: Telemetry
) -> None:
    """Told by its kind, without its text."""
    async with session_of(simulator, observer=telemetry.observer) as ats:
        with pytest.raises(KeyError):
            async with ats.recordings.open(names[0]):
                raise KeyError("79998887766")
    [span] = telemetry.spans

    assert ("KeyError", trace.StatusCode.ERROR) == (facts(span)["error.type"], span.status.status_code)
    assert "79998887766" not in telemetry.told()


@pytest.mark.parametrize("is_answered", [False, True])
async def test_cancellation(
    simulator: AtsSimulator,
    names: list[str],
    telemetry: Telemetry,
    is_answered: bool,  # noqa: FBT001  # a case
) -> None:
    """Before the answer or in the middle of it: the span ends, with the reason, and is no failure."""
    fault = faults.StallBody() if is_answered else faults.DelayFirstByte(60)
    simulator.inject(fault, operations={9})

    async with session_of(simulator, observer=telemetry.observer) as ats:
        reading = asyncio.create_task(ats.recordings.save(names[0], "never"))
        while not simulator.requests or (
            is_answered and simulator.requests[0].status is None
        ):  # filled by the server
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.05)
        assert [] == telemetry.spans
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        [span] = telemetry.spans

    assert "CancelledError" == facts(span)["error.type"]
    assert is_answered is ("http.response.status_code" in facts(span))
    assert trace.StatusCode.UNSET is span.status.status_code


@asynccontextmanager
async def _saved(
    simulator: AtsSimulator, names: list[str], directory: Path, telemetry: Telemetry, processes: int
) -> AsyncIterator[int]:
    """Save many recordings over a bad line below a span, and give the span's id."""
    simulator.inject(faults.CutBody(), requests={1, 5, 9}, operations={9})
    simulator.inject(faults.ServerErrors(), requests={2, 7}, operations={10})
    tracer = telemetry.tracers.get_tracer("test")
    async with session_of(simulator, observer=telemetry.observer) as ats:
        with tracer.start_as_current_span("job") as job:
            outcomes = ats.recordings.save_many(
                [*names, MISSING], directory, transcripts=True, processes=processes
            )
            errors = [type(outcome.error).__name__ async for outcome in outcomes if outcome.error]
        assert ["NotReady"] == errors
        yield job.get_span_context().span_id


@pytest.mark.parametrize(
    "processes",
    [1, pytest.param(2, marks=pytest.mark.skipif(sys.platform == "win32", reason="as tests of processes"))],
)
async def test_saving_many(
    simulator: AtsSimulator, names: list[str], tmp_path: Path, telemetry: Telemetry, processes: int
) -> None:
    """Each request, retry and byte once, below the caller's span, whether this process asks or others do."""
    async with _saved(simulator, names, tmp_path, telemetry, processes) as job:
        spans = telemetry.spans

    assert _asked(simulator) == Counter(span.name for span in spans)
    assert len(simulator.requests) == telemetry.count("tele2ats.client.requests")
    assert 3 + 2 == telemetry.count("tele2ats.client.retries")
    assert 5 <= sum("http.request.resend_count" in facts(span) for span in spans)
    assert 3 == sum(facts(span).get("error.type") == "Truncated" for span in spans)
    assert {job} == {span.parent and span.parent.span_id for span in spans}
    recordings = [
        point.value
        for point in telemetry.metric("tele2ats.client.received")
        if point.attributes["tele2ats.operation"] == "call_records.file"
    ]
    # What broke off goes on where it ended.
    assert [sum(len(simulator.recording(name)) for name in names)] == recordings
    assert all((span.end_time or 0) >= (span.start_time or 0) > 0 for span in spans)
    assert "mo_" not in telemetry.told()


@pytest.mark.skipif(sys.platform == "win32", reason="as tests of processes")
async def test_processes_that_are_left_early(
    simulator: AtsSimulator, names: list[str], tmp_path: Path, telemetry: Telemetry
) -> None:
    """What they had under way is told, too: all that has arrived, and what was just being sent."""
    async with (
        session_of(simulator, observer=telemetry.observer) as ats,
        aclosing(ats.recordings.save_many(names, tmp_path, processes=2)) as outcomes,
    ):
        await anext(outcomes)

    told = telemetry.count("tele2ats.client.requests")
    assert told == len(telemetry.spans)
    assert len(simulator.requests) <= told <= len(simulator.requests) + 16  # as many as may be under way


async def test_aiohttps_own_instrumentation_is_held_off(
    simulator: AtsSimulator, names: list[str], tmp_path: Path, telemetry: Telemetry
) -> None:
    """It would make a second span of each request, with its whole address in it; of other clients it makes spans still."""
    instrumentor = AioHttpClientInstrumentor()
    instrumentor.instrument(tracer_provider=telemetry.tracers)
    try:
        async with session_of(simulator, observer=telemetry.observer) as ats:
            await ats.call_records.fetch_page(START, END, caller="79998887766")
            await ats.recordings.save(names[0], tmp_path)
            assert ["call_records.info", "call_records.file"] == [span.name for span in telemetry.spans]
        async with session_of(simulator) as unobserved:
            await unobserved.employees.fetch_all()
    finally:
        instrumentor.uninstrument()

    assert ["call_records.info", "call_records.file", "GET"] == [span.name for span in telemetry.spans]
    assert "79998887766" not in telemetry.told()


async def test_what_keeps_tokens_alive_belongs_to_no_call(company: Company, telemetry: Telemetry) -> None:
    """For months it would be told below the request that happened to be the first."""
    tracer = telemetry.tracers.get_tracer("test")
    async with AtsSimulator(company=company, access_lifetime_s=60) as simulator:
        with tracer.start_as_current_span("startup"):
            async with session_of(simulator, observer=telemetry.observer, keep_alive=True):
                while not telemetry.spans:  # for what the background does
                    await asyncio.sleep(0.005)
    span = telemetry.spans[0]

    assert ("authorization.refresh", None) == (span.name, span.parent)


async def test_without_arguments_it_is_of_the_global_providers(simulator: AtsSimulator) -> None:
    """Where nobody has set any up, nothing is told, and nothing fails."""
    async with session_of(simulator, observer=OpenTelemetryObserver(), retry=ONCE) as ats:
        assert await ats.employees.fetch_all()
