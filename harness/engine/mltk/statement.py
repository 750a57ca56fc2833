"""What stands after a command of the toolkit (Machine Learning Toolkit User Guide, "Search commands")."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from harness.spl.arguments import Arguments, string

PARAMETERS: Final = (
    "apply",
    "dist",
    "exclude_dist",
    "full_sample",
    "lower_threshold",
    "max_depth",
    "max_leaf_nodes",
    "metric",
    "min_samples_leaf",
    "partial_fit",
    "random_state",
    "regul",
    "sample",
    "show_density",
    "show_options",
    "supervise_split_by",
    "threshold",
    "upper_threshold",
)
"""Of ``fit`` and of DensityFunction."""

_MODEL: Final = re.compile(r"(?:(?P<space>[^:]*):)?(?P<name>[^:]*)")
_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_TRUE: Final = frozenset(["1", "t", "true", "y", "yes", "enable", "enabled"])
_FALSE: Final = frozenset(["0", "f", "false", "n", "no", "disable", "disabled"])


class ToolkitError(Exception):
    """What the toolkit says; the command says it as its own error."""


@dataclass(frozen=True, slots=True)
class Statement:
    """``subject`` is the algorithm or the model, ``output`` the name that the decision gets (``as``)."""

    subject: str
    fields: tuple[str, ...] = ()
    split_by: tuple[str, ...] = ()
    into: str = ""
    output: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)


def read_statement(arguments: Arguments, what: str) -> Statement:
    """``subject field by "a,b" into model as name parameter=value``, what comes after the subject in any order."""
    if arguments.peek() is None:
        raise arguments.error(f"First argument must be {what}")
    subject = arguments.next().text
    fields: list[str] = []
    split_by: list[str] = []
    words = {"INTO": "", "AS": ""}
    parameters: dict[str, str] = {}
    known = dict.fromkeys(PARAMETERS, string)
    while not arguments.at_end:
        if arguments.option_name() is not None:
            given = arguments.options(known)
            if not given:
                raise arguments.error(f"Unexpected parameter: {arguments.option_name()}")
            parameters |= given
        elif (word := arguments.accept_keyword("INTO", "AS", "BY", "FROM")) is not None:
            if word == "FROM":
                raise arguments.unsupported("a target field (from)")
            if arguments.peek() is None:
                raise arguments.error(f'Syntax error: "{word.lower()}" keyword requires argument')
            if word == "BY":
                split_by = [name for name in arguments.field_name().split(",") if name]
            else:
                words[word] = arguments.next().text
        elif arguments.at_field():
            fields.append(arguments.field_name())
        else:
            raise arguments.error(
                "Syntax error: several fields after by, and several values of a parameter, need quotation marks, "
                'such as by "DayOfWeek,HourOfDay".'
            )
    return Statement(subject, tuple(fields), tuple(split_by), words["INTO"], words["AS"], parameters)


def model_name(text: str, arguments: Arguments) -> str:
    """The name without ``app:`` or ``user:``. There is one place for models here, as there is for lookup files."""
    found = _MODEL.fullmatch(text)
    if found is None:
        raise arguments.error(f'Invalid model name: "{text}" has more than one ":".')
    if found["space"] is not None and found["space"].lower() not in ("app", "user"):
        raise arguments.error('You may only specify namespace "app", "user" .')
    if _NAME.fullmatch(found["name"]) is None:
        raise arguments.error(f'Invalid model name "{found["name"]}"')
    return found["name"]


def truth(parameters: Mapping[str, str], name: str, default: bool = False) -> bool:
    text = parameters.get(name, "").lower()
    if name not in parameters:
        return default
    if text not in _TRUE | _FALSE:
        raise ToolkitError(f"Invalid value for {name}: must be a boolean")
    return text in _TRUE
