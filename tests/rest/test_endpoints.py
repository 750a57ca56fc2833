"""The page of all endpoints is that of the routes as they are."""

from __future__ import annotations

import pytest

from tests.rest.endpoints import NOT_SERVED, PAGE, page
from tests.server.wire import Rest


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "the routes have changed: write it anew with `make rest-api`"


@pytest.mark.parametrize("path", sorted(NOT_SERVED))
def test_what_is_not_served_is_not_found(reader: Rest, path: str) -> None:
    assert reader.get(f"/services/{path}").status == 404
