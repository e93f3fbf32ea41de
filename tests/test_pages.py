"""The pages on moving, on accounts, and on each use are true: what is to be typed is typed, on a simulated ATS."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from pages import DOCS, Reader, read_blocks
from raw_service import free_port

from tele2ats_async.simulator import AtsSimulator, Company, faults

# The token file becomes what no file can be put in the place of.
NO_PLACE_FOR_TOKENS = """
import os
from bridge import Bridge

with Bridge() as bridge:
    bridge.run(bridge.ats.employees.fetch_all())
    os.remove("tokens.json")
    os.mkdir("tokens.json")
    bridge.run(bridge.ats.tokens.refresh())
"""
NOVEMBER = datetime(2026, 11, 14, tzinfo=UTC)
PAGES = [
    "accounts.rst",
    "chatbot.rst",
    "click_to_call.rst",
    "moving_from_httpx.rst",
    "moving_from_requests.rst",
    "nightly_mirror.rst",
]


@pytest_asyncio.fixture
async def reader(simulator: AtsSimulator, tmp_path: Path) -> AsyncIterator[Reader]:
    """Sit somebody before a shell, with an account on the simulator, and the examples."""
    reader = Reader.in_home(tmp_path)
    (tmp_path / "examples").symlink_to(DOCS.parent / "examples")
    log_in(reader, simulator)
    yield reader
    await reader.leave()


def log_in(reader: Reader, simulator: AtsSimulator) -> None:
    """Give them an account."""
    reader.variables |= {
        "TELE2ATS_BASE_URL": simulator.base_url,
        "TELE2ATS_TOKEN_FILE": str(write_pair(reader.directory / "tokens.json", simulator)),
    }


def write_pair(path: Path, simulator: AtsSimulator) -> Path:
    """Write the living pair, as `FileTokenStore` does."""
    path.parent.mkdir(exist_ok=True)
    path.touch(0o600)
    pair = {"accessToken": simulator.tokens.access, "refreshToken": simulator.tokens.refresh}
    path.write_text(json.dumps(pair), encoding="utf-8")
    return path


async def follow(
    reader: Reader, page: str, replacing: Mapping[str, str] | None = None, until: str = ""
) -> None:
    for block in read_blocks(page, replacing):
        await reader.follow(block, until)


def a_phone(simulator: AtsSimulator) -> str:
    """Give the short number of somebody who works there: the pages say 0001."""
    return simulator.company.employees[0].short_number


def need(*programs: str) -> None:
    """Skip where the page's own programs are missing."""
    if missing := [program for program in programs if shutil.which(program) is None]:
        pytest.skip(f"there is no {missing[0]}")


@pytest.mark.asyncio
async def test_moving_from_requests(reader: Reader) -> None:
    """What takes the place of each piece works, one call is one call, and threads share one session."""
    company = Company.generate(recordings=20, duration_s=(1, 4), last_day=date(2026, 11, 13), now=NOVEMBER)
    async with AtsSimulator(company=company) as simulator:
        log_in(reader, simulator)
        await follow(reader, "moving_from_requests.rst", {'source="0001"': f'source="{a_phone(simulator)}"'})

    assert 1 == sum(request.operation == 5 for request in simulator.requests)
    assert 20 == len([*reader.directory.glob("recordings/*/*.mp3")])


@pytest.mark.asyncio
async def test_a_bridge_that_cannot_be_made_ends_its_program(tmp_path: Path) -> None:
    """Where the account is not set up, the error ends the program, and no thread keeps it alive."""
    reader = Reader.in_home(tmp_path)
    for block in read_blocks("moving_from_requests.rst"):
        if block.caption in ("bridge.py", "threads.py"):
            await reader.follow(block)
    async with asyncio.timeout(60):
        assert 1 == await reader.type("timeout --signal KILL 30 python threads.py")

    assert "ValueError: TELE2ATS_TOKEN_FILE: not set" in reader.printed


