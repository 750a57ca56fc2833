"""Numbers in sentences."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """``1 row``, ``2 rows``. The noun is one whose plural ends in s; words before it stay: ``0 risk events``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
