"""``anomalydetection``: rows that are unlike the others. Follows "anomalydetection" in the Search Reference.

``method=iqr`` is the ``outlier`` command. How the other methods lay their histograms and choose their thresholds is not
documented: they give no rows where there are none, and are refused where there are some.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.engine.commands import SearchCommand
from harness.engine.commands.outlier import Outlier
from harness.engine.context import SearchContext
from harness.errors import UnsupportedSPL
from harness.spl.arguments import Arguments, boolean, one_of, string
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class AnomalyDetection(SearchCommand):
    names = ("anomalydetection",)

    method: str
    outlier: Outlier | None = None

    @classmethod
    def parse(cls, arguments: Arguments) -> AnomalyDetection:
        known = {
            "method": one_of("histogram", "zscore", "iqr"), "action": str.lower, "pthresh": string, "cutoff": boolean,
            "mark": boolean, "param": string, "uselower": boolean,
        }  # fmt: skip
        options: dict[str, Any] = {}
        fields: list[str] = []
        while not arguments.at_end:
            found = arguments.options(known)
            named = arguments.field_list()
            if not found and not named:
                raise arguments.invalid_argument()
            options |= found
            fields += named
        method = options.get("method", "histogram")
        if method != "iqr":
            if options.get("action", "filter") not in ("filter", "annotate", "summary"):
                raise arguments.error(f"Invalid value for option action: '{options['action']}'.")
            return cls(method)
        for name in ("pthresh", "cutoff"):
            if name in options:
                raise arguments.error(f"The argument '{name}' is invalid with method=iqr.")
        if options.get("action") not in ("rm", "remove", "tf", "transform"):
            raise arguments.unsupported("method=iqr without action=remove or action=transform")
        return cls(method, Outlier.of(tuple(fields), options, arguments))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        if self.outlier is not None:
            return self.outlier.run(frame, context)
        if frame.length:
            raise UnsupportedSPL(f"The 'anomalydetection' command: method={self.method} over rows is not supported.")
        return frame
