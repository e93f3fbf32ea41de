"""What each command prints, and what it has the service do."""

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from faults import answer_with, body
from inside import Inside, served

from tele2ats_async.simulator import AtsSimulator, Company, faults

HOSTILE = "\x1b[2J=SUM(1)\r\n[bold red]:smile:\u009b31m\u202e"


def lines(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def table(out: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(out)))


@web.middleware
async def refuse_second_page(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 400 to all pages but the first."""
    if request.query.get("page", "0") != "0":
        return web.json_response({"details": "no more"}, status=400)
    return await handler(request)


def whole_period(company: Company) -> list[str]:
    first, last = company.records[0].date, company.records[-1].date + timedelta(seconds=1)
    return ["--start", first.isoformat(), "--end", last.isoformat()]


def asked(simulator: AtsSimulator, operation: int) -> list[dict[str, list[str]]]:
    return [parse_qs(request.raw_query) for request in simulator.requests if request.operation == operation]


# Whoever calls at night would find nobody on the phone.
LIVE_CALLS = answer_with("/monitoring/calls", body(
    b'[{"callType": "INTERNAL", "callerNumberShort": "0001", "callerNumberFull": "79535548834",'
    b' "calledNumberShort": "0002", "calledNumberFull": "79527745939"}, {"callType": "MULTI_CHANNEL"}]',
    content_type="application/json",
))  # fmt: skip
LIVE_QUEUES = answer_with("/monitoring/calls/pending", body(
    b'[{"queueName": "1", "calls": ["79527648162", "79527648163"]}, {"queueName": "2", "calls": []}]',
    content_type="application/json",
))  # fmt: skip

LISTS = {
    "calls": "callType callerNumberShort callerNumberFull calledNumberShort calledNumberFull",
    "queues": "queueName calls",
    "employees": "employeeId name surname fullNumber shortNumber groupName email",
    "managers list": "id employeeId companyId name customers handleAllCustomers",
    "blacklist list": "id number sourceType",
    "records": "date callType callStatus destinationNumber callerNumber callerName calleeNumber calleeName"
    " callDuration conversationDuration recordFileName",
    "stats --journal": "startTimestamp endTimestamp number numberOfCalls numberOfSuccessCalls",
}  # fmt: skip


@pytest.fixture
def inside(company: Company) -> Iterator[Inside]:
    """Run commands in this process."""
    with served(company=company) as simulator:
        yield Inside(simulator)


@pytest.mark.parametrize(("command", "names"), LISTS.items())
def test_the_names_that_programs_rely_on(company: Company, command: str, names: str) -> None:
    """JSON, JSON lines and CSV have the same rows under the same names, in this order, for good."""
    with served(company=company, middlewares=[LIVE_CALLS, LIVE_QUEUES]) as simulator:
        inside = Inside(simulator)
        period = whole_period(company) if command in ("records", "stats --journal") else []
        forms = [inside.run(*command.split(), *period, form) for form in ("--json", "--jsonl", "--csv")]

    assert [(0, "")] * 3 == [(form.status, form.err) for form in forms]
    rows = json.loads(forms[0].out)
    assert len(rows) > 0
    assert rows == lines(forms[1].out)
    # Managers are shown with members that this version does not know, which go back to the service.
    assert [names.split()] * len(rows) == [list(row)[: len(names.split())] for row in rows]
    assert command == "managers list" or {len(names.split())} == {len(row) for row in rows}
    assert len(rows) == len(table(forms[2].out))
    assert names.split() == next(csv.reader(io.StringIO(forms[2].out)))
    for row, line in zip(rows, table(forms[2].out), strict=True):
        for name, value in row.items():
            if name in line and isinstance(value, str | int) and not isinstance(value, bool):
                assert str(value) == line[name]


@pytest.mark.parametrize("command", LISTS)
def test_people_get_a_table(inside: Inside, command: str) -> None:
    """On a pipe it has a heading and a row on a line, aligned, and no colours."""
    finished = inside.run(*command.split(), FORCE_COLOR="1")

    assert (0, "") == (finished.status, finished.err)
    assert finished.out.count("\n") >= 1
    assert "\x1b" not in finished.out
    assert "│" not in finished.out


def test_one_thing_is_an_object(inside: Inside) -> None:
    """Figures and one manager are no array; as lines and as CSV they are a row."""
    period = whole_period(inside.simulator.company)
    for command in (["stats", *period], ["managers", "show", "26"]):
        as_json, as_lines, as_csv = (inside.run(*command, form) for form in ("--json", "--jsonl", "--csv"))

        assert [json.loads(as_json.out)] == lines(as_lines.out)
        assert 1 == len(table(as_csv.out))
        names = next(csv.reader(io.StringIO(as_csv.out)))
        assert names == list(json.loads(as_json.out))[: len(names)]


def test_records_are_all_there_with_their_times_in_the_zone(inside: Inside) -> None:
    """Every call once; JSON has offsets, a table does not need them."""
    company = inside.simulator.company
    finished = inside.run("records", *whole_period(company), "--jsonl", "--tz", "Asia/Kamchatka")
    shown = inside.run("records", *whole_period(company), "--tz", "Asia/Kamchatka", "--limit", "1")

    rows = lines(finished.out)
    assert [record.date for record in company.records] == [
        datetime.fromisoformat(row["date"]) for row in rows
    ]
    assert {"+12:00"} == {row["date"][-6:] for row in rows}
    assert f"{datetime.fromisoformat(rows[0]['date']):%Y-%m-%d %H:%M:%S}" in shown.out


def test_the_filters_go_to_the_service(inside: Inside) -> None:
    """As it wants them, whatever way numbers are typed."""
    arguments = [
        "--caller",
        "8 (999) 888-77-66",
        "--callee",
        "0001",
        "--recorded",
        "--sort",
        "callDuration,DESC",
    ]
    finished = inside.run("records", "--start", "2026-11-01", "--tz", "Europe/Moscow", "--end", "2026-11-02",
                          *arguments, "--limit", "7")  # fmt: skip

    assert (0, "") == (finished.status, finished.err)
    assert [{
        "start": ["2026-11-01T00:00:00+03:00"], "end": ["2026-11-02T23:59:59+03:00"], "caller": ["79998887766"],
        "callee": ["0001"], "is_recorded": ["true"], "page": ["0"], "size": ["7"], "sort": ["callDuration,DESC"],
    }] == asked(inside.simulator, 8)  # fmt: skip


@pytest.mark.parametrize("limit", [1, 59, 10_000])
@pytest.mark.parametrize("form", ["--json", "--jsonl"])
def test_a_limit_is_kept(inside: Inside, limit: int, form: str) -> None:
    """No more rows than that, and no fewer where there are more."""
    company = inside.simulator.company
    finished = inside.run("records", *whole_period(company), form, "--limit", str(limit))
    rows = json.loads(finished.out) if form == "--json" else lines(finished.out)

    assert 0 == finished.status
    assert min(limit, len(company.records)) == len(rows)


def test_without_calls_there_is_an_empty_array(inside: Inside) -> None:
    """And a heading of CSV: a program need not know better."""
    day = ["records", "--start", "2001-01-01", "--end", "2001-01-01"]

    assert [] == json.loads(inside.run(*day, "--json").out)
    assert "" == inside.run(*day, "--jsonl").out
    assert [] == table(inside.run(*day, "--csv").out)


def test_a_listing_that_breaks_off_is_no_json() -> None:
    """The second page is refused: status 1, and nobody takes the first one for all."""
    company = Company.generate(seed=5, recordings=1001, duration_s=(1, 2))
    with served(company=company, middlewares=[refuse_second_page]) as simulator:
        finished = Inside(simulator).run("records", *whole_period(company), "--json")

    assert (1, 1) == (finished.status, finished.err.count("\n"))
    assert 1000 == finished.out.count('{"date": ')
    with pytest.raises(json.JSONDecodeError):
        json.loads(finished.out)


def test_the_figures_of_a_number(inside: Inside) -> None:
    """The number goes as the contract wants it; durations are for people, seconds for programs."""
    employee = next(one for one in inside.simulator.company.employees if one.full_number)
    assert employee.full_number is not None
    typed = f"+7 ({employee.full_number[1:4]}) {employee.full_number[4:]}"
    arguments = ["stats", *whole_period(inside.simulator.company), "--number", typed]
    people, programs = inside.run(*arguments), inside.run(*arguments, "--json")
    journal = inside.run(*arguments, "--journal", "--jsonl")

    figures = json.loads(programs.out)
    assert f"all call count: {figures['allCallCount']}\n" in people.out
    assert f"common call duration: {timedelta(seconds=figures['commonCallDuration'])}\n" in people.out
    assert [[employee.full_number]] * 2 == [query["subscriberNumber"] for query in asked(inside.simulator, 6)]
    assert [employee.full_number] == [row["number"] for row in lines(journal.out)]


def test_dial(inside: Inside) -> None:
    """It is placed once, and what was placed is said."""
    source = next(one.short_number for one in inside.simulator.company.employees if one.short_number)
    assert source is not None
    finished = inside.run("dial", "--source", source, "--destination", "8 (999) 888-77-66")

    assert (0, "") == (finished.status, finished.err)
    assert f"placed: {source} rings, then 79998887766 is called\n" == finished.out
    assert 1 == len(asked(inside.simulator, 5)) == len(inside.simulator.placed_calls)


def test_dial_for_nobody(inside: Inside) -> None:
    """There is no such employee: status 1, and where to look."""
    finished = inside.run("dial", "--source", "4242", "--destination", "79998887766")

    assert (1, "") == (finished.status, finished.out)
    assert "no call was placed: see tele2ats employees for who 4242 may be\n" in finished.err


@pytest.mark.parametrize("fault", [faults.Vanish(), faults.ServerErrors()])
def test_dial_is_never_sent_twice(inside: Inside, fault: faults.Fault) -> None:
    """No answer came: what is not known is said, and a person decides."""
    inside.simulator.inject(fault, operations=[5])
    source = next(one.short_number for one in inside.simulator.company.employees if one.short_number)
    assert source is not None
    finished = inside.run("dial", "--source", source, "--destination", "79998887766")

    assert (1, "") == (finished.status, finished.out)
    assert "the call may have been placed; look with tele2ats calls before you dial again\n" in finished.err
    assert 1 == len(asked(inside.simulator, 5))


def test_the_blacklist(inside: Inside) -> None:
    """Put there, found there, taken off; `add` says whether it was there already."""
    said = [inside.run("blacklist", command, "8 999 888 77 66") for command in ("add", "add", "remove")]
    numbers = [row["number"] for row in json.loads(inside.run("blacklist", "list", "--json").out)]
    cleared = inside.run("blacklist", "clear", "--yes")

    assert [
        (0, "79998887766 is on the blacklist\n"),
        (0, "79998887766 was on the blacklist already\n"),
        (0, "79998887766 is not on the blacklist any more\n"),
    ] == [(one.status, one.out) for one in said]
    assert numbers
    assert "79998887766" not in numbers
    assert (0, "the blacklist is empty\n") == (cleared.status, cleared.out)
    assert "[]\n" == inside.run("blacklist", "list", "--json").out


def test_a_manager_there_and_back(inside: Inside, tmp_path: Path) -> None:
    """What `show --json` prints is what `update` takes, from a file or a pipe; what nobody knows stays."""
    before = inside.run("managers", "show", "26", "--json").out
    manager = json.loads(before)
    (tmp_path / "manager.json").write_text(json.dumps(manager | {"name": "Анна"}))
    changed = inside.run("managers", "update", str(tmp_path / "manager.json"))
    after = json.loads(inside.run("managers", "show", "26", "--json").out)
    back = inside.run("managers", "update", "-", given=before)

    assert 1 == manager["version"]  # which is not in the contract
    assert (0, "changed: Анна\n") == (changed.status, changed.out)
    assert manager | {"name": "Анна"} == after
    assert 0 == back.status
    assert before == inside.run("managers", "show", "26", "--json").out


def test_a_manager_made_and_removed(inside: Inside) -> None:
    """Its id is the service's; `delete` says that it has gone, and the second time that there is none."""
    employee = inside.simulator.company.employees[-1]
    form = {"name": "Пётр", "employeeId": employee.employee_id, "customers": [{"realNumber": "79081581621"}]}
    made = inside.run("managers", "create", "-", given=json.dumps(form))
    listed = json.loads(inside.run("managers", "list", "--json").out)
    number = str(next(row["id"] for row in listed if row["name"] == "Пётр"))
    shown = inside.run("managers", "show", number)
    removed = [inside.run("managers", "delete", number, "--yes") for _ in range(2)]

    assert (0, "made: Пётр\n") == (made.status, made.out)
    assert "name: Пётр\n" in shown.out
    assert "79081581621" in shown.out
    assert [0, 1] == [one.status for one in removed]
    assert f"tele2ats managers list shows which there are, not {number}\n" in removed[1].err


def test_a_manager_is_never_made_twice(inside: Inside) -> None:
    """No answer came: where to look is said; an update, which may be repeated, is."""
    inside.simulator.inject(faults.Vanish(), operations=[13])
    inside.simulator.inject(faults.Vanish(), operations=[14], requests=[1])
    manager = json.loads(inside.run("managers", "show", "26", "--json").out)
    changed = inside.run("managers", "update", "-", given=json.dumps(manager))
    form = json.dumps({"name": "Пётр", "employeeId": manager["employeeId"]})
    made = inside.run("managers", "create", "-", given=form)

    assert (1, "") == (made.status, made.out)
    assert "the manager may have been saved; look with tele2ats managers list\n" in made.err
    assert 1 == len(asked(inside.simulator, 13))
    assert (0, 2) == (changed.status, len(asked(inside.simulator, 14)))


@pytest.mark.parametrize(
    ("command", "form", "said"),
    [
        ("create", '{"name": "x", "emploeeId": 1}', "$.emploeeId: no such member; type employeeId"),
        ("create", '{"name": "x", "customers": [{"realNumbr": ""}]}', "$.customers[0].realNumbr: no such member"),
        ("create", '{"name": "x", "employeeId": "1"}', "at $.employeeId: expected an integer, got a text; type"),
        ("create", '{"employeeId": 1}', "at $.name: not given; type"),
        ("create", '{"name": "x", "id": 26}', "id: the service gives it; leave it out, or type tele2ats managers"),
        ("create", "[]", "at $: expected an object, got a list; type"),
        ("create", "", "at $: not JSON"),
        ("create", "[" * 5000, "at $: not JSON"),
        ("create", '{"name": "\ud800"}'.encode(errors="surrogatepass"), "at $: not JSON"),
        ("update", '{"name": "x"}', "id: not given; type the one that tele2ats managers list shows"),
        ("update", '{"name": "x", "id": 0}', "id: not given; type the one that tele2ats managers list shows"),
        ("update", '{"name": "x", "id": true}', "at $.id: expected an integer, got a boolean"),
    ],
)  # fmt: skip
def test_a_manager_that_is_none(inside: Inside, command: str, form: str | bytes, said: str) -> None:
    """It is refused before anything is sent, and where it is wrong is said."""
    finished = inside.run("managers", command, "-", given=form)

    assert (2, "", 1) == (finished.status, finished.out, finished.err.count("\n"))
    assert said in finished.err
    assert 0 == len(inside.simulator.requests)


def test_a_manager_has_an_end(inside: Inside) -> None:
    """A device, or a disk image that was meant to be another file, is not read into memory whole."""
    finished = inside.run("managers", "create", "/dev/zero")

    assert (2, "tele2ats: /dev/zero: is larger than any manager is; type another name, or -\n") == (
        finished.status,
        finished.err,
    )


@pytest.mark.parametrize("name", ["", "none.json", ".", "\x1b[2J.json"])
def test_a_manager_in_no_file(inside: Inside, name: str, tmp_path: Path) -> None:
    """The file cannot be read: a line that says why."""
    finished = inside.run("managers", "create", str(tmp_path / name))

    assert 2 == finished.status
    assert re.fullmatch(
        r"tele2ats: [^\x00-\x1f]*: cannot be read: .*; type another name, or -\n", finished.err
    )


def test_names_command_no_terminal(company: Company) -> None:
    """Escape sequences, markup, line breaks: in JSON they mean what was sent, elsewhere they mean nothing."""
    employee = json.dumps([{"employeeId": 1, "name": HOSTILE, "groupName": "=cmd|' /C calc'!A0",
                            "email": "-1+2", "fullNumber": "+79998887766"}])  # fmt: skip
    answer = body(employee.encode(), content_type="application/json")
    with served(company=company, middlewares=[answer_with("/employees", answer)]) as simulator:
        inside = Inside(simulator)
        shown, as_csv, as_json, as_lines = (
            inside.run("employees", *form) for form in ([], ["--csv"], ["--json"], ["--jsonl"])
        )

    for one in (shown, as_csv, as_json, as_lines):
        assert (0, "") == (one.status, one.err)
        assert "".join(one.out.split("\n")).isprintable()
    assert 2 == shown.out.count("\n") == as_csv.out.count("\n")
    assert "[bold red]:smile:" in shown.out
    assert [HOSTILE] == [row["name"] for row in json.loads(as_json.out)]
    assert [HOSTILE] == [row["name"] for row in lines(as_lines.out)]
    row = table(as_csv.out)[0]
    assert ("'=cmd|' /C calc'!A0", "'-1+2", "+79998887766") == (
        row["groupName"],
        row["email"],
        row["fullNumber"],
    )


def test_errors_command_no_terminal(company: Company) -> None:
    """What the service says of a failure is one line, too."""
    answer = body(json.dumps({"details": HOSTILE}).encode(), content_type="application/json", status=400)
    with served(company=company, middlewares=[answer_with("/employees", answer)]) as simulator:
        finished = Inside(simulator).run("employees")

    assert (1, "") == (finished.status, finished.out)
    assert finished.err.endswith("\n")
    assert finished.err[:-1].isprintable()


def test_spent_tokens(inside: Inside) -> None:
    """Status 3, and no token is shown."""
    pair = inside.simulator.tokens
    inside.simulator.regenerate_tokens()
    finished = inside.run("employees", TELE2ATS_ACCESS_TOKEN=pair.access, TELE2ATS_REFRESH_TOKEN=pair.refresh)

    assert (3, "") == (finished.status, finished.out)
    assert pair.access not in finished.err
    assert pair.refresh not in finished.err
