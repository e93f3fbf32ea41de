"""Operations 16 to 19: the blacklist."""

from typing import Any

import pytest

from tele2ats_async.simulator import AtsSimulator

from .conftest import Ask, Reply

pytestmark = pytest.mark.asyncio

NUMBER = "79998887766"


async def _add(ask: Ask, simulator: AtsSimulator, number: str) -> Reply:
    return await ask(simulator, "/blacklist", method="POST", body=number.encode(), content_type="html/text")


async def _list(ask: Ask, simulator: AtsSimulator) -> Any:
    return (await ask(simulator, "/blacklist")).json


async def test_list_at_the_start(simulator: AtsSimulator, ask: Ask) -> None:
    """Operation 19: what a file brought; numbers as integers and as texts, as the manual has both."""
    assert [
        {"id": 10_622, "number": 79023581212, "sourceType": "FILE"},
        {"id": 10_623, "number": "74957770001", "sourceType": "FILE"},
        {"id": 10_624, "number": 79585550199, "sourceType": "FILE"},
    ] == await _list(ask, simulator)


async def test_number_is_added_once(simulator: AtsSimulator, ask: Ask) -> None:
    """Operation 16: SUCCESS, then DUPLICATE_BLACK_LIST_NUMBER, also for one from the file."""
    first = await _add(ask, simulator, NUMBER)
    second = await _add(ask, simulator, NUMBER)
    from_file = await _add(ask, simulator, "79023581212")
    entries = await _list(ask, simulator)

    assert (200, b"SUCCESS") == (first.status, first.body)
    assert (200, b"DUPLICATE_BLACK_LIST_NUMBER") == (second.status, second.body)
    assert b"DUPLICATE_BLACK_LIST_NUMBER" == from_file.body
    assert {"id": 10_625, "number": NUMBER, "sourceType": "MANUAL"} == entries[-1]
    assert 4 == len(entries)


async def test_leading_zeros_survive(simulator: AtsSimulator, ask: Ask) -> None:
    """Operation 19: as an integer it would be another number."""
    for number in ("007", "008"):
        await _add(ask, simulator, number)

    assert ["007", "008"] == [entry["number"] for entry in (await _list(ask, simulator))[-2:]]


async def test_number_is_removed(simulator: AtsSimulator, ask: Ask) -> None:
    """Operation 17: SUCCESS whether it was there or not; no id is given twice."""
    target = "/blacklist/by-msisdn/79585550199"
    replies = [await ask(simulator, target, method="DELETE") for _ in range(2)]
    added = await _add(ask, simulator, "79585550199")
    entries = await _list(ask, simulator)

    assert [(200, b"SUCCESS")] * 2 == [(reply.status, reply.body) for reply in replies]
    assert b"SUCCESS" == added.body
    assert [10_622, 10_623, 10_625] == [entry["id"] for entry in entries]


async def test_list_is_cleared(simulator: AtsSimulator, ask: Ask) -> None:
    """Operation 18: everything goes, also what a file brought."""
    replies = [await ask(simulator, "/blacklist/all", method="DELETE") for _ in range(2)]

    assert [(200, b"SUCCESS")] * 2 == [(reply.status, reply.body) for reply in replies]
    assert b"[]" == (await ask(simulator, "/blacklist")).body


@pytest.mark.parametrize(
    "content_type", [None, "application/json", "text/html", "text/plain", "html/text; charset=utf-8"]
)
async def test_content_type_is_the_odd_one(
    simulator: AtsSimulator, ask: Ask, content_type: str | None
) -> None:
    """Operation 16: `html/text` (sic) to the letter, else 415 with the error body."""
    reply = await ask(simulator, "/blacklist", method="POST", body=NUMBER.encode(), content_type=content_type)

    assert (415, "Content-Type must be html/text") == (reply.status, reply.json["details"])
    assert 3 == len(await _list(ask, simulator))


@pytest.mark.parametrize(
    "text", ['"79998887766"', "", "+79998887766", "79998887766\n", "7 999 888 77 66", "٧٩٩٩", "1" * 16]
)
async def test_body_is_bare_digits(simulator: AtsSimulator, ask: Ask, text: str) -> None:
    """Operation 16: no quotes, no signs, no line end."""
    reply = await _add(ask, simulator, text)

    assert (400, "The body must be a bare number") == (reply.status, reply.json["details"])
    assert 3 == len(await _list(ask, simulator))


@pytest.mark.parametrize("msisdn", ["x", "%2B79585550199", "7958555019%20", "1234567890123456"])
async def test_path_is_bare_digits(simulator: AtsSimulator, ask: Ask, msisdn: str) -> None:
    """Operation 17: digits and nothing else."""
    reply = await ask(simulator, f"/blacklist/by-msisdn/{msisdn}", method="DELETE")

    assert (400, "Path variable 'msisdn' must consist of digits") == (reply.status, reply.json["details"])


async def test_results_as_json_strings(ask: Ask) -> None:
    """Section 4, note: the words of operations 16 to 18 arrive in quotes from some."""
    async with AtsSimulator(seed=7, quoted_results=True) as simulator:
        replies = [
            await _add(ask, simulator, NUMBER),
            await _add(ask, simulator, NUMBER),
            await ask(simulator, f"/blacklist/by-msisdn/{NUMBER}", method="DELETE"),
            await ask(simulator, "/blacklist/all", method="DELETE"),
        ]

    assert [b'"SUCCESS"', b'"DUPLICATE_BLACK_LIST_NUMBER"', b'"SUCCESS"', b'"SUCCESS"'] == [
        reply.body for reply in replies
    ]
