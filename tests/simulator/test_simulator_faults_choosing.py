"""Which requests a fault hits, and what is known of them afterwards."""

import inspect
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tele2ats_async.simulator import AtsSimulator, faults

from .conftest import Ask, file_of, names_of

pytestmark = pytest.mark.asyncio

REFRESH = "/authorization/refresh/token"


async def _statuses(ask: Ask, simulator: AtsSimulator, times: int, target: str = "/managers") -> list[int]:
    return [(await ask(simulator, target)).status for _ in range(times)]


async def test_all_requests_are_hit_until_it_is_removed(simulator: AtsSimulator, ask: Ask) -> None:
    """A fault is switched on and off while the simulator runs, and counts what it has hit."""
    before = await _statuses(ask, simulator, 1)
    injection = simulator.inject(faults.ServerErrors())
    during = await _statuses(ask, simulator, 3)
    injection.remove()
    injection.remove()
    after = await _statuses(ask, simulator, 1)

    assert ([200], [500, 500, 500], [200]) == (before, during, after)
    assert 3 == injection.count


async def test_requests_are_hit_by_number(simulator: AtsSimulator, ask: Ask) -> None:
    """Numbers begin with 1, and count from the injection on, only requests that the fault is for."""
    await _statuses(ask, simulator, 2)
    injection = simulator.inject(faults.ServerErrors(), requests=[1, 4], operations=[11])
    statuses = []
    for _ in range(5):
        statuses += await _statuses(ask, simulator, 1)
        assert [200] == await _statuses(ask, simulator, 1, "/blacklist")

    assert [500, 200, 200, 500, 200] == statuses
    assert (2, frozenset({11})) == (injection.count, injection.operations)


async def _draw(ask: Ask, *, seed: int, place: int = 1, own_seed: int | None = None) -> list[int]:
    async with AtsSimulator(seed=seed) as simulator:
        for _ in range(place - 1):
            simulator.inject(faults.Refuse()).remove()
        simulator.inject(faults.ServerErrors(), rate=0.3, seed=own_seed)
        return await _statuses(ask, simulator, 60)


async def test_same_seed_same_dice(ask: Ask) -> None:
    """A test that has failed once fails again: dice come from seeds, and nothing else."""
    first = await _draw(ask, seed=1)

    assert 5 < first.count(500) < 35
    assert first == await _draw(ask, seed=1)
    assert first != await _draw(ask, seed=2)
    assert first != await _draw(ask, seed=1, place=2)


async def test_a_seed_of_its_own(ask: Ask) -> None:
    """The dice of one injection can be held still whatever is around it."""
    assert await _draw(ask, seed=1, own_seed=3) == await _draw(ask, seed=2, place=2, own_seed=3)


@pytest.mark.parametrize(("rate", "hits"), [(0, 0), (1, 20)])
async def test_rates_at_their_ends(simulator: AtsSimulator, ask: Ask, rate: float, hits: int) -> None:
    """Never is never, always is always."""
    injection = simulator.inject(faults.ServerErrors(), rate=rate)

    assert hits == (await _statuses(ask, simulator, 20)).count(500)
    assert hits == injection.count


async def test_dice_do_not_depend_on_other_faults(ask: Ask) -> None:
    """Another injection takes requests away, and changes nothing of which ones are chosen."""
    alone = await _draw(ask, seed=1, own_seed=3)
    async with AtsSimulator(seed=1) as simulator:
        simulator.inject(faults.RefuseByGateway(), requests=range(1, 60, 2))
        simulator.inject(faults.ServerErrors(), rate=0.3, seed=3)
        together = await _statuses(ask, simulator, 60)

    assert alone[1::2] == together[1::2]
    assert {406} == set(together[::2])


async def test_the_first_injected_wins(simulator: AtsSimulator, ask: Ask) -> None:
    """A request is hit by one fault, and counted by one."""
    first = simulator.inject(faults.ServerErrors(status=502), requests=[1])
    second = simulator.inject(faults.ServerErrors(status=504), requests=[1, 2])

    assert [502, 504, 200] == await _statuses(ask, simulator, 3)
    assert (1, 1) == (first.count, second.count)


