"""Where the conformance pages of the engine are, and how many tests stand on them.

``python -m tests.conformance.runner --count`` counts the tests by kind of evidence. What a page is made of says
:mod:`harness.content.pages`.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from harness.content import pages
from harness.content.pages import KINDS, MEASURED, SPL, Block, Case, Form, PageError, page_cases

__all__ = ["KINDS", "MEASURED", "PAGES", "SPL", "Block", "Case", "Form", "PageError", "cases", "page_cases"]

PAGES: Final = Path(__file__).resolve().parent


def cases(folder: Path = PAGES, form: Form = SPL) -> Iterator[Case]:
    """Every test of every page below the folder."""
    return pages.cases(folder, form)


def count(folder: Path = PAGES) -> Counter[str]:
    """Tests by kind of evidence, and how many of them are known gaps."""
    counted: Counter[str] = Counter()
    for case in cases(folder):
        counted[case.kind] += 1
        counted["known gaps"] += case.known is not None
    return counted


if __name__ == "__main__":
    if sys.argv[1:] != ["--count"]:
        sys.exit("usage: python -m tests.conformance.runner --count")
    for name, number in sorted(count().items()):
        print(f"{number:6d} {name}")
