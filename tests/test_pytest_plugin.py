"""The plugin of pytest, in runs of pytest that are not ours."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parent.parent
HEAD = """
import asyncio
import sys
import pytest
"""
# What pytest-asyncio says of an option that is not set is no error of anybody's.
INI = """[pytest]
addopts = --strict-markers
filterwarnings =
    error
    ignore:.*asyncio_default_fixture_loop_scope
"""


def run(pytester: pytest.Pytester, code: str, *arguments: str, ini: str = "") -> pytest.RunResult:
    """Run pytest on one module of tests, as anybody who has the package installed would."""
    pytester.makeini(f"{INI}{ini}")
    pytester.makepyfile(HEAD + code)
    return pytester.runpytest_subprocess("-s", "-p", "no:cacheprovider", *arguments)


def test_nothing_is_loaded_unless_it_is_used(pytester: pytest.Pytester) -> None:
    """A project that has nothing to do with it never imports the package, nor aiohttp."""
    result = run(
        pytester,
        """
def test_something_else():
    assert "pytest_tele2ats_async" in sys.modules
    assert [] == [name for name in sys.modules if name.partition(".")[0] in ("aiohttp", "lameenc", "tele2ats_async")]
""",
    )

    result.assert_outcomes(passed=1)


def test_the_wheel_holds_it(tmp_path: Path) -> None:
    """What people install has the modules beside the package, and tells pytest of the one, and a shell of the other."""
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, check=True, capture_output=True, cwd=ROOT)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = wheel.namelist()
        [told] = [name for name in names if name.endswith(".dist-info/entry_points.txt")]
        entry_points = wheel.read(told).decode()

    assert {"pytest_tele2ats_async.py", "tele2ats_async", "tele2ats_command.py"} == {
        top for name in names if not (top := name.partition("/")[0]).endswith(".dist-info")
    }
    assert "[pytest11]\ntele2ats_async = pytest_tele2ats_async\n" in entry_points
    assert "[console_scripts]\ntele2ats = tele2ats_command:main\n" in entry_points


def test_the_plugin_itself_loads_nothing_that_pytest_has_not() -> None:
    """What it costs every run of pytest is one module."""
    program = "import sys, pytest; before = {*sys.modules}; import pytest_tele2ats_async; print({*sys.modules} - before)"
    finished = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)

    assert "{'pytest_tele2ats_async'}\n" == finished.stdout


@pytest.mark.parametrize(
    ("ini", "mark"),
    [
        ("asyncio_mode = strict", "@pytest.mark.asyncio"),
        ("asyncio_mode = auto", ""),
        ("asyncio_mode = strict", "@pytest.mark.asyncio(loop_scope='module')"),
        ("asyncio_mode = auto\nasyncio_default_test_loop_scope = session", ""),
        ("asyncio_mode = strict", "@pytest.mark.anyio"),
    ],
)
def test_a_session_works_on_the_loop_of_the_test(pytester: pytest.Pytester, ini: str, mark: str) -> None:
    """With pytest-asyncio in both modes and on any loop, and with anyio; after the test nothing is left open."""
    result = run(
        pytester,
        f"""
kept = []

@pytest.fixture
def anyio_backend():
    return "asyncio"

{mark}
async def test_a_session(ats_session, ats_simulator):
    found = await asyncio.wait_for(ats_session.employees.fetch_all(), 30)
    assert [person.employee_id for person in ats_simulator.company.employees] == [one.employee_id for one in found]
    kept.append((ats_session, ats_simulator))

{mark}
async def test_it_is_closed_afterwards(ats_session):
    session, simulator = kept[0]
    assert session is not ats_session
    with pytest.raises(RuntimeError, match="not listening"):
        simulator.base_url
    with pytest.raises(RuntimeError):
        await session.employees.fetch_all()
""",
        ini=f"{ini}\n",
    )

    result.assert_outcomes(passed=2)


def test_faults_are_switched_on_by_a_mark_and_in_the_test(pytester: pytest.Pytester) -> None:
    """A mark counts for its test alone; what is injected in a test can be removed there."""
    result = run(
        pytester,
        """
from tele2ats_async import AtsError, AtsSession
from tele2ats_async.simulator import faults
pytestmark = pytest.mark.asyncio

@pytest.mark.ats_faults(faults.ServerErrors(status=502), requests=[1, 2])
@pytest.mark.ats_faults(faults.DelayFirstByte(0.01), operations=[2])
async def test_marked(ats_session, ats_simulator):
    await ats_session.employees.fetch_all()
    await ats_session.monitoring.fetch_current_calls()
    assert [502, 502, 200, 200] == [seen.status for seen in ats_simulator.requests]
    assert ["ServerErrors", "ServerErrors", "None", "DelayFirstByte"] == [
        str(seen.fault).partition("(")[0] for seen in ats_simulator.requests
    ]

