"""How pages are read quickly: models are built past their ``__init__``, and must not show it."""

import copy
import pickle
import statistics
import time
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs
import cattrs
import orjson
import pytest
from cattrs.gen import make_dict_structure_fn, override

from tele2ats_async import CallRecord, Customer, Manager, RecordCallStatus, RecordCallType, models
from tele2ats_async.wire.converter import decode, wire_name

MODELS = [model for model in vars(models).values() if attrs.has(model)]
ROW: dict[str, Any] = {
    "date": "2022-07-15T07:27:06.348Z",
    "callType": "SINGLE_CHANNEL",
    "destinationNumber": "79104739472",
    "callerNumber": "79000258890",
    "callerName": "Анастасия Исаева",
    "calleeNumber": "79104739472",
    "calleeName": "Юля Заплаткина",
    "callDuration": 20,
    "conversationDuration": 6,
    "callStatus": "ANSWERED_BY_ORIGINAL_CLIENT",
    "recordFileName": "2022-08-12/mo_166030684915821522",
}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_models_do_nothing_but_hold_their_fields(model: type[Any]) -> None:
    """Who builds an instance by its slots alone leaves nothing out."""
    own = {"__attrs_init__", "__attrs_pre_init__", "__attrs_post_init__", "__new__"} & vars(model).keys()

    assert set() == own
    assert {field.name for field in attrs.fields(model)} <= set(model.__slots__)
    for field in attrs.fields(model):
        assert (None, None, True) == (field.validator, field.converter, field.init)


def test_a_record_that_was_read_is_like_one_that_was_made() -> None:
    """Equal, hashed, shown, copied, pickled and evolved alike, and as frozen."""
    (read,) = decode(orjson.dumps([ROW]), list[CallRecord])
    made = CallRecord(**attrs.asdict(read))

    assert (made, hash(made), repr(made)) == (read, hash(read), repr(read))
    for twin in (pickle.loads(pickle.dumps(read)), copy.copy(read), copy.deepcopy(read)):
        assert made == twin
    assert attrs.evolve(made, caller_name=None) == attrs.evolve(read, caller_name=None)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        read.caller_name = "x"  # type: ignore[misc]  # the mistake


def test_rows_of_all_kinds_in_one_page() -> None:
    """A row that is read value by value does not disturb its neighbours: order, absent members, new values."""
    changes: list[dict[str, Any]] = [
        {},
        {"callType": "TELEPATHY"},
        {"callDuration": ""},
        {"callerName": None},
        {"callStatus": None, "conversationDuration": None},
        {},
    ]
    rows = [ROW | change for change in changes]
    del rows[-1]["recordFileName"]

    together = decode(orjson.dumps(rows), list[CallRecord])

    assert [decode(orjson.dumps(row), CallRecord) for row in rows] == together
    assert ["TELEPATHY", None, None, "", None] == [
        together[1].call_type,
        together[2].call_duration,
        together[3].caller_name,
        together[4].call_status,
        together[5].record_file_name,
    ]


def test_each_object_keeps_its_own_members() -> None:
    """Of lists in lists too, under the spelling that is sent."""
    customers = [{"id": 1, "isVIP": True, "new": [1]}, {"id": 2}]
    (first, second) = decode(
        orjson.dumps([{"id": 7, "customers": customers}, {"customers": None}]), list[Manager]
    )

    assert [Customer(id=1, is_vip=True), Customer(id=2)] == first.customers
    assert [{"id": 1, "isVip": True, "new": [1]}, {"id": 2}] == [
        customer.as_received for customer in first.customers
    ]
    assert {"id": 7, "customers": customers} == first.as_received
    assert ([], {"customers": None}) == (second.customers, second.as_received)


def _plain_way() -> Callable[[bytes], object]:
    """Decode as one would without us: orjson, and a converter of cattrs with its defaults."""
    enums: dict[object, Any] = {
        enum: StrEnum(enum.__name__, {member.value: member.value for member in enum})
        for enum in (RecordCallType, RecordCallStatus)
    }
    plain = attrs.make_class(
        "Plain",
        {
            field.name: attrs.field(default=field.default, type=enums.get(field.type, field.type))
            for field in attrs.fields(CallRecord)
        },
    )
    converter = cattrs.Converter()
    converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
    names: dict[str, Any] = {
        field.name: override(rename=wire_name(field.name)) for field in attrs.fields(plain)
    }
    converter.register_structure_hook(plain, make_dict_structure_fn(plain, converter, **names))
    return lambda raw: converter.structure(orjson.loads(raw), list[plain])  # type: ignore[valid-type]  # made above


def test_it_is_faster_than_the_plain_way() -> None:
    """Against orjson and cattrs as they come, in turns, by the time of the processor: a busy machine is no reason."""
    raw = orjson.dumps(
        [
            ROW | {"callDuration": number, "recordFileName": f"2022-08-12/mo_{number}"}
            for number in range(1000)
        ]
    )
    ways: list[Callable[[bytes], object]] = [_plain_way(), lambda raw: decode(raw, list[CallRecord])]
    seconds: list[list[float]] = [[], []]
    for _ in range(15):
        for way, taken in zip(ways, seconds, strict=True):
            began = time.thread_time()
            way(raw)
            taken.append(time.thread_time() - began)
    plain_s, ours_s = map(statistics.median, seconds)

    assert plain_s / ours_s > 1.5
