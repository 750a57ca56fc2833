"""Files that one process at a time works on."""

from __future__ import annotations

import sys
from typing import IO, Any


def lock(file: IO[Any], *, wait: bool) -> bool:
    """Lock an open file until it is closed; False if another process has it and ``wait`` is not wanted.

    Only on POSIX systems: elsewhere processes are not kept apart.
    """
    if sys.platform != "win32":
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
    return True
