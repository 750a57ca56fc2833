"""JSON functions (Search Reference, "JSON functions")."""

from __future__ import annotations

from functools import partial
from typing import Any

from harness.expressions.json_texts import (
    MISSING,
    changed,
    document,
    element,
    extracted,
    is_json,
    native,
    parse,
    write,
)
from harness.expressions.registry import InvalidArguments, NotImplementedExactly, function
from harness.values.column import Value, normal
from harness.values.values import texts, to_text


def key(value: Value) -> str:
    """A key or path: only text is one."""
    if not isinstance(value, str):
        raise InvalidArguments
    return str(value)


def _pairs(values: tuple[Value, ...]) -> list[tuple[str, Value]]:
    if len(values) % 2:
        raise InvalidArguments
    return [(key(values[at]), values[at + 1]) for at in range(0, len(values), 2)]


@function("json_object", 0, None, nulls=True, multivalues=True, result="s")
def json_object(*values: Value) -> Value:
    return write({name: element(value) for name, value in _pairs(values)})


@function("json_array", 0, None, nulls=True, multivalues=True, result="s")
def json_array(*values: Value) -> Value:
    return write([element(value) for value in values])


@function("json", nulls=True)
def json(value: Value) -> Value:
    """The value if it is JSON, else null."""
    return value if value is not None and _valid(value) else None


def _valid(value: Value) -> bool:
    return type(value) is bool or parse(to_text(value)) is not MISSING  # type: ignore[arg-type]


@function("json_valid", result="b")
def json_valid(value: Value) -> Value:
    return _valid(value)


def _each(wanted: list[Any]) -> Value:
    """One value as itself, several as an array."""
    if len(wanted) == 1:
        return native(wanted[0])
    if any(value is MISSING for value in wanted):
        raise NotImplementedExactly("Several JSON paths of which one leads nowhere")
    return write(wanted)


@function("json_extract", 1, None, kinds="s")
def json_extract(value: Value, *paths: Value) -> Value:
    """A value by its path, or an array of several; without a path the value itself."""
    if not paths:
        return native(parse(to_text(value)))  # type: ignore[arg-type]
    tree = document(value)
    return None if tree is MISSING else _each([extracted(tree, key(path)) for path in paths])


@function("json_extract_exact", 1, None, kinds="s")
def json_extract_exact(value: Value, *keys: Value) -> Value:
    """Like json_extract, but a key is a key, whatever characters it has."""
    if not keys:
        return native(parse(to_text(value)))  # type: ignore[arg-type]
    tree = document(value)
    if not isinstance(tree, dict):
        return None
    return _each([tree.get(key(name), MISSING) for name in keys])


@function("json_keys", kinds="s", result="s")
def json_keys(value: Value) -> Value:
    tree = document(value)
    return write(list(tree)) if isinstance(tree, dict) else None


@function("json_entries", kinds="s", result="s")
def json_entries(value: Value) -> Value:
    tree = document(value)
    if not isinstance(tree, dict):
        return None
    return write([{"key": name, "value": member} for name, member in tree.items()])


@function("json_has_key_exact", 2, kinds="ss", result="b")
def json_has_key_exact(value: Value, name: Value) -> Value:
    tree = document(value)
    return key(name) in tree if isinstance(tree, dict) else None


def _set(tree: Any, name: str, value: Value) -> Any:
    return changed(tree, name, lambda _: element(value), create=True)


@function("json_set", 3, None, kinds="s!.", nulls=True, multivalues=True, result="s")
def json_set(value: Value, *pairs: Value) -> Value:
    """The document with each path's value written, keys on the way made where they are not there."""
    tree = document(value)
    if tree is MISSING:
        return None
    for name, new in _pairs(pairs):
        tree = _set(tree, name, new)
    return write(tree)


