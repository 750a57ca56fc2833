"""Cases of pages as parameters of a test: a gap that a page names is a strict xfail."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from harness.content.pages import Case


def parameters(cases: Iterable[Case]) -> list[object]:
    return [
        pytest.param(
            case,
            id=case.id,
            marks=[pytest.mark.xfail(reason=case.known, strict=True)] if case.known is not None else [],
        )
        for case in cases
    ]
