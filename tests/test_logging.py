"""What is logged: one form, a table of all events, and nothing that nobody may see."""

import ast
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from everything import MISSING, NUMBER, PERSON, QUICKLY, Everything, session_of
from raw_service import NAME, PAIR, RawService, answer, ask, in_turn, open_session

import tele2ats_async
from tele2ats_async import AtsError, NotReady, RateLimited, StorageError, TokenStoreError, Truncated
from tele2ats_async.logs import discreet
from tele2ats_async.simulator import AtsSimulator, faults

PACKAGE = Path(tele2ats_async.__file__).parent
PAGE = Path(__file__).parent.parent / "docs" / "observability.rst"
_OF_ERRORS = {"error", "status", "reason"}
# Whose method passes the names of events on to `log()`.
_KEEPER = "tokens.keeper"


@attrs.frozen(order=True)
class Event:
    """A row of the table."""

    name: str
    levels: tuple[str, ...]
    logger: str
    fields: tuple[str, ...]


def _levels(node: ast.expr | None) -> tuple[str, ...]:
    if node is None:
        return ("WARNING",)
    return tuple(sorted({found.attr for found in ast.walk(node) if isinstance(found, ast.Attribute)}))


def _read_call(module: str, call: ast.Call) -> Event | None:
    """Read a call of `log()`, or of the keeper's `warn()`; its own of `log()` has the event from there."""
    called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if called == "warn" and isinstance(call.args[0], ast.Constant):
        level = call.args[2] if len(call.args) > 2 else None
        return Event(str(call.args[0].value), _levels(level), _KEEPER, tuple(sorted(_OF_ERRORS)))
    if called != "log" or isinstance(call.func, ast.Attribute):
        return None
    event = call.args[2]
    if not isinstance(event, ast.Constant):
        assert _KEEPER == module
        return None
    names = {str(keyword.arg) for keyword in call.keywords}
    fields = names | _OF_ERRORS if "error" in names else names
    return Event(str(event.value), _levels(call.args[1]), module, tuple(sorted(fields)))


def _calls() -> Iterator[tuple[str, ast.Call]]:
    for path in PACKAGE.rglob("*.py"):
        module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                yield module, node


def _table() -> list[Event]:
    table = PAGE.read_text("utf-8").partition(".. list-table::")[2].partition("\n\n``error`` is")[0]
    rows = [
        re.split(r"^ +[*-] - |^      - ?", row, flags=re.MULTILINE) for row in table.split("    * - ")[2:]
    ]
    return [
        Event(
            name.strip().strip("`"),
            tuple(sorted(level.strip().split(", "))),
            logger.strip().strip("`"),
            tuple(sorted(re.findall(r"``(\w+)``", fields))),
        )
        for name, level, logger, fields, _ in rows
    ]


def test_the_table_is_what_the_code_says() -> None:
    """Each event of the source, with its level, logger and fields, stands in the documentation, and no other."""
    found = {event for module, call in _calls() if (event := _read_call(module, call)) is not None}

    assert sorted(found) == sorted(_table())
    assert len(_table()) == len({event.name for event in found})


def test_nothing_is_logged_in_another_form() -> None:
    """No module calls its logger by itself, past the form and the table."""
    levels = {"debug", "info", "warning", "error", "exception", "critical", "log"}
    past = [
        module
        for module, call in _calls()
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in levels
        and getattr(call.func.value, "id", "") in ("logger", "logging", "package_logger")
    ]

    assert ["logs"] == past


def _all_of(caplog: pytest.LogCaptureFixture) -> str:
    """Give messages and fields, without what the standard library knows of each record."""
    standard = vars(logging.makeLogRecord({})).keys() - {"msg", "args"} | {"message", "asctime"}
    fields = [
        [value for name, value in vars(record).items() if name not in standard] for record in caplog.records
    ]
    return "\n".join([*caplog.messages, *map(str, fields)])


