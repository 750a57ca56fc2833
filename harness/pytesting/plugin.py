"""What pytest loads in every run where harness is installed: options, and the decision whether the run concerns us.

It does when an argument lies in the ``detections`` folder of a content root (``pytest detections/``), with
``--harness``, or with ``harness = true`` among pytest's settings. In all other runs nothing is collected, no fixture is
there, and nothing else is imported.
"""

from __future__ import annotations

from pathlib import Path

import pytest

DETECTIONS = "detections"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("harness", "Splunk detections")
    group.addoption(
        "--harness", action="store_true", help="Collect detections wherever their YAML lies, and offer the fixtures."
    )
    group.addoption(
        "--harness-level", metavar="LEVEL,...", default="validation,unit,integration", help="The levels to test."
    )
    group.addoption(
        "--harness-backend", metavar="embedded|URL", default="embedded", help="The Splunk to use, as in harness test."
    )
    group.addoption(
        "--harness-app",
        metavar="DIR_OR_TGZ",
        action="append",
        default=[],
        type=Path,
        help="A Splunk app to load. May be given several times.",
    )
    group.addoption("--harness-data-root", metavar="DIR", type=Path, help="Where datasets are looked for first.")
    group.addoption("--harness-offline", action="store_true", help="Never download a dataset.")
    parser.addini(
        "harness", "Collect detections among the arguments, and offer the fixtures splunk and replay", type="bool"
    )


def pytest_configure(config: pytest.Config) -> None:
    asked = bool(config.getoption("harness") or config.getini("harness"))
    if asked or any(map(_names_detections, _paths(config))):
        from harness.pytesting import fixtures
        from harness.pytesting.collection import Collection

        config.pluginmanager.register(Collection(config, asked=asked, named=_paths(config)), "harness-collection")
        config.pluginmanager.register(fixtures, "harness-fixtures")


def _paths(config: pytest.Config) -> list[Path]:
    """What the command line names; a configured ``testpaths`` does not count as asking for detections."""
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        return []
    return [config.invocation_params.dir / argument.partition("::")[0] for argument in config.args]


def _names_detections(path: Path) -> bool:
    return path.exists() and DETECTIONS in path.resolve().parts
