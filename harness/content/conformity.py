"""Holds a mapping of a document against a shape: every key known, every needed one there, every value of its type."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import msgspec
import msgspec.inspect as types

from harness.content.fields import Fields


def conform(fields: Fields, shape: type[msgspec.Struct], where: str) -> None:
    """Note what is not as the shape has it. ``where`` says what the mapping is: "a story"."""
    fields.unknown(shape, where)
    for field in _struct(shape).fields:
        value = fields.data.get(field.encode_name)
        if value is not None:
            _value(fields, field.type, value, (field.encode_name,))
        elif field.required:
            fields.note("missing-key", f"the key {field.encode_name} is missing")


@lru_cache(maxsize=64)
def _struct(shape: type[msgspec.Struct]) -> types.StructType:
    found = types.type_info(shape)
    assert isinstance(found, types.StructType)
    return found


def _value(fields: Fields, wanted: types.Type, value: Any, at: tuple[str | int, ...]) -> None:
    choices = _alternatives(wanted)
    fitting = next((choice for choice in choices if _fits(choice, value)), None)
    if fitting is None:
        fields.note("schema", f"must be {' or '.join(filter(None, map(_told, choices)))}", *at)
    elif isinstance(fitting, types.StructType):
        inner = Fields(fields.document, fields.problems, value, (*fields.path, *at))
        conform(inner, fitting.cls, str(next(key for key in reversed(at) if isinstance(key, str))))
    elif isinstance(fitting, types.ListType):
        if len(value) < (fitting.min_length or 0):
            fields.note("schema", "must have at least one item", *at)
        for number, item in enumerate(value):
            _value(fields, fitting.item_type, item, (*at, number))


def _alternatives(wanted: types.Type) -> tuple[types.Type, ...]:
    wanted = wanted.type if isinstance(wanted, types.Metadata) else wanted
    found = wanted.types if isinstance(wanted, types.UnionType) else (wanted,)
    return tuple(each.type if isinstance(each, types.Metadata) else each for each in found)


def _fits(wanted: types.Type, value: Any) -> bool:
    match wanted:
        case types.LiteralType(values):
            return value in values
        case types.StrType():
            long = isinstance(value, str) and len(value) >= (wanted.min_length or 0)
            return long and re.search(wanted.pattern or "", value) is not None
        case types.BoolType():
            return isinstance(value, bool)
        case types.IntType():
            inside = isinstance(value, int) and (wanted.ge is None or value >= wanted.ge)
            return inside and not isinstance(value, bool) and (wanted.le is None or value <= wanted.le)
        case types.FloatType():
            return isinstance(value, int | float) and not isinstance(value, bool)
        case types.ListType():
            return isinstance(value, list)
        case types.DictType() | types.StructType():
            return isinstance(value, dict)
    return not isinstance(wanted, types.NoneType)


def _told(wanted: types.Type) -> str:
    match wanted:
        case types.LiteralType(values):
            return f"one of {', '.join(map(str, values))}"
        case types.StrType(pattern=str() as pattern):
            return f"like {pattern}"
        case types.StrType():
            return f"a text of {wanted.min_length} characters or more" if (wanted.min_length or 0) > 1 else "a text"
        case types.BoolType():
            return "true or false"
        case types.IntType():
            bounds = [f"from {wanted.ge}" if wanted.ge is not None else "", f"to {wanted.le}" if wanted.le else ""]
            return " ".join(["a whole number", *filter(None, bounds)])
        case types.FloatType():
            return "a number"
        case types.ListType():
            return "a list"
        case types.DictType() | types.StructType():
            return "a mapping of keys to values"
    return ""
