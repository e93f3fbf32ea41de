"""Fixtures of pytest for tests of one's own: a simulated ATS, and a session on it.

pytest loads this module in every run where the package is installed. So it stands beside the package, which
it does not import before a test asks for a fixture: other runs pay nothing for it, and who measures the
coverage of the package does not find it loaded already.
"""

from collections.abc import AsyncIterator
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tele2ats_async import AtsSession
    from tele2ats_async.simulator import AtsSimulator, Company

_MARKERS = (
    "ats_simulator(**arguments): arguments of AtsSimulator for the fixture of that name: seed=7",
    "ats_faults(*faults, **choice): faults of ats_simulator from its start; choice is that of its inject(): rate=0.1",
)
_LOOP_SCOPES = ("function", "class", "module", "package", "session")


@pytest.fixture
def ats_company() -> "Company | None":
    """Override this to choose the company of ats_simulator; None for a generated one."""
    return None


@pytest.fixture
def ats_simulator(request: pytest.FixtureRequest) -> "AtsSimulator":
    """Run a simulated ATS on a free port."""
    simulator: AtsSimulator = request.getfixturevalue(f"_ats_simulator_{_loop_of(request)}")
    return simulator


@pytest.fixture
def ats_session(request: pytest.FixtureRequest) -> "AtsSession":
    """Open a session on ats_simulator, and close it after the test."""
    session: AtsSession = request.getfixturevalue(f"_ats_session_{_loop_of(request)}")
    return session


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers, and the fixtures above for each event loop that a test can be on."""
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)
    config.pluginmanager.register(_fixtures_on("anyio", pytest.fixture))
    if config.pluginmanager.has_plugin("asyncio"):
        import pytest_asyncio  # noqa: PLC0415  # only where it is: pytest has loaded it

        for scope in _LOOP_SCOPES:
            make = partial(pytest_asyncio.fixture, loop_scope=scope)
            config.pluginmanager.register(_fixtures_on(scope, make))


def _fixtures_on(loop: str, make: Any) -> ModuleType:
    """Give a plugin, as pytest takes them, with the fixtures for tests on one kind of event loop.

    Each has functions of its own: the decorators of pytest-asyncio leave their mark on them.
    """

    async def simulator(
        request: pytest.FixtureRequest, ats_company: "Company | None"
    ) -> "AsyncIterator[AtsSimulator]":
        async with _make_simulator(request.node, ats_company) as running:
            for mark in request.node.iter_markers("ats_faults"):
                if not mark.args:  # the test would pass, and show nothing
                    pytest.fail(
                        "pytest.mark.ats_faults: give a fault, such as faults.Refuse()", pytrace=False
                    )
                for fault in mark.args:
                    running.inject(fault, **mark.kwargs)
            yield running

    async def session(ats_simulator: "AtsSimulator") -> "AsyncIterator[AtsSession]":
        from tele2ats_async import AtsSession, TokenPair  # noqa: PLC0415  # see the module

        pair = TokenPair(*ats_simulator.tokens)
        async with AtsSession(pair, base_url=ats_simulator.base_url) as opened:
            yield opened

    plugin = ModuleType(f"{__name__}_on_{loop}")
    vars(plugin)["simulator"] = make(name=f"_ats_simulator_{loop}")(simulator)
    vars(plugin)["session"] = make(name=f"_ats_session_{loop}")(session)
    return plugin


def _make_simulator(test: pytest.Item, company: "Company | None") -> "AtsSimulator":
    try:
        from tele2ats_async.simulator import AtsSimulator  # noqa: PLC0415  # see the module
    except ImportError as error:
        pytest.fail(f"ats_simulator: {error}", pytrace=False)
    arguments: dict[str, Any] = {"company": company}
    for mark in reversed([*test.iter_markers("ats_simulator")]):  # the test's own comes last, and wins
        if mark.args:
            pytest.fail(f"pytest.mark.ats_simulator{mark.args}: give names, such as seed=7", pytrace=False)
        if "seed" in mark.kwargs:  # that of another company than was chosen further out
            arguments["company"] = None
        arguments |= mark.kwargs
    return AtsSimulator(**arguments)


def _loop_of(request: pytest.FixtureRequest) -> str:
    """Tell on which event loop a test is: that of anyio, or pytest-asyncio's of some scope."""
    fixture = request.fixturename
    if "anyio_backend" in request.fixturenames:
        if request.getfixturevalue("anyio_backend_name") != "asyncio":
            pytest.fail(f"{fixture}: works on asyncio alone, as aiohttp does", pytrace=False)
        return "anyio"
    mark = request.node.get_closest_marker("asyncio")
    if mark is None or not request.config.pluginmanager.has_plugin("asyncio"):
        pytest.fail(
            f"{fixture}: is for an async test under pytest.mark.asyncio or pytest.mark.anyio;"
            ' pip install "tele2ats_async[pytest]" brings pytest-asyncio',
            pytrace=False,
        )
    scope: str = mark.kwargs.get("loop_scope") or request.config.getini("asyncio_default_test_loop_scope")
    return scope
