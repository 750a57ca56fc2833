"""The Machine Learning Toolkit, as far as its commands ``fit``, ``apply``, ``summary`` and their kin need it.

DensityFunction is trained and applied, LinearRegression applied. The toolkit reads rows as a pandas data frame and
computes with SciPy; so do we, with the extra ``harness[ml]``. What the toolkit draws at random is never made up: its
column refuses to be read.
"""

from __future__ import annotations

import importlib
from typing import Any

from harness.errors import UnsupportedSPL


def library(name: str) -> Any:
    """A module of SciPy or pandas, which only these commands need."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise UnsupportedSPL(
            f"The commands of the Machine Learning Toolkit need {name.partition('.')[0]}, which is not installed.",
            hint="pip install 'harness[ml]'",
        ) from None