@pytest.mark.asyncio
async def test_a_whole_life_tells_no_secrets(
    simulator: AtsSimulator, names: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """All operations, retries, refreshes and failures, from DEBUG on: no token, number, name, file or query.

    Each message begins with its event, each field stands in the table, and each request has its line.
    """
    caplog.set_level(logging.DEBUG)
    everything = Everything(simulator, tmp_path)
    everything.spoil()
    async with session_of(simulator) as ats:
        await everything.run(ats, names)
    everything.assert_untold(_all_of(caplog))

    ours = [record for record in caplog.records if record.name.startswith("tele2ats_async")]
    table = {event.name: event for event in _table()}
    told = [vars(record)["event"] for record in ours]
    for record in ours:
        event = table[vars(record)["event"]]
        assert record.message.startswith(f"{event.name}: ")
        assert f"tele2ats_async.{event.logger}" == record.name
        assert record.levelname in event.levels
        extra = vars(record).keys() - vars(logging.makeLogRecord({})).keys() - {"event", "message"}
        assert set(event.fields) == extra - {"asctime"}
    assert len(simulator.requests) == told.count("request_answered") + told.count("request_unanswered")
    assert simulator.refresh_count == told.count("token_refreshed") == 2
    assert 6 == told.count("request_failed")
    assert [] == [record for record in caplog.records if record.name == "stamina"]


@pytest.mark.asyncio
async def test_what_the_service_says_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """A service that explains itself may do so with names and numbers; they are in the error alone."""
    caplog.set_level(logging.DEBUG)
    said = answer(f'{{"details": "no {PERSON} at {NUMBER}"}}'.encode(), "500 Oh")
    async with RawService(in_turn(said)) as service, open_session(service, retry=QUICKLY) as ats:
        with pytest.raises(AtsError, match=f"{PERSON} at {NUMBER}"):
            await ask(ats)
        with pytest.raises(AtsError, match=NUMBER):
            await ats.request("GET", f"/people/{NUMBER}")

    everything = _all_of(caplog)
    assert 3 + 3 == sum(message.startswith("request_failed: ") for message in caplog.messages)
    assert PERSON not in everything
    assert NUMBER not in everything


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (NotReady(NAME, "said"), "recording '…' does not exist, or is not ready yet"),
        (Truncated(NAME, 5, 3), "recording '…' ended after 3 bytes, expected 5"),
        (StorageError(NAME, 28, "full", f"/a/{NAME}.mp3"), "recording '…' cannot be written to …: full"),
        (RateLimited(429, "GET", "/a", "said", 2.0), "GET /a answered 429; it asks to wait 2 s"),
        (TokenStoreError("disk", "full"), "token store disk: full"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_errors_are_told_discreetly(error: AtsError, told: str) -> None:
    """What helps stays: the kind, our own words, sizes and statuses; names and what the service said go."""
    copied = discreet(error)

    assert (type(error), told) == (type(copied), str(copied))
    assert "said" not in repr(copied)
    assert NAME not in repr(copied)


def test_errors_of_others_are_told_by_what_is_known_of_them() -> None:
    """A token store of somebody else may have an error with arguments of its own."""

    class Lost(TokenStoreError):
        def __init__(self, secret: str) -> None:
            super().__init__("shelf", "lost")
            self.secret = secret

    assert (TokenStoreError, "token store shelf: lost") == (
        type(discreet(Lost(PAIR.access))),
        str(discreet(Lost(PAIR.access))),
    )


@pytest.mark.asyncio
@pytest.mark.skipif(sys.platform == "win32", reason="children are watched by /proc and signals")
async def test_processes_log_here(
    simulator: AtsSimulator, names: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What a process of `save_many` logs comes out where its parent logs, at the parent's level, without names."""
    simulator.inject(faults.CutBody(), requests={1, 2, 3})
    caplog.set_level(logging.INFO)
    async with session_of(simulator) as ats:
        outcomes = ats.recordings.save_many([*names, MISSING], tmp_path, processes=2)
        failed = [outcome.name async for outcome in outcomes if outcome.error]

    assert [MISSING] == failed
    assert {("tele2ats_async.retry", "INFO")} == {
        (record.name, record.levelname) for record in caplog.records
    }
    assert 3 == len(caplog.records)
    assert "request_failed" == vars(caplog.records[0])["event"]
    assert "mo_" not in _all_of(caplog)
