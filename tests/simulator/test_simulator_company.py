import importlib
import sys
from datetime import UTC, date, datetime, timedelta, timezone

import attrs
import pytest

from tele2ats_async.models import RecordCallStatus, RecordCallType
from tele2ats_async.simulator import Company

MOSCOW = timezone(timedelta(hours=3))
LAST_DAY = date(2022, 8, 12)  # a Friday


def test_same_arguments_make_the_same_company() -> None:
    """A seed in a bug report must be enough to see the same calls."""
    first, second = (Company.generate(seed=3, last_day=LAST_DAY) for _ in range(2))
    other = Company.generate(seed=4, last_day=LAST_DAY)

    assert first.records == second.records
    assert (first.name, first.employees, first.customers) == (second.name, second.employees, second.customers)
    assert first.administrator == second.administrator
    assert first.records != other.records


@pytest.mark.parametrize("seed", range(5))
def test_default_company_has_everything(seed: int) -> None:
    """Section 5: all call types and all statuses occur, whatever the seed and the weekday."""
    records = Company.generate(seed=seed, last_day=LAST_DAY + timedelta(days=seed)).records

    assert set(RecordCallType) == {record.call_type for record in records}
    assert set(RecordCallStatus) == {record.call_status for record in records}


def test_people_are_believable() -> None:
    """Numbers have the contract's formats and belong to one person each; names agree in gender."""
    company = Company.generate(seed=1)
    numbers = [person.full_number for person in company.employees]
    numbers += [customer.number for customer in company.customers]

    assert 12 <= len(company.employees) <= 20
    assert [f"{place + 1:04d}" for place in range(len(company.employees))] == [
        person.short_number for person in company.employees
    ]
    assert len(numbers) == len(set(numbers))
    assert all(len(number) == 11 and number.startswith(("79", "7495")) for number in numbers)
    assert {"Продажи", "Поддержка", "Бухгалтерия"} <= {person.department for person in company.employees}
    for person in company.employees:
        feminine = person.name.endswith(("а", "я", "ь")) and person.name not in {"Игорь", "Илья"}
        assert not (person.surname.endswith(("ов", "ев", "ин", "ий", "ый")) and feminine)
        assert not (person.surname.endswith(("ова", "ева", "ина", "ая")) and not feminine)


def test_conversations_are_believable() -> None:
    """Answered calls talk, mostly 20 to 180 seconds; the others neither talk nor are recorded."""
    records = Company.generate(seed=1, calls_per_day=300).records
    answered = [record for record in records if record.call_status.startswith("ANSWERED")]
    talks = [record.conversation_duration or 0 for record in answered]
    usual = [talk_s for talk_s in talks if 20 <= talk_s <= 180]

    assert all(talk_s > 0 for talk_s in talks)
    assert len(usual) > 0.7 * len(talks)
    assert max(talks) > 300
    assert any(not record.record_file_name for record in answered)
    for record in records:
        assert (record.call_duration or 0) > (record.conversation_duration or 0)
        if record not in answered:
            assert (0, True) == (record.conversation_duration, not record.record_file_name)


def test_calls_keep_working_hours() -> None:
    """Most calls are in Moscow's working time; those that are not end for that reason."""
    records = Company.generate(seed=1, last_day=LAST_DAY, days=14, calls_per_day=200).records
    late = RecordCallStatus.DENIED_DUE_TO_NOT_WORK_TIME
    at_work = 0
    for record in records:
        moment = record.date.astimezone(MOSCOW)
        working = moment.weekday() < 5 and 9 <= moment.hour < 18
        at_work += working
        assert working or record.call_status == late
    hours = [record.date.astimezone(MOSCOW).hour for record in records]

    assert at_work > 0.9 * len(records)
    assert {5, 6} <= {record.date.astimezone(MOSCOW).weekday() for record in records}
    assert hours.count(9) < hours.count(11) > hours.count(17)
    assert {LAST_DAY - timedelta(days=back) for back in range(14)} == {
        record.date.astimezone(MOSCOW).date() for record in records
    }


def test_names_of_recordings() -> None:
    """Section 4, note 9: the UTC day, a slash, and digits that begin with the epoch; each name once."""
    records = Company.generate(recordings=500).records
    names = [record.record_file_name or "" for record in records]

    assert 500 == len(set(names))
    for record in records:
        day, _, rest = (record.record_file_name or "").partition("/")
        assert f"{record.date:%Y-%m-%d}" == day
        assert rest.startswith(f"mo_{int(record.date.timestamp())}")
        assert 3 + 18 == len(rest)


def test_light_company_for_downloads() -> None:
    """Exactly so many recordings, and as short as asked for."""
    records = Company.generate(seed=1, recordings=2000, duration_s=(1, 5)).records

    assert 2000 == len(records) == len([record for record in records if record.record_file_name])
    assert {1, 2, 3, 4, 5} == {record.conversation_duration for record in records}
    assert sorted(record.date for record in records) == [record.date for record in records]


@pytest.mark.parametrize("hours", range(0, 24 * 7, 5))
def test_nothing_lies_in_the_future(hours: int) -> None:
    """Calls are over when the company is made, at any hour of any weekday."""
    now = datetime(2022, 8, 8, 0, 1, tzinfo=UTC) + timedelta(hours=hours)
    company = Company.generate(seed=hours, now=now)

    assert now >= max(
        record.date + timedelta(seconds=record.call_duration or 0) for record in company.records
    )
    assert set(RecordCallType) == {record.call_type for record in company.records}


def test_weekend_alone_still_has_recordings() -> None:
    """A company made of one Sunday has no working day, yet gets what it was asked for."""
    assert 5 == len(Company.generate(recordings=5, days=1, last_day=date(2022, 8, 14)).records)


def test_crowded_milliseconds_keep_names_apart() -> None:
    """More calls than a busy day: no two begin at the same moment."""
    records = Company.generate(recordings=20_000, days=1, last_day=LAST_DAY, duration_s=(1, 1)).records

    assert 20_000 == len({record.date for record in records})


def test_added_record_finds_its_place() -> None:
    """Later calls keep the order, and a name can be taken once."""
    company = Company.generate(recordings=3)
    middle = company.records[1]
    late = attrs.evolve(
        middle, date=middle.date + timedelta(milliseconds=1), record_file_name="2022-08-12/mo_1"
    )
    company.add_record(late)

    assert late is company.records[2]
    assert late is company.find_recorded("2022-08-12/mo_1")
    with pytest.raises(ValueError, match="is taken"):
        company.add_record(late)
    assert 4 == len(company.records)


def test_missing_encoder_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who installed the package without the extra learns which one to install."""
    for module in [name for name in sys.modules if name.startswith("tele2ats_async.simulator")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "lameenc", None)

    with pytest.raises(ImportError, match=r'pip install "tele2ats_async\[simulator\]"'):
        importlib.import_module("tele2ats_async.simulator")
