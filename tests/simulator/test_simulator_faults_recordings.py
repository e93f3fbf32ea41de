"""Faults of recordings: not there yet, another one meanwhile, or no longer for this token."""

import aiohttp
import pytest

from tele2ats_async.simulator import AtsSimulator, faults
from tele2ats_async.simulator.pbx import Validators

from .conftest import Ask, Clock, file_of, names_of, small_company

pytestmark = pytest.mark.asyncio


async def _fetch(ask: Ask, simulator: AtsSimulator, name: str) -> int:
    status: int = (await ask(simulator, file_of(name), accept="*/*")).status
    return status


async def _fetch_words(ask: Ask, simulator: AtsSimulator, name: str) -> int:
    status: int = (await ask(simulator, file_of(name).replace("file?", "file/stt?"))).status
    return status


async def test_not_ready_for_some_seconds(ask: Ask) -> None:
    """Section 3: from when it is first asked for, by the clock that the test sets."""
    clock = Clock()
    async with AtsSimulator(company=small_company(), clock=clock) as simulator:
        first, second = names_of(simulator)[:2]
        injection = simulator.inject(faults.NotReadyYet(seconds=60))
        statuses = [await _fetch(ask, simulator, first)]
        clock.now += 59
        statuses += [await _fetch(ask, simulator, first), await _fetch_words(ask, simulator, first)]
        clock.now += 1
        statuses += [await _fetch(ask, simulator, first), await _fetch_words(ask, simulator, first)]
        statuses += [await _fetch(ask, simulator, second)]

    assert [404, 404, 404, 200, 200, 404] == statuses
    assert 4 == injection.count
    assert 4 == [seen.fault for seen in simulator.requests].count("NotReadyYet")


async def test_not_ready_says_so_as_the_service_does(archive: AtsSimulator, ask: Ask) -> None:
    """The error body is the one of a recording that really is not ready."""
    archive.inject(faults.NotReadyYet(times=1))
    reply = await ask(archive, file_of(names_of(archive)[0]), accept="*/*")

    assert (404, "The file is not ready yet") == (reply.status, reply.json["details"])


async def test_not_ready_for_some_times(archive: AtsSimulator, ask: Ask) -> None:
    """Each recording is put off as often as it is said, and no oftener."""
    archive.inject(faults.NotReadyYet(times=2))
    first, second = names_of(archive)[:2]

    assert [404, 404, 404, 200, 404, 200] == [
        await _fetch(ask, archive, name) for name in (first, second, first, first, second, second)
    ]


async def test_dice_are_thrown_once_for_a_recording(archive: AtsSimulator, ask: Ask) -> None:
    """A recording that is there stays there, however often it is asked for."""
    archive.inject(faults.NotReadyYet(seconds=3600), rate=0.5)
    rounds = [[await _fetch(ask, archive, name) for name in names_of(archive)[:20]] for _ in range(3)]

    assert {200, 404} == set(rounds[0])
    assert rounds[0] == rounds[1] == rounds[2]


async def test_numbers_are_those_of_recordings(archive: AtsSimulator, ask: Ask) -> None:
    """The second recording that is asked for, not the second request."""
    archive.inject(faults.NotReadyYet(times=1), requests=[2])
    first, second = names_of(archive)[:2]

    assert [200, 200, 404, 200] == [
        await _fetch(ask, archive, name) for name in (first, first, second, second)
    ]


@pytest.mark.parametrize(("validators", "header"), [("etag", "ETag"), ("last-modified", "Last-Modified")])
async def test_a_recording_changes(ask: Ask, validators: Validators, header: str) -> None:
    """Who goes on where the cut was, without looking, has half of each."""
    async with AtsSimulator(company=small_company(), validators=validators) as simulator:
        name, other = names_of(simulator)[:2]
        old, old_words = simulator.recording(name), simulator.transcript(name)
        other_bytes = simulator.recording(other)
        old_validator = (await ask(simulator, file_of(name), accept="*/*")).headers[header]
        simulator.inject(faults.ChangeRecording(), requests=[1])
        with pytest.raises(aiohttp.ClientPayloadError):
            await ask(simulator, file_of(name), accept="*/*")
        reply = await ask(simulator, file_of(name), accept="*/*")
        resumed = await ask(
            simulator,
            file_of(name),
            accept="*/*",
            headers={"Range": "bytes=5-", "If-Range": old_validator},
        )

    new = simulator.recording(name)
    assert new == reply.body == resumed.body
    assert 200 == resumed.status
    assert old_validator != reply.headers[header]
    assert len(old) < len(new)
    assert old[len(old) // 2 :] != new[len(old) // 2 : len(old)]
    assert other_bytes == simulator.recording(other)
    assert old_words != simulator.transcript(name)


async def test_a_changed_recording_is_valid_audio(archive: AtsSimulator, ask: Ask) -> None:
    """It is an MP3 file like any other, a second longer, and changes again at the next hit."""
    name = names_of(archive)[0]
    versions = [archive.recording(name)]
    archive.inject(faults.ChangeRecording())
    for _ in range(2):
        with pytest.raises(aiohttp.ClientPayloadError):
            await ask(archive, file_of(name), accept="*/*")
        versions.append(archive.recording(name))

    assert 3 == len(set(versions))
    durations_s: list[float] = []
    for version in versions:
        tag = 10 + (version[8] << 7 | version[9])
        frames = version[tag:]
        assert b"ID3" == version[:3]
        assert 0 == len(frames) % 144
        assert {b"\xff\xf3"} == {frames[start : start + 2] for start in range(0, len(frames), 144)}
        durations_s.append(len(frames) / 4000)
    talked_s = archive.company.records[0].conversation_duration or 0
    assert pytest.approx([talked_s, talked_s + 1, talked_s + 2], abs=0.05) == durations_s


async def test_a_token_expires_in_mid_body(archive: AtsSimulator, ask: Ask) -> None:
    """The download is cut, and the token it was begun with opens nothing any more."""
    injection = archive.inject(faults.ExpireToken(), requests=[1])
    target = file_of(names_of(archive)[0])
    with pytest.raises(aiohttp.ClientPayloadError):
        await ask(archive, target, accept="*/*")
    refused = await ask(archive, target, accept="*/*")
    archive.regenerate_tokens()
    reply = await ask(archive, target, accept="*/*")

    assert (403, "The token is expired") == (refused.status, refused.json["details"])
    assert (200, 1) == (reply.status, injection.count)
