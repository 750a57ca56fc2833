"""The run record itself, for programs."""

from __future__ import annotations

from harness.runner.record import RunRecord, encode


def render(record: RunRecord) -> str:
    return encode(record).decode()
