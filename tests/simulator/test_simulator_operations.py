"""What all operations of section 4 have in common."""

import pytest

from tele2ats_async.simulator import AtsSimulator

from .conftest import Ask

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize(
    ("number", "method", "target", "status"),
    [
        (1, "PUT", "/authorization/refresh/token", 403),
        (2, "GET", "/monitoring/calls", 200),
        (3, "GET", "/monitoring/calls/pending", 200),
        (4, "GET", "/employees", 200),
        (5, "POST", "/call/outgoing", 400),
        (6, "GET", "/statistics/common", 400),
        (7, "GET", "/statistics/journal", 400),
        (8, "GET", "/call-records/info", 400),
        (9, "GET", "/call-records/file", 406),
        (10, "GET", "/call-records/file/stt", 400),
        (11, "GET", "/managers", 200),
        (12, "GET", "/managers/26", 200),
        (13, "POST", "/managers", 415),
        (14, "PUT", "/managers", 415),
        (15, "DELETE", "/managers/26", 200),
        (16, "POST", "/blacklist", 415),
        (17, "DELETE", "/blacklist/by-msisdn/79998887766", 200),
        (18, "DELETE", "/blacklist/all", 200),
        (19, "GET", "/blacklist", 200),
    ],
)
async def test_all_operations_are_served(
    simulator: AtsSimulator, ask: Ask, number: int, method: str, target: str, status: int
) -> None:
    """Section 4: all nineteen by method and path; without a token none of them does anything."""
    without_token = await ask(simulator, target, method=method, token=None)
    reply = await ask(simulator, target, method=method)

    assert without_token.status == (406 if number == 9 else 403)
    assert status == reply.status
    assert [number, number] == [seen.operation for seen in simulator.requests]


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/monitoring/calls"),
        ("GET", "/monitoring/calls/pending"),
        ("GET", "/employees"),
        ("GET", "/managers"),
        ("GET", "/managers/26"),
        ("DELETE", "/managers/26"),
        ("DELETE", "/blacklist/all"),
        ("DELETE", "/blacklist/by-msisdn/79998887766"),
        ("GET", "/blacklist"),
    ],
)
async def test_operations_without_a_query(
    simulator: AtsSimulator, ask: Ask, method: str, target: str
) -> None:
    """Section 4: a parameter that the contract does not name is refused, and nothing is done."""
    reply = await ask(simulator, f"{target}?force=true", method=method)

    assert (400, "Unknown parameter 'force'") == (reply.status, reply.json["details"])
    assert 200 == (await ask(simulator, "/managers/26")).status


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("POST", "/call/outgoing?destination=79990000000&source=0001"),
        ("DELETE", "/managers/26"),
        ("DELETE", "/blacklist/all"),
        ("DELETE", "/blacklist/by-msisdn/79998887766"),
    ],
)
async def test_operations_without_a_body(simulator: AtsSimulator, ask: Ask, method: str, target: str) -> None:
    """Section 4: these say all they have to say in their target."""
    reply = await ask(simulator, target, method=method, body=b"{}", content_type="application/json")

    assert (400, "The body must be empty") == (reply.status, reply.json["details"])


@pytest.mark.parametrize(
    ("method", "target", "content_type"),
    [("POST", "/managers", "application/json"), ("POST", "/blacklist", "html/text")],
)
async def test_bodies_are_limited(
    simulator: AtsSimulator, ask: Ask, method: str, target: str, content_type: str
) -> None:
    """No caller can fill the memory; the refusal has the error body of section 3."""
    body = b"7" * 65_537
    reply = await ask(simulator, target, method=method, body=body, content_type=content_type)

    assert (413, "The body is larger than 65536 bytes") == (reply.status, reply.json["details"])
