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
# For one account, and for several: the name of each is after the sign.
KINDS = ("tele2ats-mirror", "tele2ats-mirror@")
ACCOUNT = "north"


def read_unit(path: Path) -> configparser.ConfigParser:
    """Read a unit file, in which nothing stands twice."""
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # how the names of a unit are kept in their case
    unit.read(path)
    return unit


def read_service(kind: str) -> configparser.ConfigParser:
    return read_unit(UNITS / f"{kind}.service")


@pytest.mark.parametrize("kind", KINDS)
def test_the_timer_starts_the_service(kind: str) -> None:
    """They belong together by name, and the timer says when they are started."""
    assert UNITS.joinpath(f"{kind}.service").is_file()
    assert "timers.target" == read_unit(UNITS / f"{kind}.timer")["Install"]["WantedBy"]


@pytest.mark.parametrize("kind", KINDS)
def test_spent_tokens_are_not_asked_with_all_night(kind: str) -> None:
    """A person has to make a new pair: until then the service is left in peace."""
    assert {"2", "3"} == set(read_service(kind)["Service"]["RestartPreventExitStatus"].split())


@pytest.mark.parametrize("kind", KINDS)
def test_what_never_comes_is_not_asked_for_all_day(kind: str) -> None:
    """A recording that was given up makes each run end with 1: all attempts of a night count as one series."""
    unit = read_service(kind)
    attempts, hours = (
        int(unit["Unit"]["StartLimitBurst"]),
        int(unit["Unit"]["StartLimitIntervalSec"].removesuffix("h")),
    )
    pause_min = int(unit["Service"]["RestartSec"].removesuffix("min"))

    assert "on-failure" == unit["Service"]["Restart"]
    assert attempts * pause_min / 60 < hours < 24


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_stopped_has_not_failed(kind: str) -> None:
    """`systemctl stop`, or a machine that is switched off, calls nobody out of bed."""
    assert "130" == read_service(kind)["Service"]["SuccessExitStatus"]


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", KINDS)
async def test_the_command_of_the_unit_mirrors(kind: str, simulator: AtsSimulator, tmp_path: Path) -> None:
    """What systemd would start is started here: it keeps the account's week, and the next night adds nothing."""
    unit = {
        name: text.replace("%S", str(tmp_path)).replace("%i", ACCOUNT)
        for name, text in read_service(kind)["Service"].items()
    }
    for directory in unit["StateDirectory"].split():
        (tmp_path / directory).mkdir()
    program, *arguments = shlex.split(unit["ExecStart"])
    variable, _, token_file = unit["Environment"].partition("=")
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
    assert len(recorded) == len([*tmp_path.rglob("*.mp3")])  # noqa: ASYNC240  # all has ended
    assert len(recorded) == sum(request.operation == 9 for request in simulator.requests)
    assert 0o600 == os.stat(token_file).st_mode & 0o777  # noqa: PTH116  # a moment after all has ended


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd")
def test_systemd_understands_the_units(kind: str, tmp_path: Path) -> None:
    """A misspelt setting, which systemd would pass over, fails here."""
    for unit in (UNITS / f"{kind}.service", UNITS / f"{kind}.timer"):
        text = unit.read_text(encoding="utf-8").replace("/opt/tele2ats/bin/tele2ats", "/bin/true")
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (0, "") == (checked.returncode, checked.stderr)
