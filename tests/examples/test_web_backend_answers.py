"""Calls, words and errors through the example's backends, and who is let in."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import attrs
import pytest
from multidict import CIMultiDictProxy

from tele2ats_async.simulator import AtsSimulator, Company, faults

from .backends import LISTENER, PASSWORD, running
from .conftest import Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def ask(stage: Stage, path: str, **query: str) -> tuple[int, Any, CIMultiDictProxy[str]]:
    async with stage.client.get(path, params=query) as answer:
        return answer.status, await answer.json(), answer.headers


@contextmanager
def injected(stage: Stage, fault: faults.Fault, *operations: int) -> Iterator[None]:
    injection = stage.simulator.inject(fault, operations=operations)
    yield
    injection.remove()


async def test_calls_come_page_by_page(stage: Stage) -> None:
    """Each call once, the newest first, as the service tells of it."""
    calls: list[dict[str, Any]] = []
    query: dict[str, str] = {}
    while True:
        status, page, headers = await ask(stage, "/calls", **query)
        assert (200, "no-store") == (status, headers["Cache-Control"])
        calls += page["calls"]
        if page["next_page"] is None:
            break
        query = {"until": page["until"], "page": str(page["next_page"])}

    records = stage.simulator.company.records
    assert [record.record_file_name for record in reversed(records)] == [call["recording"] for call in calls]
    assert all(earlier["date"] >= later["date"] for earlier, later in pairwise(calls))
    newest = records[-1]
    assert {
        "date": newest.date.isoformat(),
        "caller": {"name": newest.caller_name, "number": newest.caller_number},
        "callee": {"name": newest.callee_name, "number": newest.callee_number},
        "status": newest.call_status,
        "duration_s": newest.conversation_duration,
        "recording": newest.record_file_name,
    } == calls[0]


@pytest.mark.parametrize(
    "query",
    [
        {"page": "-1"},
        {"page": "two"},
        {"until": "yesterday"},
        {"until": "2026-11-27T10:00:00"},
        {"until": "0001-01-01T00:00:00+00:00"},
    ],
    ids=lambda query: "=".join(*query.items()),
)
async def test_a_senseless_query(stage: Stage, query: dict[str, str]) -> None:
    """The mistake of who asks, told before the service is asked."""
    status, answer, _ = await ask(stage, "/calls", **query)

    assert 400 == status
    assert answer["message"]
    assert [] == list(stage.simulator.requests)


async def test_a_page_that_no_listing_has(stage: Stage) -> None:
    """What the service takes for a mistake is one of who asks, and nothing of ours is out of order."""
    status, answer, _ = await ask(stage, "/calls", page="9" * 30)

    assert 400 == status
    assert "/call-records/info answered 400" in answer["message"]


@pytest.mark.parametrize("path", ["/", "/calls", "/transcript", "/recording"])
async def test_whether_it_is_there(stage: Stage, path: str) -> None:
    """HEAD is answered as GET is, without the body: who watches a server asks so."""
    async with stage.client.head(path, params={"name": stage.names[0]}) as answer:
        assert (200, b"") == (answer.status, await answer.read())


async def test_words(stage: Stage) -> None:
    """Each word with its channel and its times, in the service's order."""
    status, words, headers = await ask(stage, "/transcript", name=stage.names[3])

    assert (200, "no-store") == (status, headers["Cache-Control"])
    assert [attrs.asdict(word) for word in stage.simulator.transcript(stage.names[3])] == words


@pytest.mark.parametrize("path", ["/recording", "/transcript"])
@pytest.mark.parametrize("name", ["", "../../etc/passwd", "/etc/passwd", "2022-08-12/\0", "C:\\x", "a//b"])
async def test_an_unsafe_name(stage: Stage, path: str, name: str) -> None:
    """What leads anywhere else is not even asked for."""
    status, answer, _ = await ask(stage, path, name=name)

    assert 400 == status
    assert "of a recording" in answer["message"]
    assert [] == list(stage.simulator.requests)