@function("json_set_exact", 3, None, kinds="s!.", nulls=True, multivalues=True, result="s")
def json_set_exact(value: Value, *pairs: Value) -> Value:
    """Like json_set, but a key is a key, whatever characters it has."""
    tree = document(value)
    if not isinstance(tree, dict):
        return None
    if len(pairs) > 2:
        raise NotImplementedExactly("json_set_exact() with several keys")
    return write({**tree, **{name: element(new) for name, new in _pairs(pairs)}})


def _appended(new: list[Any], old: Any) -> Any:
    """New members at the end of an array; anything else becomes the first member of one."""
    return [*old, *new] if isinstance(old, list) else [old, *new]


@function("json_append", 3, None, kinds="s!.", nulls=True, multivalues=True, result="s")
def json_append(value: Value, *pairs: Value) -> Value:
    """Each value as one member at the end of the array that its path leads to; paths that lead nowhere are skipped."""
    tree = document(value)
    if tree is MISSING:
        return None
    for name, new in _pairs(pairs):
        tree = changed(tree, name, partial(_appended, [element(new)]), create=False)
    return write(tree)


@function("json_extend", 3, None, kinds="s!.", nulls=True, multivalues=True, result="s")
def json_extend(value: Value, *pairs: Value) -> Value:
    """The members of each array at the end of the array that its path leads to."""
    tree = document(value)
    if tree is MISSING:
        return None
    for name, new in _pairs(pairs):
        added = element(new)
        if not isinstance(added, list):
            raise NotImplementedExactly("json_extend() with what is no array")
        tree = changed(tree, name, partial(_appended, added), create=False)
    return write(tree)


@function("json_delete", 2, None, kinds="s", result="s")
def json_delete(value: Value, *names: Value) -> Value:
    """The object without the keys, given one by one or as an array; a dot leads into an object."""
    tree = document(value)
    if not isinstance(tree, dict):
        return None
    for name in names:
        listed = document(name)
        for path in listed if isinstance(listed, list) else [key(name)]:
            if not isinstance(path, str) or "{" in path:
                raise NotImplementedExactly("json_delete() of an element of an array")
            tree = _without(tree, path.split("."))
    return write(tree)


def _without(tree: Any, path: list[str]) -> Any:
    if not isinstance(tree, dict) or path[0] not in tree:
        return tree
    if len(path) == 1:
        return {name: member for name, member in tree.items() if name != path[0]}
    return {**tree, path[0]: _without(tree[path[0]], path[1:])}


def _member(tree: Any, *, quotes: bool) -> str:
    """A member of an array as a value of a field."""
    return tree if isinstance(tree, str) and not quotes else write(tree)


@function("json_array_to_mv", 1, 2, kinds="sb")
def json_array_to_mv(value: Value, quotes: Value = False) -> Value:
    """Each member as a value; strings keep their quotes if asked to."""
    tree = document(value)
    if not isinstance(tree, list):
        return None
    return normal(tuple(_member(member, quotes=quotes is True) for member in tree))


@function("tomv", multivalues=True)
def tomv(value: Value) -> Value:
    if type(value) is tuple:
        return value
    if is_json(value, dict):
        raise NotImplementedExactly("tomv() of an object")
    return json_array_to_mv(value)  # type: ignore[no-any-return]


@function("mv_to_json_array", 1, 2, kinds="!b", multivalues=True, result="s")
def mv_to_json_array(value: Value, infer: Value = False) -> Value:
    """Each value as a string; if types are to be inferred, as the JSON that it is, and null if it is none."""
    if infer is not True:
        return write(texts(value))
    found = [parse(text) for text in texts(value)]
    return write([None if member is MISSING else member for member in found])


@function("toarray", multivalues=True, result="s")
def toarray(value: Value) -> Value:
    if type(value) is tuple:
        return mv_to_json_array(value, True)  # type: ignore[no-any-return]
    tree = document(value)
    return write(tree) if isinstance(tree, list) else None


@function("toobject", result="s")
def toobject(value: Value) -> Value:
    tree = document(value)
    return write(tree) if isinstance(tree, dict) else None
