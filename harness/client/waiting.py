"""Asking again and again, less and less often, until something holds."""

from __future__ import annotations

from collections.abc import Callable

from harness.errors import BackendError


def wait_until(condition: Callable[[], bool], seconds: float, failure: str) -> None:
    """Raises BackendError with ``failure`` and the time if ``condition`` does not hold within ``seconds``."""
    from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_exponential

    attempts = Retrying(
        retry=retry_if_result(lambda holds: not holds),
        stop=stop_after_delay(seconds),
        wait=wait_exponential(multiplier=0.02, max=2),
    )
    try:
        attempts(condition)
    except RetryError as error:
        raise BackendError(f"{failure} {seconds:.0f} s") from error