async def test_request_faults_come_before_answer_faults(archive: AtsSimulator, ask: Ask) -> None:
    """What has no good answer has none to spoil, and does not count among the answers."""
    spoiled = archive.inject(faults.WrongRange(kind="unasked"), requests=[1])
    failing = archive.inject(faults.ServerErrors(), requests=[1])
    target = file_of(names_of(archive)[0])

    assert [500, 206, 200] == [(await ask(archive, target, accept="*/*")).status for _ in range(3)]
    assert (1, 1) == (failing.count, spoiled.count)


async def test_a_refused_request_is_no_answer_to_spoil(archive: AtsSimulator, ask: Ask) -> None:
    """The first recording that is served is hit, not the 404 or the 403 before it."""
    injection = archive.inject(faults.WrongRange(kind="unasked"), requests=[1])
    target = file_of(names_of(archive)[0])
    replies = [
        await ask(archive, file_of("2022-08-12/mo_1"), accept="*/*"),
        await ask(archive, target, accept="*/*", token="x"),
        await ask(archive, target, accept="*/*"),
    ]

    assert [404, 403, 206] == [reply.status for reply in replies]
    assert 1 == injection.count


async def test_the_refresh_is_spared_unless_named(simulator: AtsSimulator, ask: Ask) -> None:
    """Operation 1 that goes wrong can lock a company out: only a test that says so gets it."""
    injection = simulator.inject(faults.ServerErrors())
    spared = await ask(simulator, REFRESH, method="PUT", token=simulator.tokens.refresh)
    injection.remove()
    simulator.inject(faults.ServerErrors(), operations=[1])
    hit = await ask(simulator, REFRESH, method="PUT", token=simulator.tokens.refresh)

    assert (200, 500) == (spared.status, hit.status)
    assert 1 == simulator.refresh_count


async def test_hits_are_noted(simulator: AtsSimulator, ask: Ask) -> None:
    """Tests count at the server, beside the status that the client saw."""
    simulator.inject(faults.ServerErrors(status=503), requests=[2])
    await _statuses(ask, simulator, 3)

    assert [(200, None), (503, "ServerErrors"), (200, None)] == [
        (seen.status, seen.fault) for seen in simulator.requests
    ]


async def test_faults_come_before_middlewares(ask: Ask) -> None:
    """A request that is hit never reaches a test's own middleware; an answer of it can be spoiled."""
    reached: list[str] = []

    @web.middleware
    async def note(request: web.Request, handler: Any) -> web.StreamResponse:
        reached.append(request.path)
        answer: web.StreamResponse = await handler(request)
        return answer

    async with AtsSimulator(seed=7, middlewares=[note]) as simulator:
        simulator.inject(faults.ServerErrors(), requests=[1])

        assert [500, 200] == await _statuses(ask, simulator, 2)
    assert ["/crm/openapi/managers"] == reached


async def test_an_answer_that_has_begun_is_left_alone(ask: Ask) -> None:
    """What a middleware streams itself cannot be spoiled, and is not counted."""

    @web.middleware
    async def stream(request: web.Request, handler: Any) -> web.StreamResponse:  # noqa: ARG001
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"all of it")
        return response

    async with AtsSimulator(seed=7, middlewares=[stream]) as simulator:
        injection = simulator.inject(faults.CutBody(), operations=[11])
        reply = await ask(simulator, "/managers")

    assert (b"all of it", 0) == (reply.body, injection.count)


