"""What an observer is told, with the one that the documentation shows."""

import re
import textwrap
from pathlib import Path
from typing import Any

import orjson
import pytest
from everything import session_of
from raw_service import PAIR

from tele2ats_async import AtsSession, Observation
from tele2ats_async.simulator import AtsSimulator, faults

pytestmark = pytest.mark.asyncio

PAGE = Path(__file__).parent.parent / "docs" / "observability.rst"


def _documented() -> Any:
    """Make the observer of the documentation, as it stands there."""
    found = re.search(r"\n    class Counting:.*", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    room: dict[str, Any] = {}
    exec(textwrap.dedent(found[0]), room)  # our own page
    return room["Counting"]()


async def test_the_documented_observer(simulator: AtsSimulator, names: list[str], tmp_path: Path) -> None:
    """Retries, refreshes and bytes, each once, over recordings that break off and a token that dies."""
    simulator.inject(faults.CutBody(), requests={2, 5}, operations={9})
    observer = _documented()
    async with session_of(simulator, observer=observer) as ats:
        await ats.recordings.save(names[0], tmp_path)
        simulator.expire_access_token()
        outcomes = ats.recordings.save_many(names, tmp_path)
        assert [None] * len(names) == [outcome.error async for outcome in outcomes]

    assert (2, 1) == (observer.retries, observer.refreshes) == (2, simulator.refresh_count)
    access, refresh = simulator.tokens
    refreshed_bytes = len(orjson.dumps({"accessToken": access, "refreshToken": refresh}))
    recorded_bytes = sum(len(simulator.recording(name)) for name in names)
    assert recorded_bytes + refreshed_bytes == observer.received_bytes


async def test_each_observation_ends_once(simulator: AtsSimulator, names: list[str], tmp_path: Path) -> None:
    """Whatever comes between: answers that are refused, not what they should be, left by two, or read by nobody."""
    simulator.inject(faults.HtmlPage(), requests={1, 3}, operations={9, 10})
    simulator.inject(faults.WrongLength(), requests={2}, operations={9})
    begun: list[list[str]] = []

    class Watch(list[str]):
        """One observation."""

        def answered(self, status: int, /) -> None:  # noqa: ARG002  # of `Observation`
            self.append("answered")

        def ended(self, *_: object, at_s: float | None = None) -> None:  # noqa: ARG002  # as above
            self.append("ended")

    class Watching:
        """The observer."""

        def begin(self, *_: object, at_s: float | None = None) -> Observation:  # noqa: ARG002  # as above
            begun.append(watch := Watch())
            return watch

        def retrying(self, operation: str, error: type[Exception], /) -> None:
            """Count nothing."""

        def refreshed(self) -> None:
            """Count nothing."""

    async with session_of(simulator, observer=Watching()) as ats:
        outcomes = ats.recordings.save_many([*names[:9], "2022-08-12/mo_1"], tmp_path, transcripts=True)
        assert any([outcome.error async for outcome in outcomes])
        async with ats.recordings.open(names[9]):
            pass

    assert len(simulator.requests) == len(begun)
    assert {("answered", "ended")} == {tuple(watch) for watch in begun}


async def test_an_observer_is_asked_for_by_kind() -> None:
    """What is none is refused at once, and not when the first request is sent."""
    with pytest.raises(TypeError, match="observer: expected an Observer, got object"):
        AtsSession(PAIR, observer=object())  # type: ignore[arg-type]  # which is tested
