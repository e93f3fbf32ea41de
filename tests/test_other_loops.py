"""Loops that are not asyncio's own: the same bytes, errors and connections."""

from pathlib import Path

import pytest
from raw_service import ONCE, PAIR, RawService, Say, answer, in_turn, make_tls

from tele2ats_async import AtsSession, NotReady, Truncated
from tele2ats_async.transport.connection import DirectConnection
from tele2ats_async.transport.room import Room

uvloop = pytest.importorskip("uvloop", reason="there is none for Windows")

SOUND = b"\xff\xfb\x90\x00" + bytes(413) * 50
LONG = b"ID3." + bytes(range(251)) * 7000  # more than three rooms, and no two places alike
AUDIO, LONG_AUDIO = answer(SOUND, kind="audio/mpeg"), answer(LONG, kind="audio/mpeg")
MISSING = answer(b'{"details": "no"}', "404 Not Found")
SURPLUS = Say(AUDIO.what + b"surplus")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_uvloop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    """It has its own transports and its own TLS, which change the protocol of a connection in their own way."""
    server_tls, client_tls = make_tls("127.0.0.1")
    asked = 0
    ask = DirectConnection.ask

    async def count(connection: DirectConnection, request: bytes, room: Room, head_by: float | None) -> None:
        nonlocal asked
        asked += 1
        await ask(connection, request, room, head_by)

    async def scenario() -> None:
        script = in_turn(AUDIO, AUDIO, LONG_AUDIO, MISSING, AUDIO, SURPLUS, LONG_AUDIO)
        async with RawService(script, tls=server_tls if scheme == "https" else None) as service:
            url = service.base_url.replace("http:", f"{scheme}:")
            async with AtsSession(PAIR, base_url=url, retry=ONCE, ssl=client_tls) as ats:

                async def save(name: str) -> bytes:
                    return (await ats.recordings.save(name, tmp_path)).read_bytes()

                assert [SOUND, SOUND, LONG] == [await save(name) for name in ("one", "two", "three")]
                with pytest.raises(NotReady):
                    await save("four")
                assert SOUND == await save("four")
                assert 1 == service.connections
                with pytest.raises(Truncated):
                    await save("five")
                assert LONG == await save("five")
                assert 2 == service.connections

    monkeypatch.setattr(DirectConnection, "ask", count)
    uvloop.run(scenario())
    assert 6 == asked
