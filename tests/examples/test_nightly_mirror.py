"""The unit files of the nightly mirror: what they start is started, and systemd understands them."""

import asyncio
import configparser
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tele2ats_async.simulator import AtsSimulator

UNITS = Path(__file__).parents[2] / "examples" / "nightly_mirror"
SERVICE = UNITS / "tele2ats-mirror.service"
TIMER = UNITS / "tele2ats-mirror.timer"


def read_unit(path: Path) -> configparser.ConfigParser:
    """Read a unit file, in which nothing stands twice."""
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # how the names of a unit are kept in their case
    unit.read(path)
    return unit


def test_the_timer_starts_the_service() -> None:
    """They belong together by name, and both say when they are started."""
    assert SERVICE.stem == TIMER.stem
    assert "timers.target" == read_unit(TIMER)["Install"]["WantedBy"]


def test_spent_tokens_are_not_asked_with_all_night() -> None:
    """A person has to make a new pair: until then the service is left in peace."""
    assert {"2", "3"} == set(read_unit(SERVICE)["Service"]["RestartPreventExitStatus"].split())


@pytest.mark.asyncio
async def test_the_command_of_the_unit_mirrors(simulator: AtsSimulator, tmp_path: Path) -> None:
    """What systemd would start is started here: it keeps the account's week, and the next night adds nothing."""
    unit = read_unit(SERVICE)["Service"]
    state = str(tmp_path)
    (tmp_path / "tele2ats").mkdir()
    program, *arguments = shlex.split(unit["ExecStart"].replace("%S", state))
    variable, _, token_file = unit["Environment"].replace("%S", state).partition("=")
    environment = {
        variable: token_file,
        "TELE2ATS_BASE_URL": simulator.base_url,
        "TELE2ATS_ACCESS_TOKEN": simulator.tokens.access,
        "TELE2ATS_REFRESH_TOKEN": simulator.tokens.refresh,
        "PATH": "/usr/bin:/bin",
    }
    command = str(Path(sys.executable).with_name(Path(program).name))

    for _ in range(2):
        process = await asyncio.create_subprocess_exec(command, *arguments, env=environment)
        assert 0 == await process.wait()

    recorded = [record for record in simulator.company.records if record.record_file_name]
    assert len(recorded) == len(list((tmp_path / "tele2ats" / "archive").rglob("*.mp3")))
    assert len(recorded) == sum(request.operation == 9 for request in simulator.requests)
    assert 0o600 == os.stat(token_file).st_mode & 0o777  # noqa: PTH116  # a moment after all has ended


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    """A misspelt setting, which systemd would pass over, fails here."""
    for unit in (SERVICE, TIMER):
        text = unit.read_text(encoding="utf-8").replace("/opt/tele2ats/bin/tele2ats", "/bin/true")
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (0, "") == (checked.returncode, checked.stderr)
