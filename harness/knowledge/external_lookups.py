"""Lookups whose answers a script works out (transforms.conf ``external_cmd``).

Scripts of apps are never run. Of those here it is known what they answer, by the name of the script.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

Answer = Callable[[str], str]

SCRIPTS: Final[Mapping[str, tuple[str, str, Answer]]] = {
    "ut_shannon.py": ("word", "ut_shannon", lambda word: str(shannon(word))),
}
"""Script -> the field that is asked with, the field that is answered, and the answer."""


def script_of(command: str) -> str:
    """The script of an ``external_cmd``."""
    return command.split()[0] if command.strip() else ""


def shannon(word: str) -> float:
    """The Shannon entropy of a word's characters, in bits, as URL Toolbox has it: ``buttercup`` 2.725480556997868."""
    length = len(word)
    return 0.0 - sum(count / length * math.log2(count / length) for count in Counter(word).values())
