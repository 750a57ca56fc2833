"""Trees back into text: what is printed reads back as the same tree."""

from __future__ import annotations

import re
from typing import Final

from harness.spl.eval_expression import LEVELS, NOT_LEVEL, RESERVED, UNARY_LEVEL
from harness.spl.nodes import (
    Aggregation,
    Binary,
    Call,
    Comparison,
    Directive,
    Expr,
    FieldRef,
    InList,
    Literal,
    Membership,
    Pipeline,
    SearchAnd,
    SearchNode,
    SearchNot,
    SearchOr,
    SearchValue,
    Subsearch,
    Term,
    TimeModifier,
    Unary,
)
from harness.spl.scan import escape, escape_name

_LEAF_LEVEL: Final = UNARY_LEVEL + 1
_SEARCH_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.{}-]*")
_SEARCH_WORDS: Final = frozenset(("AND", "OR", "NOT", "IN", "TERM", "CASE"))
_EVAL_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BARE_FIELD: Final = re.compile(r"[^\s,()\"]+(?:\([^\s()\"]*\))?")


def to_text(node: Pipeline | SearchNode | Expr | Aggregation) -> str:
    """SPL that reads back as the node. A pipeline begins with a pipe."""
    match node:
        case Pipeline():
            return " ".join(f"| {command.name} {command.arguments.strip()}".rstrip() for command in node.commands)
        case Aggregation():
            return _aggregation(node)
        case Literal() | FieldRef() | Call() | Unary() | Binary() | Membership():
            return _expression(node)
        case _:
            return _search(node)


# --- search expressions


def _search(node: SearchNode) -> str:
    match node:
        case SearchAnd(items):
            return " ".join(_grouped(item, SearchAnd) for item in items)
        case SearchOr(items):
            return " OR ".join(_grouped(item, SearchAnd, SearchOr) for item in items)
        case SearchNot(item):
            return f"NOT {_grouped(item, SearchAnd, SearchOr)}"
        case Comparison(field, operator, value):
            return f"{_search_name(field)}{'::' if node.indexed else operator}{_value(value)}"
        case InList(field, values):
            return f"{_search_name(field)} IN ({', '.join(map(_value, values))})"
        case Term(value):
            # After another term a bare IN would begin a list.
            return "(IN)" if value == SearchValue("IN") else _value(value)
        case Directive(kind, text, field):
            return f"{'' if field is None else _search_name(field) + '='}{kind}({escape(text)})"
        case TimeModifier(name, text):
            return f'{name}="{escape(text)}"'
        case Subsearch(pipeline):
            return f"[{to_text(pipeline)}]"


def _grouped(node: SearchNode, *kinds: type[SearchAnd] | type[SearchOr]) -> str:
    return f"({_search(node)})" if isinstance(node, kinds) else _search(node)


def _search_name(name: str) -> str:
    bare = name.removeprefix("tag::")
    return name if _SEARCH_NAME.fullmatch(bare) and bare not in _SEARCH_WORDS else f'"{escape(name)}"'


def _value(value: SearchValue) -> str:
    if value.readings:
        return value.text
    return f'"{escape(value.text)}"' if value.quoted else escape(value.text)


# --- eval expressions


def _expression(node: Expr) -> str:
    match node:
        case Literal():
            return node.text
        case FieldRef(name):
            bare = _EVAL_NAME.fullmatch(name) and name.upper() not in RESERVED
            return name if bare else f"'{escape_name(name)}'"
        case Call(name, arguments):
            return f"{name}({_listed(arguments)})"
        case Unary(operator, operand):
            return (
                f"{operator} {_at(operand, NOT_LEVEL)}" if operator == "NOT" else operator + _at(operand, UNARY_LEVEL)
            )
        case Membership(operand, choices):
            return f"{_at(operand, LEVELS['IN'] + 1)} IN ({_listed(choices)})"
        case Binary():
            return _chain(node)


def _chain(node: Binary) -> str:
    """Operators of one level from left to right, without going down once for each. Comparisons do not follow each
    other."""
    level = LEVELS[node.operator]
    if level == LEVELS["=="]:
        return f"{_at(node.left, level + 1)} {node.operator} {_at(node.right, level + 1)}"
    parts: list[str] = []
    first: Expr = node
    while isinstance(first, Binary) and LEVELS[first.operator] == level:
        parts.append(f"{first.operator} {_at(first.right, level + 1, first.operator)}")
        first = first.left
    parts.append(_at(first, level, node.operator))
    return " ".join(reversed(parts))


def _at(node: Expr, level: int, within: str = "") -> str:
    """As an operand that must bind at least that tight. Sums within a concatenation always have parentheses."""
    mixed = within == "." and isinstance(node, Binary) and node.operator in ("+", "-")
    return f"({_expression(node)})" if mixed or _level(node) < level else _expression(node)


def _level(node: Expr) -> int:
    match node:
        case Binary():
            return LEVELS[node.operator]
        case Membership():
            return LEVELS["IN"]
        case Unary("NOT"):
            return NOT_LEVEL
        case Unary():
            return UNARY_LEVEL
        case _:
            return _LEAF_LEVEL


def _listed(nodes: tuple[Expr, ...]) -> str:
    return ", ".join(map(_expression, nodes))


# --- aggregations


def _aggregation(node: Aggregation) -> str:
    head, opened, _ = node.label.partition("(")
    text = node.label
    if opened and isinstance(node.argument, str):
        bare = _BARE_FIELD.fullmatch(node.argument)
        argument = node.argument if bare else f'"{escape(node.argument)}"'
        text = f"{head}({', '.join((argument, *node.further))})"
    return text if node.alias is None else f'{text} AS "{escape(node.alias)}"'
