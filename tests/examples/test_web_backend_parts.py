"""Recordings through the example's backends, whole and in parts, as players ask for them."""

import pytest

from tele2ats_async.simulator import faults

from .conftest import Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

# What is asked for, and the places of the bytes that come: n from the end where they are negative.
PARTS = {
    "bytes=0-": (0, None),
    "bytes=0-0": (0, 1),
    "bytes=1-": (1, None),
    "bytes=100-199": (100, 200),
    "bytes=100-99999999": (100, None),
    "BYTES= 100-199 ": (100, 200),
    "bytes=-1": (-1, None),
    "bytes=-500": (-500, None),
    "bytes=-99999999": (0, None),
}
SENSELESS = ["bytes=9-5", "bytes=0-1,4-5", "bytes=-", "bytes=a-b", "seconds=1-2", "bytes=１-２", "1-2"]


async def ask(
    stage: Stage, name: str, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Ask for a recording; what comes is as long as was said."""
    spelled = {key.replace("_", "-"): value for key, value in headers.items()}
    async with stage.client.request(method, "/recording", params={"name": name}, headers=spelled) as answer:
        body = await answer.read()
        assert "no-store" == answer.headers["Cache-Control"]
        return answer.status, dict(answer.headers), body


async def test_the_whole(stage: Stage) -> None:
    """Who asks for nothing else gets the recording, and is told that parts can be had."""
    status, headers, body = await ask(stage, stage.names[0])

    assert stage.simulator.recording(stage.names[0]) == body
    assert (200, "audio/mpeg", "bytes") == (status, headers["Content-Type"], headers["Accept-Ranges"])
    assert str(len(body)) == headers["Content-Length"]


@pytest.mark.parametrize("serves_parts", [True, False], ids=["ranges", "no-ranges"])
@pytest.mark.parametrize("part", PARTS)
async def test_a_part(stage: Stage, part: str, *, serves_parts: bool) -> None:
    """Byte for byte what was asked for, labelled so, whether the service serves parts or not."""
    whole = stage.simulator.recording(stage.names[1])
    first, end, _ = slice(*PARTS[part]).indices(len(whole))
    injection = None if serves_parts else stage.simulator.inject(faults.IgnoreRange())
    status, headers, body = await ask(stage, stage.names[1], Range=part)
    if injection is not None:
        injection.remove()

    assert (206, whole[first:end]) == (status, body)
    assert f"bytes {first}-{end - 1}/{len(whole)}" == headers["Content-Range"]
    assert str(end - first) == headers["Content-Length"]


async def test_what_lies_before_a_part_is_not_asked_for(stage: Stage) -> None:
    """Seeking in a long recording costs what is heard of it, and one request."""
    await ask(stage, stage.names[1], Range="bytes=1000-1999")

    assert ["bytes=1000-"] == [request.headers.get("Range") for request in stage.simulator.requests]


@pytest.mark.parametrize("method", ["size", "behind", "none-of-the-end"])
async def test_behind_the_end(stage: Stage, method: str) -> None:
    """416, with the size, so that a player can ask again for what there is."""
    size = len(stage.simulator.recording(stage.names[1]))
    part = {"size": f"bytes={size}-", "behind": f"bytes={10**17}-", "none-of-the-end": "bytes=-0"}[method]
    status, headers, body = await ask(stage, stage.names[1], Range=part)

    assert (416, b"", f"bytes */{size}") == (status, body, headers["Content-Range"])


@pytest.mark.parametrize("part", SENSELESS)
async def test_what_makes_no_sense_is_overlooked(stage: Stage, part: str) -> None:
    """RFC 9110 lets a server answer with the whole."""
    status, headers, body = await ask(stage, stage.names[1], Range=part)

    assert (200, stage.simulator.recording(stage.names[1])) == (status, body)
    assert "Content-Range" not in headers


async def test_a_part_of_a_version_that_nobody_named(stage: Stage) -> None:
    """A player that has a part of something else must not put ours behind it."""
    status, _, body = await ask(stage, stage.names[1], Range="bytes=5-", If_Range='"other"')

    assert (200, stage.simulator.recording(stage.names[1])) == (status, body)


async def test_head(stage: Stage) -> None:
    """What the whole would be, without it; RFC 9110 knows no parts there."""
    size = len(stage.simulator.recording(stage.names[1]))
    for headers in ({}, {"Range": "bytes=5-9"}):
        status, told, body = await ask(stage, stage.names[1], "HEAD", **headers)

        assert (200, b"", str(size)) == (status, body, told["Content-Length"])
        assert ("bytes", "audio/mpeg") == (told["Accept-Ranges"], told["Content-Type"])


async def test_no_part_can_be_named_of_what_has_no_size(stage: Stage) -> None:
    """Compressed on its way, a recording does not tell its size: the whole comes, and not a wrong label."""
    injection = stage.simulator.inject(faults.GzipAnyway(), operations=[9])
    for part in ("bytes=5-9", "bytes=-5", "bytes=0-"):
        status, headers, body = await ask(stage, stage.names[1], Range=part)

        assert (200, stage.simulator.recording(stage.names[1])) == (status, body)
        assert set() == {"Content-Length", "Content-Range"} & headers.keys()
    injection.remove()
