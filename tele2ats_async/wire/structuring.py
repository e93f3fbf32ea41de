"""How cattrs is set up for the contract's spelling: names, odd members, lists, unknown members."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from operator import eq
from types import UnionType
from typing import Any, cast, get_args, get_origin

import attrs
import cattrs
from cattrs.cols import list_structure_factory
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from ..models import BlacklistEntry, Customer, IssuedTokens, JournalEntry, OpenEnum
from . import hooks
from .columns import Reader, enum_of, make_column_reader, make_member_reader, make_rows_reader
from .hooks import Hook, WrongValueError
from .spelling import wire_name

_HOOKS: dict[type, Hook] = {
    str: hooks.read_required_text,
    int: hooks.read_integer,
    float: hooks.read_number,
    bool: hooks.read_flag,
    datetime: hooks.read_moment,
    OpenEnum: hooks.read_open_enum,
}
_OPTIONAL_HOOKS: dict[object, Hook] = {
    str | None: hooks.read_optional_text,
    **{kind | None: hooks.optional(_HOOKS[kind]) for kind in (int, float, bool, datetime)},
}
# Members whose values the contract spells in a way of their own.
_MEMBER_HOOKS: dict[type, dict[str, Hook]] = {
    BlacklistEntry: {"number": hooks.read_digits},
    IssuedTokens: {"access_token": hooks.read_text, "refresh_token": hooks.read_text},
    JournalEntry: {
        "start_timestamp": hooks.optional(hooks.read_epoch),
        "end_timestamp": hooks.optional(hooks.read_epoch),
    },
}
# Names that the contract's tables and examples spell in two ways; the second is the one to send.
_SECOND_SPELLINGS: dict[type, dict[str, str]] = {Customer: {"isVIP": "isVip"}}

_AS_RECEIVED = "as_received"


def make_converter(*, detailed_validation: bool) -> cattrs.Converter:
    """Make a converter: a quick one, or one whose errors say where they happened."""
    converter = cattrs.Converter(detailed_validation=detailed_validation)
    for kind, hook in _HOOKS.items():
        converter.register_structure_hook(kind, hook)
    for union, hook in _OPTIONAL_HOOKS.items():
        converter.register_structure_hook_func(partial(eq, union), hook)
    converter.register_structure_hook_func(_is_optional_enum, _read_optional_enum)
    converter.register_structure_hook_factory(
        lambda kind: cast("object", get_origin(kind)) is list, partial(_make_list_hook, converter)
    )
    make_object_hook = _make_explaining_hook if detailed_validation else _make_quick_hook
    converter.register_structure_hook_factory(attrs.has, partial(make_object_hook, converter))
    converter.register_unstructure_hook_factory(
        attrs.has,
        partial(_make_plain_spelling_hook, converter),
    )
    converter.register_unstructure_hook_factory(_keeps_members, partial(_make_spelling_hook, converter))
    converter.register_unstructure_hook(datetime, _spell_moment)
    return converter


def _is_optional_enum(kind: object) -> bool:
    return isinstance(kind, UnionType) and enum_of(kind) is not None


def _read_optional_enum(value: object, kind: object) -> OpenEnum | None:
    if value is None or value == "":
        return None
    return hooks.read_open_enum(value, cast("type[OpenEnum]", enum_of(kind)))


def _make_list_hook(converter: cattrs.Converter, kind: Any) -> Hook:
    """Make the reader of a list inside an object, which may be null, or hold one."""
    make_items_reader = _make_explaining_reader if converter.detailed_validation else _make_quick_reader
    read = make_items_reader(converter, kind)

    def read_list(value: object, _: object) -> object:
        if value is None or value == "":
            return []
        if type(value) is not list:
            raise WrongValueError("a list", value)
        return read([item for item in cast("list[object]", value) if item is not None])

    return read_list


def _make_explaining_reader(converter: cattrs.Converter, kind: Any) -> Reader:
    structure = list_structure_factory(kind, converter)
    return lambda items: structure(items, kind)


def _make_quick_reader(converter: cattrs.Converter, kind: Any) -> Reader:
    return _make_reader(converter, *get_args(kind))


def _keeps_members(model: Any) -> bool:
    return attrs.has(model) and _AS_RECEIVED in attrs.fields_dict(model)


def _spelling(model: type) -> dict[str, Any]:
    special = _MEMBER_HOOKS.get(model, {})
    return {
        field.name: override(rename=wire_name(field.name), struct_hook=special.get(field.name))
        if field.name != _AS_RECEIVED
        else override(omit=True)
        for field in attrs.fields(model)
    }


def _make_explaining_hook(converter: cattrs.Converter, model: type[Any]) -> Hook:
    """Make the reader of an object as cattrs would, for what it tells of a wrong one."""
    structure = cast("Hook", make_dict_structure_fn(model, converter, **_spelling(model)))
    receive = _make_receiver(model)
    return lambda value, _: structure(receive(value), model)


def _make_quick_hook(converter: cattrs.Converter, model: type[Any]) -> Hook:
    read = _make_reader(converter, model)
    return lambda value, _: read([value])[0]


def _make_reader(converter: cattrs.Converter, kind: Any) -> Reader:
    """Make the reader of many values of one type."""
    if not attrs.has(kind):
        return make_column_reader(kind, converter.get_structure_hook(kind))
    special = _MEMBER_HOOKS.get(kind, {})
    readers = {
        field.name: make_member_reader(
            wire_name(field.name),
            make_column_reader(object, special[field.name])
            if field.name in special
            else _make_reader(converter, field.type),
            is_required=field.default is attrs.NOTHING,
        )
        for field in attrs.fields(kind)
        if field.name != _AS_RECEIVED
    }
    if not _keeps_members(kind):
        return make_rows_reader(kind, readers)
    receive = _make_receiver(kind)
    readers[_AS_RECEIVED] = list  # the rows themselves
    read = make_rows_reader(kind, readers)
    return lambda values: read([*map(receive, values)])


def _make_receiver(model: type) -> Callable[[object], dict[str, object]]:
    """Make what copies an object's members, under one spelling each."""
    spellings = _SECOND_SPELLINGS.get(model, {})

    def receive(value: object) -> dict[str, object]:
        # Told here: of a list or a text cattrs would miss each member by itself.
        if type(value) is not dict:
            raise WrongValueError("an object", value)
        members = dict(cast("dict[str, object]", value))
        for other, name in spellings.items():
            if other in members:
                member = members.pop(other)
                if members.get(name) is None:
                    members[name] = member
        return members

    return receive


def _make_plain_spelling_hook(converter: cattrs.Converter, model: type[Any]) -> Any:
    return make_dict_unstructure_fn(model, converter, _cattrs_omit_if_default=True, **_spelling(model))


def _make_spelling_hook(converter: cattrs.Converter, model: type[Any]) -> Any:
    """Make the encoder of a model that keeps its members as received: the untouched go back as they came."""
    fields = [field.name for field in attrs.fields(model) if field.name != _AS_RECEIVED]

    def spell(instance: Any) -> dict[str, object]:
        received: Mapping[str, object] = instance.as_received
        before: Any = converter.structure(received, model) if received else None
        members = dict(received)
        for field in fields:
            value, name = getattr(instance, field), wire_name(field)
            if before is not None and value == getattr(before, field) and not (value and type(value) is list):
                continue
            if value is not None or name in members:
                members[name] = converter.unstructure(value)
        return members

    return spell


def _spell_moment(moment: datetime) -> str:
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"