@pytest.mark.parametrize("path", ["/recording", "/transcript"])
async def test_what_is_not_there(stage: Stage, path: str) -> None:
    """404: it may come yet."""
    status, answer, _ = await ask(stage, path, name="2022-08-12/mo_1")

    assert 404 == status
    assert "minutes" in answer["message"]


@pytest.mark.parametrize(("said_s", "told_s"), [(120, "120"), (None, "10")])
async def test_a_busy_service(stage: Stage, said_s: int | None, told_s: str) -> None:
    """Who asks is told when to come back, after a time in which nobody goes away."""
    with injected(stage, faults.ComeBackLater(429, retry_after=said_s), 8, 9, 10):
        for path in ("/calls", "/recording", "/transcript"):
            status, _, headers = await ask(stage, path, name=stage.names[0])

            assert (503, told_s) == (status, headers["Retry-After"])


@pytest.mark.parametrize("fault", [faults.ServerErrors(), faults.HtmlPage(), faults.Refuse()], ids=repr)
async def test_a_service_out_of_order(stage: Stage, fault: faults.Fault) -> None:
    """502, and what the log tells of the inside is not told to everybody."""
    with injected(stage, fault, 8, 9, 10):
        for path in ("/calls", "/recording", "/transcript"):
            status, answer, _ = await ask(stage, path, name=stage.names[0])

            assert 502 == status
            assert {"message": "The telephone exchange cannot be asked just now."} == answer
    assert "the exchange cannot be asked: " in stage.backend.read_log()


async def test_dead_tokens(kind: str, company: Company, tmp_path: Path) -> None:
    """The operator reads what to do; the tokens are in no answer, and in no log."""
    async with AtsSimulator(company=company) as simulator:
        pair = simulator.tokens
        async with running(kind, simulator, tmp_path / "log") as backend:
            simulator.regenerate_tokens()
            async with (
                aiohttp.ClientSession(backend.base_url, headers=LISTENER) as client,
                client.get("/calls") as answer,
            ):
                text = (await answer.json())["message"]

                assert 503 == answer.status
                assert "For the operator" in text
                assert "web cabinet" in text
        everything = text + backend.read_log()
    assert [] == [secret for secret in (pair.access, pair.refresh, PASSWORD) if secret in everything]


@pytest.mark.parametrize("path", ["/", "/calls", "/transcript?name=a", "/recording?name=a"])
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"Authorization": aiohttp.encode_basic_auth("listener", "")},
        {"Authorization": aiohttp.encode_basic_auth("listener", PASSWORD + "1")},
        {"Authorization": "Basic ÿÿ"},
        {"Authorization": "Basic"},
    ],
    ids=["nothing", "no-password", "wrong-password", "no-base64", "half"],
)
async def test_nobody_else_gets_in(stage: Stage, path: str, given: dict[str, str]) -> None:
    """Names and voices are not for whoever finds the port; a browser is told to ask for the password."""
    async with aiohttp.request("GET", stage.backend.base_url + path, headers=given) as answer:
        assert 401 == answer.status
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert [] == list(stage.simulator.requests)


async def test_without_a_password_the_door_is_closed(kind: str, company: Company, tmp_path: Path) -> None:
    """What was forgotten lets nobody in, not even those who know it."""
    async with (
        AtsSimulator(company=company) as simulator,
        running(kind, simulator, tmp_path / "log", password="") as backend,
    ):
        for password in ("", PASSWORD):
            given = {"Authorization": aiohttp.encode_basic_auth("listener", password)}
            async with aiohttp.request("GET", f"{backend.base_url}/calls", headers=given) as answer:
                assert 401 == answer.status


async def test_no_other_way_in(stage: Stage) -> None:
    """Nothing is served but the page and what it asks for, and no file beside the page's."""
    for path in ("/docs", "/openapi.json", "/page/", "/page/%2e%2e/answers.py", "/page/..%2fanswers.py"):
        async with stage.client.get(path) as answer:
            assert answer.status in {401, 403, 404, 405}, path
