"""The tutorial is true: what it has its readers type is typed, in order, on a simulator that the page starts."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from pages import DOCS, Reader, read_blocks
from raw_service import free_port

UNITS = Path(__file__).parents[1] / "examples" / "nightly_mirror"


@pytest_asyncio.fixture
async def reader(tmp_path: Path) -> AsyncIterator[Reader]:
    """Sit somebody before a shell, with an empty home."""
    reader = Reader.in_home(tmp_path)
    yield reader
    await reader.leave()


def commands(kind: str) -> list[str]:
    return [
        command
        for block in read_blocks("tutorial.rst")
        if block.kind == kind
        for command in block.body.splitlines()
    ]


@pytest.mark.asyncio
async def test_every_step(reader: Reader) -> None:
    """Whoever follows the page sees what the page says, from the first command to the systemd units."""
    pair: list[str] = []
    for block in read_blocks("tutorial.rst", {"8093": str(free_port())}):
        if block.kind == "asks":
            status = await reader.type_on_terminal(block.body, pair)
            assert (0, False) == (status, pair[0] in reader.printed), reader.printed
            continue
        await reader.follow(block, until="Ctrl-C to stop.")
        if block.kind == "background":
            pair = re.findall(r"token: +(\S+)", reader.printed)


def test_what_is_not_tried_is_little() -> None:
    """What needs the network or changes the machine stands in blocks of its own, and no other is passed over."""
    kinds = {block.kind for block in read_blocks("tutorial.rst")}

    assert {None, "background", "asks", "installs", "as-root"} == kinds
    assert ["python3", ".", "pip"] == [command.split()[0] for command in commands("installs")]


def test_the_service_is_set_up_for_its_unit() -> None:
    """What root is told to make is what the unit wants: the program, the user, the place of the tokens, the files."""
    unit = UNITS.joinpath("tele2ats-mirror.service").read_text(encoding="utf-8")
    typed = "\n".join(commands("as-root"))
    for wanted in (
        "ExecStart=/opt/tele2ats/bin/tele2ats mirror",
        "User=tele2ats\n",
        "StateDirectory=tele2ats\n",
    ):
        assert wanted in unit

    assert "python3 -m venv /opt/tele2ats\n" in typed
    assert "useradd --system --home-dir /var/lib/tele2ats --shell /usr/sbin/nologin tele2ats\n" in typed
    assert "TELE2ATS_TOKEN_FILE=%S/tele2ats/tokens.json" in unit
    assert "tokens set --token-file /var/lib/tele2ats/tokens.json" in typed
    assert "--directory %S/tele2ats/archive" in unit
    assert "--verify --directory /var/lib/tele2ats/archive" in typed
    for name in re.findall(r"examples/\S+", typed):
        assert DOCS.parent.joinpath(name).is_file()


def test_every_block_is_found() -> None:
    """A block that the reading of the page passed over would never be tried."""
    page = DOCS.joinpath("tutorial.rst").read_text(encoding="utf-8")

    assert page.count(".. code-block::") == len([*read_blocks("tutorial.rst")])
