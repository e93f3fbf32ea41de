"""How cattrs is set up for the contract's spelling: names, odd members, lists, unknown members."""

import re
from collections.abc import Mapping
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
from .hooks import Hook, WrongValueError

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


def wire_name(field_name: str) -> str:
    """Give the contract's spelling of a field: ``record_file_name`` becomes ``recordFileName``."""
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), field_name)


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
    converter.register_structure_hook_factory(attrs.has, partial(_make_object_hook, converter))
    converter.register_unstructure_hook_factory(
        attrs.has,
        partial(_make_plain_spelling_hook, converter),
    )
    converter.register_unstructure_hook_factory(_keeps_members, partial(_make_spelling_hook, converter))
    converter.register_unstructure_hook(datetime, _spell_moment)
    return converter


def _is_optional_enum(kind: object) -> bool:
    return isinstance(kind, UnionType) and any(
        isinstance(member, type) and issubclass(member, OpenEnum) for member in get_args(kind)
    )


def _read_optional_enum(value: object, kind: object) -> OpenEnum | None:
    enum = next(member for member in get_args(kind) if member is not type(None))
    return None if value is None or value == "" else hooks.read_open_enum(value, enum)


def _make_list_hook(converter: cattrs.Converter, kind: Any) -> Hook:
    """Make the reader of a list inside an object, which may be null, or hold one."""
    structure: Hook = list_structure_factory(kind, converter)

    def read_list(value: object, _: object) -> object:
        if value is None or value == "":
            return []
        if type(value) is not list:
            raise WrongValueError("a list", value)
        return structure([item for item in cast("list[object]", value) if item is not None], kind)

    return read_list


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


def _make_object_hook(converter: cattrs.Converter, model: type[Any]) -> Hook:
    structure = cast("Hook", make_dict_structure_fn(model, converter, **_spelling(model)))
    if _keeps_members(model):
        spellings = _SECOND_SPELLINGS.get(model, {})

        def read_and_keep(value: object, _: object) -> object:
            if not isinstance(value, dict):
                raise WrongValueError("an object", value)
            received = cast("dict[str, object]", value)
            members = dict(received)
            for other, name in spellings.items():
                if other in members:
                    member = members.pop(other)
                    if members.get(name) is None:
                        members[name] = member
            return attrs.evolve(structure(members, model), as_received=members)

        return read_and_keep
    if not converter.detailed_validation and _has_required_member(model):
        return structure  # which stumbles over what is no object by itself

    def read_object(value: object, _: object) -> object:
        # Told here: of a list or a text cattrs would miss each member by itself.
        if type(value) is not dict:
            raise WrongValueError("an object", value)
        return structure(value, model)

    return read_object


def _has_required_member(model: type) -> bool:
    return any(field.default is attrs.NOTHING for field in attrs.fields(model))


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