@pytest.mark.asyncio
async def test_a_bridge_that_cannot_be_closed_ends_its_program(reader: Reader) -> None:
    """Where the last pair cannot be saved, which is an error, no thread keeps the program alive either."""
    for block in read_blocks("moving_from_requests.rst"):
        if block.caption == "bridge.py":
            await reader.follow(block)
    (reader.directory / "lost.py").write_text(NO_PLACE_FOR_TOKENS, encoding="utf-8")
    async with asyncio.timeout(60):
        assert 1 == await reader.type("timeout --signal KILL 50 python lost.py")

    assert "tele2ats_async.errors.TokenStoreError: " in reader.printed


@pytest.mark.asyncio
async def test_moving_from_httpx(reader: Reader, simulator: AtsSimulator) -> None:
    """What takes the place of each piece works."""
    await follow(reader, "moving_from_httpx.rst")

    assert len(simulator.company.records) == len([*reader.directory.glob("recordings/*/*.mp3")])


@pytest.mark.asyncio
async def test_accounts(reader: Reader, simulator: AtsSimulator, redis_url: str, redis_key: str) -> None:
    """One account that is locked out holds up no other, and processes that meet a dead token refresh it once."""
    write_pair(reader.directory / "tokens" / "south.json", simulator)
    simulator.regenerate_tokens()
    write_pair(reader.directory / "tokens" / "north.json", simulator)
    replacing = {"redis://127.0.0.1:6379/0": redis_url, "REDIS_KEY=north:tokens": f"REDIS_KEY={redis_key}"}
    refreshes = 0
    for block in read_blocks("accounts.rst", replacing):
        if "process.py &" in block.body:
            write_pair(reader.directory / "pair.json", simulator)
            simulator.expire_access_token()
            refreshes += 1
        await reader.follow(block)
        assert refreshes == simulator.refresh_count

    assert 2 == refreshes


@pytest.mark.asyncio
async def test_one_call_for_each_request(reader: Reader, simulator: AtsSimulator) -> None:
    """The backend that the page begins with answers with the calls in progress."""
    need("curl")
    blocks = [*read_blocks("web_backend.rst", {"8081": str(free_port())})]
    for block in blocks[:3]:
        await reader.follow(block, until="Running on")

    assert [2] == [request.operation for request in simulator.requests]
    calls = json.loads(reader.printed)
    assert {"caller", "called"} == set().union(*calls) or not calls


@pytest.mark.asyncio
async def test_click_to_call(reader: Reader, simulator: AtsSimulator) -> None:
    """The webhook that the page sends by hand, signature and all, makes the phone ring: once, also when it is repeated."""
    need("curl", "openssl")
    port = str(free_port())
    reader.variables["CRM_PORT"] = port
    for block in read_blocks("click_to_call.rst", {"8095": port, '"0001"': f'"{a_phone(simulator)}"'}):
        await reader.follow(block, until="Running on")
        if "curl" in block.body:
            await reader.follow(block)

    assert 1 == sum(request.operation == 5 for request in simulator.requests)


@pytest.mark.asyncio
async def test_nightly_mirror(reader: Reader, simulator: AtsSimulator) -> None:
    """A run that is killed is taken up, and the index tells what the page says that it does."""
    assert 0 == await reader.type("tele2ats mirror --start -7d --directory archive")
    simulator.inject(faults.DelayFirstByte(1), operations=[9])  # so that there is something to kill
    await follow(reader, "nightly_mirror.rst")

    assert len(simulator.company.records) == len([*reader.directory.glob("killed/*/*.mp3")])


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_found(page: str) -> None:
    """A block that the reading of a page passed over would never be tried."""
    text = DOCS.joinpath(page).read_text(encoding="utf-8")
    inside_lists = text.count("\n   .. code-block::")

    assert text.count(".. code-block::") == len([*read_blocks(page)]) + inside_lists