async def test_mounted_application() -> None:
    """Faults work in somebody else's server, whose end sets free who stalls."""
    simulator = AtsSimulator(seed=7)
    simulator.inject(faults.StallBody(after=0), operations=[19])
    app = web.Application()
    app.add_subapp("/ats", simulator.make_app())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    headers = {
        "Authorization": simulator.tokens.access,
        "Accept": "application/json",
        "User-Agent": "Mozilla/5.0",
    }
    async with aiohttp.ClientSession(headers=headers) as session:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/ats/crm/openapi/blacklist"
        async with session.get(url) as response:
            await runner.cleanup()
            with pytest.raises(aiohttp.ClientPayloadError):
                await response.read()

    assert [(19, 200, "StallBody")] == [
        (seen.operation, seen.status, seen.fault) for seen in simulator.requests
    ]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rate": 0.1, "requests": [1]}, "not both"),
        ({"rate": 1.1}, "from 0 to 1, got 1.1"),
        ({"rate": -1}, "from 0 to 1, got -1"),
        ({"rate": float("nan")}, "from 0 to 1, got nan"),
        ({"requests": []}, "names none"),
        ({"requests": [0]}, "numbered from 1"),
        ({"operations": []}, r"got \[\]"),
        ({"operations": [20]}, r"got \[20\]"),
    ],
)
async def test_wrong_settings_are_told_at_once(settings: dict[str, Any], message: str) -> None:
    """A typing error must not make a test pass for the wrong reason."""
    with pytest.raises(ValueError, match=message):
        AtsSimulator().inject(faults.Refuse(), **settings)


@pytest.mark.parametrize(
    ("fault", "operation"),
    [
        (faults.ShiftPages(), 9),
        (faults.RepeatPage(), 9),
        (faults.IgnoreRange(), 8),
        (faults.WrongRange(), 10),
        (faults.NotReadyYet(times=1), 8),
        (faults.ChangeRecording(), 10),
        (faults.ExpireToken(), 1),
    ],
)
async def test_faults_of_one_operation_hit_no_other(fault: faults.Fault, operation: int) -> None:
    """A fault that would never happen is a mistake in the test."""
    with pytest.raises(ValueError, match=f"{type(fault).__name__} can hit operations"):
        AtsSimulator().inject(fault, operations=[operation])


async def test_only_faults_can_be_injected() -> None:
    """The class in place of the value is an easy slip."""
    wrong: Any = faults.Refuse
    with pytest.raises(TypeError, match="a fault of"):
        AtsSimulator().inject(wrong)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (faults.CutBody, {"framing": "lines"}),
        (faults.CutBody, {"after": 1}),
        (faults.StallBody, {"after": -0.1}),
        (faults.WrongLength, {"by": 0}),
        (faults.Trickle, {"bytes_per_s": 0}),
        (faults.DelayFirstByte, {"seconds": -1}),
        (faults.ServerErrors, {"status": 404}),
        (faults.ServerErrors, {"burst": 0}),
        (faults.ComeBackLater, {"status": 500}),
        (faults.ComeBackLater, {"retry_after": -1}),
        (faults.NotReadyYet, {}),
        (faults.NotReadyYet, {"seconds": 1, "times": 1}),
        (faults.NotReadyYet, {"times": 0}),
        (faults.WrongRange, {"kind": "odd"}),
        (faults.ShiftPages, {"rows": 0}),
    ],
)
async def test_wrong_values_are_told_at_once(kind: Any, settings: dict[str, Any]) -> None:
    """A fault without sense is refused where it is written."""
    with pytest.raises(ValueError, match=next(iter(settings), "seconds or times")):
        kind(**settings)


async def test_all_kinds_are_there() -> None:
    """Tests that mean to meet every fault miss none that is added."""
    public = {getattr(faults, name) for name in faults.__all__}
    concrete = {
        kind
        for kind in public
        if inspect.isclass(kind) and issubclass(kind, faults.Fault) and not inspect.isabstract(kind)
    } - {faults.Fault}

    assert concrete == {type(fault) for fault in faults.ALL_KINDS}
    assert len(faults.ALL_KINDS) == len(set(faults.ALL_KINDS))


@pytest.mark.parametrize("fault", faults.ALL_KINDS, ids=repr)
async def test_every_kind_can_be_injected(archive: AtsSimulator, ask: Ask, fault: faults.Fault) -> None:
    """And is over once it is removed: the next answer is the right one."""
    injection = archive.inject(fault)
    assert injection.operations
    injection.remove()
    name = names_of(archive)[0]

    assert archive.recording(name) == (await ask(archive, file_of(name), accept="*/*")).body


async def test_values_are_compared_and_printed() -> None:
    """They can be parameters of tests, and keys."""
    assert faults.CutBody(after=0.25) == faults.CutBody("length", 0.25)
    assert "CutBody(framing='length', after=0.25)" == repr(faults.CutBody(after=0.25))
