"""The ``harness`` command: one file per subcommand, each imported only when it runs."""

from __future__ import annotations


def main() -> None:
    """The console script."""
    import sys

    from harness.cli.root import run

    sys.exit(run(sys.argv[1:]))
