"""Operation 9 in part: what RFC 9110 asks of a service, which the contract does not promise."""

from email.utils import parsedate_to_datetime

import attrs
import pytest

from tele2ats_async.simulator import AtsSimulator
from tele2ats_async.simulator.calls import end_of
from tele2ats_async.simulator.pbx import Validators
from tele2ats_async.simulator.ranges import read_range

from .conftest import Ask, Clock, file_of, names_of, small_company

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-", 0, None),
        ("bytes=1000-", 1000, None),
        ("bytes=1000-1999", 1000, 2000),
        ("bytes=1000-99999999", 1000, None),
        ("bytes=-700", -700, None),
        ("bytes=-99999999", 0, None),
        ("bytes=0-0", 0, 1),
        ("Bytes= 5-9", 5, 10),
    ],
)
async def test_a_part_is_served(
    archive: AtsSimulator, ask: Ask, asked: str, first: int, last: int | None
) -> None:
    """A client that resumes gets exactly the bytes it lacks, and is told which."""
    name = names_of(archive)[0]
    whole = archive.recording(name)
    reply = await ask(archive, file_of(name), accept="*/*", headers={"Range": asked})

    part = whole[first:last]
    start = first % len(whole)
    assert (206, part) == (reply.status, reply.body)
    assert f"bytes {start}-{start + len(part) - 1}/{len(whole)}" == reply.headers["Content-Range"]
    assert ("audio/mpeg", str(len(part))) == (reply.headers["Content-Type"], reply.headers["Content-Length"])


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=0-1,5-9",
        "bytes=9-5",
        "bytes=-",
        "bytes=a-b",
        "bytes",
        "seconds=0-5",
        "",
        "bytes=9999999999999999999-",
    ],
)
async def test_a_range_without_sense_is_overlooked(archive: AtsSimulator, ask: Ask, asked: str) -> None:
    """Several ranges, another unit, or nonsense: the whole recording is a lawful answer."""
    name = names_of(archive)[0]
    reply = await ask(archive, file_of(name), accept="*/*", headers={"Range": asked})

    assert (200, archive.recording(name)) == (reply.status, reply.body)
    assert "Content-Range" not in reply.headers


@pytest.mark.parametrize("asked", ["bytes={size}-", "bytes={size}-{size}", "bytes=-0"])
async def test_a_part_beyond_the_end(archive: AtsSimulator, ask: Ask, asked: str) -> None:
    """Who asks beyond the end learns how long the recording is."""
    name = names_of(archive)[0]
    size = len(archive.recording(name))
    reply = await ask(archive, file_of(name), accept="*/*", headers={"Range": asked.format(size=size)})

    assert (416, f"bytes */{size}") == (reply.status, reply.headers["Content-Range"])
    assert "The range is not satisfiable" == reply.json["details"]


async def test_a_whole_recording_says_that_parts_can_be_had(archive: AtsSimulator, ask: Ask) -> None:
    """By default there is a strong ETag, the same each time, another one for another recording."""
    first, second = names_of(archive)[:2]
    replies = [await ask(archive, file_of(name), accept="*/*") for name in (first, first, second)]

    etags = [reply.headers["ETag"] for reply in replies]
    assert ["bytes"] * 3 == [reply.headers["Accept-Ranges"] for reply in replies]
    assert etags[0] == etags[1] != etags[2]
    assert etags[0].startswith('"')
    assert "Last-Modified" not in replies[0].headers


@pytest.mark.parametrize(("validators", "header"), [("etag", "ETag"), ("last-modified", "Last-Modified")])
async def test_if_range_with_the_validator_gets_the_part(
    ask: Ask, validators: Validators, header: str
) -> None:
    """The validator that was sent opens the part; anything else gets the whole."""
    async with AtsSimulator(company=small_company(), validators=validators) as simulator:
        target = file_of(names_of(simulator)[0])
        validator = (await ask(simulator, target, accept="*/*")).headers[header]
        others = [f"W/{validator}", '"another"', "Fri, 12 Aug 2022 00:00:00 GMT"]
        statuses = [
            (
                await ask(simulator, target, accept="*/*", headers={"Range": "bytes=5-", "If-Range": text})
            ).status
            for text in (validator, *others)
        ]

    assert [206, 200, 200, 200] == statuses


async def test_if_range_comes_before_the_range(archive: AtsSimulator, ask: Ask) -> None:
    """Where the recording is another one, a part beyond its end is no error: the whole is the answer."""
    name = names_of(archive)[0]
    headers = {"Range": "bytes=99999999-", "If-Range": '"another"'}
    reply = await ask(archive, file_of(name), accept="*/*", headers=headers)

    assert (200, archive.recording(name)) == (reply.status, reply.body)


async def test_last_modified_is_the_end_of_the_call(ask: Ask) -> None:
    """Both dates come from the clock that dates the calls, so that a client can compare them."""
    clock = Clock()
    async with AtsSimulator(company=small_company(), clock=clock, validators="last-modified") as simulator:
        record = simulator.company.records[0]
        reply = await ask(simulator, file_of(record.record_file_name or ""), accept="*/*")

    assert "ETag" not in reply.headers
    ended_at = end_of(record).replace(microsecond=0)
    assert ended_at == parsedate_to_datetime(reply.headers["Last-Modified"])
    assert clock.now == parsedate_to_datetime(reply.headers["Date"]).timestamp()


async def test_no_validators(ask: Ask) -> None:
    """A service without them serves parts, and knows no If-Range."""
    async with AtsSimulator(company=small_company(), validators="none") as simulator:
        target = file_of(names_of(simulator)[0])
        plain = await ask(simulator, target, accept="*/*", headers={"Range": "bytes=5-"})
        conditional = await ask(
            simulator, target, accept="*/*", headers={"Range": "bytes=5-", "If-Range": '"x"'}
        )

    assert not {"ETag", "Last-Modified"} & set(plain.headers)
    assert (206, 200) == (plain.status, conditional.status)


async def test_no_ranges(ask: Ask) -> None:
    """The contract alone: every answer is the whole recording, also beyond its end."""
    async with AtsSimulator(company=small_company(), ranges=False) as simulator:
        name = names_of(simulator)[0]
        replies = [
            await ask(simulator, file_of(name), accept="*/*", headers={"Range": asked})
            for asked in ("bytes=5-", "bytes=99999999-")
        ]

    assert [(200, simulator.recording(name))] * 2 == [(reply.status, reply.body) for reply in replies]
    assert "Accept-Ranges" not in replies[0].headers


async def test_validators_are_checked() -> None:
    """A typing error must not make a test pass for the wrong reason."""
    settings = {"validators": "e-tag"}
    with pytest.raises(ValueError, match="validators"):
        AtsSimulator(**settings)  # type: ignore[arg-type]  # what is tested


@attrs.frozen
class _Case:
    text: str | None
    places: range | None


@pytest.mark.parametrize(
    "case",
    [
        _Case(None, None),
        _Case("bytes=0-4", range(5)),
        _Case("bytes=3-", range(3, 10)),
        _Case("bytes=9-9", range(9, 10)),
        _Case("bytes=-3", range(7, 10)),
        _Case("bytes=12-11", None),
    ],
)
async def test_reading_a_range(case: _Case) -> None:
    """Ten bytes, counted by hand."""
    assert case.places == read_range(case.text, 10)
