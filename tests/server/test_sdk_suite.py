"""The official Python SDK's own tests pass, where a checkout of them is at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.server.sdk_suite import NEEDED, run, share, table

CHECKOUT = os.environ.get("SPLUNK_SDK_PYTHON", "")


@pytest.mark.slow
@pytest.mark.timeout(1900)
@pytest.mark.skipif(not CHECKOUT, reason="SPLUNK_SDK_PYTHON names no checkout of splunk/splunk-sdk-python")
def test_nine_of_ten_of_the_sdks_integration_tests_pass() -> None:
    found = run(Path(CHECKOUT))
    passed, ran = share(found, NEEDED)
    assert ran > 150
    assert passed / ran >= 0.9, table(found)
