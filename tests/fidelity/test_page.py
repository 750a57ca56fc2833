"""The fidelity page and the summary that the package ships are those of the tests as they are."""

from __future__ import annotations

from tests.fidelity.page import PAGE, SUMMARY, encoded, page, summary

STALE = "the tests have changed: write it anew with `make fidelity`"


def test_the_page_is_current() -> None:
    content = summary()
    assert PAGE.read_text(encoding="utf-8") == page(content), STALE
    assert SUMMARY.read_text(encoding="utf-8") == encoded(content), STALE
