"""Faults of partial answers: what a client that resumes must not believe."""

import pytest

from tele2ats_async.simulator import AtsSimulator, faults
from tele2ats_async.simulator.faults.ranges import WrongRangeKind

from .conftest import Ask, Reply, file_of, names_of

pytestmark = pytest.mark.asyncio


async def _resume(ask: Ask, simulator: AtsSimulator, asked: str = "bytes=1000-") -> tuple[bytes, Reply]:
    name = names_of(simulator)[0]
    reply = await ask(simulator, file_of(name), accept="*/*", headers={"Range": asked})
    return simulator.recording(name), reply


@pytest.mark.parametrize("asked", ["bytes=1000-", "bytes=99999999-", "bytes=-5"])
async def test_ignored_range(archive: AtsSimulator, ask: Ask, asked: str) -> None:
    """The whole comes with status 200, also where the part would lie beyond the end."""
    archive.inject(faults.IgnoreRange())
    whole, reply = await _resume(ask, archive, asked)

    assert (200, whole) == (reply.status, reply.body)
    assert "Content-Range" not in reply.headers


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("other-offset", "bytes 500-{last}/{size}"),
        ("no-content-range", None),
        ("other-total", "bytes 1000-{last}/{other}"),
        ("other-unit", "seconds 1000-{last}/{size}"),
        ("garbage", "bytes, most of them"),
    ],
)
async def test_wrong_ranges(archive: AtsSimulator, ask: Ask, kind: WrongRangeKind, said: str | None) -> None:
    """Bytes of another place, with a good word, a bad one, or none."""
    archive.inject(faults.WrongRange(kind=kind))
    whole, reply = await _resume(ask, archive)

    size = len(whole)
    expected = said and said.format(last=size - 1, size=size, other=size + 1000)
    assert (206, expected) == (reply.status, reply.headers.get("Content-Range"))
    assert whole[500:] == reply.body


async def test_a_wrong_range_from_the_beginning(archive: AtsSimulator, ask: Ask) -> None:
    """Also who asks for all of it as a range gets something else."""
    archive.inject(faults.WrongRange())
    whole, reply = await _resume(ask, archive, "bytes=0-")

    assert whole[len(whole) // 2 :] == reply.body


async def test_unsatisfiable(archive: AtsSimulator, ask: Ask) -> None:
    """A good range is refused like one beyond the end."""
    archive.inject(faults.WrongRange(kind="unsatisfiable"))
    whole, reply = await _resume(ask, archive)

    assert (416, f"bytes */{len(whole)}") == (reply.status, reply.headers["Content-Range"])


async def test_unasked_part(archive: AtsSimulator, ask: Ask) -> None:
    """A part for who wanted all, honestly labelled; who asks for a part is spared."""
    injection = archive.inject(faults.WrongRange(kind="unasked"))
    name = names_of(archive)[0]
    whole = archive.recording(name)
    half = len(whole) // 2
    reply = await ask(archive, file_of(name), accept="*/*")
    _, resumed = await _resume(ask, archive)

    assert (206, f"bytes 0-{half - 1}/{len(whole)}") == (reply.status, reply.headers["Content-Range"])
    assert whole[:half] == reply.body
    assert (206, whole[1000:]) == (resumed.status, resumed.body)
    assert 1 == injection.count


@pytest.mark.parametrize(
    "fault",
    [faults.IgnoreRange()]
    + [
        fault
        for fault in faults.ALL_KINDS
        if isinstance(fault, faults.WrongRange) and fault.kind != "unasked"
    ],
    ids=repr,
)
async def test_who_asks_for_all_is_spared(archive: AtsSimulator, ask: Ask, fault: faults.Fault) -> None:
    """Requests without a range, or with one that is overlooked anyway, are not for these faults."""
    injection = archive.inject(fault)
    name = names_of(archive)[0]
    plain = await ask(archive, file_of(name), accept="*/*")
    _, several = await _resume(ask, archive, "bytes=0-1,5-9")
    missing = await ask(archive, file_of("x"), accept="*/*", headers={"Range": "bytes=1-"})

    assert [(200, archive.recording(name))] * 2 == [
        (plain.status, plain.body),
        (several.status, several.body),
    ]
    assert (404, 0) == (missing.status, injection.count)