async def test_not_marked(ats_session, ats_simulator):
    await ats_session.employees.fetch_all()
    assert [200] == [seen.status for seen in ats_simulator.requests]

async def test_injected(ats_session, ats_simulator):
    injection = ats_simulator.inject(faults.RefuseByGateway())
    with pytest.raises(AtsError):
        await ats_session.employees.fetch_all()
    injection.remove()
    await ats_session.employees.fetch_all()
    assert [406, 200] == [seen.status for seen in ats_simulator.requests]
""",
    )

    result.assert_outcomes(passed=3)


def test_the_company_can_be_chosen(pytester: pytest.Pytester) -> None:
    """By a fixture for many tests, by a mark for one; the one nearer to the test wins."""
    result = run(
        pytester,
        """
from tele2ats_async.simulator import Company
pytestmark = pytest.mark.asyncio

def people(company):
    return [person.full_name for person in company.employees]

class TestByFixture:
    @pytest.fixture
    def ats_company(self):
        return Company.generate(seed=5, recordings=2, duration_s=(1, 2))

    async def test_fixture(self, ats_simulator, ats_company):
        assert ats_company is ats_simulator.company

    @pytest.mark.ats_simulator(seed=7)
    async def test_mark(self, ats_simulator):
        assert people(Company.generate(seed=7)) == people(ats_simulator.company)

@pytest.mark.ats_simulator(seed=7, ready_after_s=60)
class TestByMark:
    async def test_of_the_class(self, ats_simulator):
        assert people(Company.generate(seed=7)) == people(ats_simulator.company)

    @pytest.mark.ats_simulator(seed=8)
    async def test_of_its_own(self, ats_simulator):
        assert people(Company.generate(seed=8)) == people(ats_simulator.company)

async def test_by_default(ats_simulator):
    assert people(Company.generate(seed=1)) == people(ats_simulator.company)
""",
    )

    result.assert_outcomes(passed=5)


def test_a_simulator_of_ones_own_has_its_session(pytester: pytest.Pytester) -> None:
    """Whoever overrides ats_simulator gets ats_session on that one."""
    result = run(
        pytester,
        """
import pytest_asyncio
from tele2ats_async.simulator import AtsSimulator

@pytest_asyncio.fixture
async def ats_simulator():
    async with AtsSimulator(seed=9) as simulator:
        yield simulator

@pytest.mark.asyncio
async def test_it(ats_simulator, ats_session):
    await ats_session.employees.fetch_all()
    assert 1 == len(ats_simulator.requests)
""",
    )

    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("code", "arguments", "said"),
    [
        ("def test_it(ats_session): pass", [], "ats_session: is for an async test under pytest.mark.asyncio"),
        (
            "async def test_it(ats_simulator): pass",
            ["-p", "no:asyncio"],
            'pip install "tele2ats_async[pytest]"',
        ),
        (
            "@pytest.fixture\ndef anyio_backend(): return 'trio'\n@pytest.mark.anyio\nasync def test_it(ats_simulator): 0",
            [],
            "ats_simulator: works on asyncio alone",
        ),
        (
            "sys.modules['lameenc'] = None\n@pytest.mark.asyncio\nasync def test_it(ats_simulator): pass",
            [],
            'the simulator makes MP3 audio: pip install "tele2ats_async',
        ),
        (
            "@pytest.mark.asyncio\n@pytest.mark.ats_simulator(7)\nasync def test_it(ats_simulator): pass",
            [],
            "give names, such as seed=7",
        ),
        (
            "@pytest.mark.asyncio\n@pytest.mark.ats_simulator(sed=7)\nasync def test_it(ats_simulator): pass",
            [],
            "unexpected keyword argument 'sed'",
        ),
        (
            "@pytest.mark.asyncio\n@pytest.mark.ats_faults(rate=0.5)\nasync def test_it(ats_simulator): pass",
            [],
            "pytest.mark.ats_faults: give a fault",
        ),
    ],
)
def test_what_is_missing_is_told(
    pytester: pytest.Pytester, code: str, arguments: list[str], said: str
) -> None:
    """Neither a hang nor a riddle: the line says what to do."""
    result = run(pytester, code, *arguments)

    result.assert_outcomes(errors=1)
    assert said in result.stdout.str()
