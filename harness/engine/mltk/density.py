"""DensityFunction: how likely a number is, for each group of rows, and whether it is an outlier.

Follows "DensityFunction" in the algorithms of the Machine Learning Toolkit. With ``dist=auto``, which is the default,
the toolkit fits all four distributions, draws as many random numbers from each as there are values, and takes the one
whose numbers lie nearest. Which one that is cannot be told: all of them are kept, a number is an outlier if it is one
under each of them and is none if it is one under none, and everything else about it refuses to be read.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from harness.engine.messages import Messages
from harness.engine.mltk.distributions import (
    DISTRIBUTIONS,
    MOST_OF_A_KERNEL,
    Beta,
    Cut,
    Distribution,
    GaussianKde,
    Number,
    Numbers,
    from_json,
    outliers,
    rounded,
    to_json,
)
from harness.engine.mltk.statement import Statement, ToolkitError, truth
from harness.errors import UnsupportedSPL
from harness.values.column import Column, RefusedColumn, Value, normal
from harness.values.frame import Frame

_AUTO: Final = "auto"
_METRICS: Final = ("kolmogorov_smirnov", "wasserstein")
_SUMMARY: Final = ("type", "min", "max", "mean", "std", "cardinality", "distance", "other")
_DEFAULT_THRESHOLD: Final = 0.01  # mlspl.conf: default_prob_threshold
_FEW: Final = 50  # min_data_size_to_fit
_MOST_GROUPS: Final = 5000  # max_groups
_MOST_SPLITS: Final = 8  # max_fields_in_by_clause
_MOST_THRESHOLDS: Final = 5  # max_threshold_num
_RANDOM: Final = "the toolkit draws it at random"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What to cut off: pairs of a threshold as columns name it ("" if there is but one) and the cut."""

    cuts: tuple[tuple[str, Cut], ...]

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> Thresholds | None:
        """None if there is no threshold among the parameters."""
        total, lower, upper = (
            _numbers(parameters, name) for name in ("threshold", "lower_threshold", "upper_threshold")
        )
        if total and (lower or upper):
            raise ToolkitError(
                'Thresholds are ambiguous: "threshold", and "lower_threshold"/"upper_threshold" can not be specified '
                "together."
            )
        if lower and upper:
            if len(lower) > 1 or len(upper) > 1:
                raise ToolkitError(
                    'With multiple thresholds, only one of "lower_threshold", "upper_threshold", or "threshold" can be '
                    "specified."
                )
            if lower[0] + upper[0] > 1:
                raise ToolkitError('The sum of "lower_threshold" and "upper_threshold" can not be larger than 1')
            return cls((("", Cut(lower=lower[0], upper=upper[0])),))
        given = total or lower or upper
        if not given:
            return None
        if len(given) > _MOST_THRESHOLDS:
            raise ToolkitError(
                f"The maximum number of allowed thresholds are {_MOST_THRESHOLDS}. Found {len(given)} thresholds."
            )
        kind = "total" if total else "lower" if lower else "upper"
        return cls(tuple((f"{each}" if len(given) > 1 else "", Cut(**{kind: each})) for each in given))


@dataclass(frozen=True, slots=True)
class Options:
    """What the parameters of ``fit`` and ``apply`` ask of the algorithm."""

    kinds: tuple[str, ...] = tuple(DISTRIBUTIONS)
    automatic: bool = True
    metric: str = "wasserstein"
    thresholds: Thresholds | None = None
    show_density: bool = False

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> Options:
        for name in ("full_sample", "sample"):
            if truth(parameters, name):
                raise UnsupportedSPL(f"DensityFunction: {name}=true, for numbers drawn at random, is not supported.")
        for name in ("supervise_split_by", "partial_fit"):
            if truth(parameters, name):
                raise UnsupportedSPL(f"DensityFunction: {name}=true is not supported.")
        if "show_options" in parameters:
            raise UnsupportedSPL("DensityFunction: show_options is not supported.")
        dist = parameters.get("dist", _AUTO)
        known = (_AUTO, *DISTRIBUTIONS)
        if dist not in known:
            raise ToolkitError(f'Invalid value error: dist must be one of {_quoted(known)}, but found dist="{dist}".')
        if dist == Beta.kind:
            raise UnsupportedSPL(
                "DensityFunction: dist=beta is not supported: its shape is not the same for every SciPy."
            )
        metric = parameters.get("metric", "wasserstein")
        if metric not in _METRICS:
            raise ToolkitError(
                f'Invalid value error: metric must be one of {_quoted(_METRICS)}, but found metric="{metric}".'
            )
        kinds = (dist,) if dist != _AUTO else _not_excluded(parameters)
        if dist != _AUTO and "exclude_dist" in parameters:
            raise ToolkitError(
                "The exclude_dist parameter can only be used when dist=auto. Update your SPL search parameters and run "
                "the search again."
            )
        show_density = truth(parameters, "show_density")
        return cls(kinds, dist == _AUTO, metric, Thresholds.read(parameters), show_density)


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one combination of the fields after ``by``: several distributions if the toolkit would choose."""

    labels: tuple[Value, ...]
    minimum: Number
    maximum: Number
    cardinality: int
    candidates: tuple[Distribution, ...]


@dataclass(frozen=True, slots=True)
class DensityModel:
    feature: str
    split_by: tuple[str, ...]
    automatic: bool
    metric: str
    thresholds: Thresholds
    groups: tuple[Group, ...]
    parameters: Mapping[str, str] = field(default_factory=dict)
    output: str = ""

    @property
    def few(self) -> bool:
        return any(group.cardinality < _FEW for group in self.groups)

    # --- making one

    @classmethod
    def fit(cls, statement: Statement, table: Any, messages: Messages) -> DensityModel:
        """From the rows of a data frame."""
        options = Options.read(statement.parameters)
        feature = statement.fields[0]
        rows = usable_rows(table, feature, statement.split_by, messages)
        groups = tuple(
            _fit_group(labels, values, options) for labels, values in _split(rows, feature, statement.split_by)
        )
        thresholds = options.thresholds or Thresholds((("", Cut(total=_DEFAULT_THRESHOLD)),))
        return cls(
            feature,
            statement.split_by,
            options.automatic,
            options.metric,
            thresholds,
            groups,
            statement.parameters,
            statement.output,
        )

    def _warn_of_few(self, messages: Messages) -> None:
        if self.few and self.split_by:
            messages.warn(
                "Too few training points in some groups will likely result in poor accuracy for those groups. Please "
                "see model summary to inspect such groups."
            )
        elif self.few:
            messages.warn(
                "Too few training points in data set will likely result in poor accuracy. Please see model summary."
            )

    # --- using it

    def apply(
        self, frame: Frame, table: Any, statement: Statement, messages: Messages, *, unread: bool = False
    ) -> Frame:
        """``frame`` with what the model says of its rows; ``table`` is ``frame`` as a data frame. A decision that
        cannot be told refuses to be read; ``unread`` says that the results may go without it."""
        self._warn_of_few(messages)
        options = Options.read(statement.parameters or self.parameters)
        self._warn_of_discarded(statement.parameters, messages)
        thresholds = options.thresholds or self.thresholds
        rows = usable_rows(table, self.feature, self.split_by, messages)
        known = {_key(group.labels): group for group in self.groups}
        parts: list[tuple[Group, Any, Numbers]] = []
        for labels, values, places in _places(rows, self.feature, self.split_by):
            group = known.get(_key(labels))
            if group is None:
                messages.warn("Some of the data groups do not have a distribution in the model")
            else:
                parts.append((group, places, values))
        columns: dict[str, Column] = {}
        output = statement.output or self.output
        for threshold, cut in thresholds.cuts:
            mark = f"_th={threshold}" if threshold else ""
            columns[f"{output}{mark}" if output else f"IsOutlier{mark}({self.feature})"] = self._decided(
                parts, cut, frame.length, unread
            )
            columns[f"BoundaryRanges{mark}"] = self._told(
                "BoundaryRanges", parts, frame.length, lambda one, values, cut=cut: [_bounds(one, cut)] * len(values)
            )
        if options.show_density:
            name = f"ProbabilityDensity({self.feature})"
            columns[name] = self._told(
                name, parts, frame.length, lambda one, values: [float(each) for each in one.density(values)]
            )
        return frame.without(columns).with_columns(columns)

    def _warn_of_discarded(self, parameters: Mapping[str, str], messages: Messages) -> None:
        fitted = {"dist": _AUTO if self.automatic else self.groups[0].candidates[0].kind, "metric": self.metric}
        for name, value in fitted.items():
            if parameters.get(name, value) != value:
                messages.warn(f'Invalid parameter for apply: Discarding "{name}" value. Using {name}={value}.')

    def _decided(self, parts: Sequence[tuple[Group, Any, Numbers]], cut: Cut, length: int, unread: bool) -> Column:
        cells: list[Value] = [None] * length
        refusal: UnsupportedSPL | None = None
        doubtful = np.zeros(length, dtype=np.bool_)
        for group, places, values in parts:
            votes = {each.title: outliers(values, each.ranges(cut)) for each in group.candidates}
            first, *others = votes.values()
            apart = np.any([vote != first for vote in others], axis=0) if others else np.zeros(len(values), np.bool_)
            doubtful[places[apart]] = True
            if refusal is None and apart.any():
                row = int(np.flatnonzero(apart)[0])
                refusal = self._undecided(group, values[row].item(), row, votes)
            for place, outlier in zip(places[~apart], first[~apart].tolist(), strict=True):
                cells[place] = 1 if outlier else 0
        known = Column.from_values(cells)
        return known if refusal is None else RefusedColumn(refusal, known, doubtful, unread=unread)

    def _undecided(self, group: Group, value: Number, row: int, votes: Mapping[str, Any]) -> UnsupportedSPL:
        yes, no = ([title for title, vote in votes.items() if bool(vote[row]) is answer] for answer in (True, False))
        where = f" of {', '.join(map(str, group.labels))}" if group.labels else ""
        return UnsupportedSPL(
            f"IsOutlier({self.feature}) cannot be told for {value}{where}: an outlier under {' and '.join(yes)}, none "
            f"under {' and '.join(no)}, and with dist=auto the toolkit chooses by random numbers.",
            hint="Fit the model with the dist= that its data has, or leave some out with exclude_dist=.",
        )

    def _told(self, name: str, parts: Sequence[tuple[Group, Any, Numbers]], length: int, tell: Any) -> Column:
        """A column that goes by the distribution, which must be the only one that a group can have."""
        cells: list[Value] = [None] * length
        doubtful = np.zeros(length, dtype=np.bool_)
        for group, places, values in parts:
            if len(group.candidates) > 1:
                doubtful[places] = True
            else:
                for place, cell in zip(places, tell(group.candidates[0], values), strict=True):
                    cells[place] = cell
        known = Column.from_values(cells)
        if not doubtful.any():
            return known
        why = "with dist=auto it goes by random numbers that the toolkit draws"
        refusal = UnsupportedSPL(f"The field '{name}' cannot be told: {why}.")
        return RefusedColumn(refusal, known, doubtful, unread=True)

    def summary(self) -> Frame:
        """A row for each group. The distance between the values and random numbers is not told."""
        rows = len(self.groups)
        whole = [(group, [place], np.zeros(1)) for place, group in enumerate(self.groups)]
        columns: dict[str, Column] = {
            name: Column.from_values(group.labels[place] for group in self.groups)
            for place, name in enumerate(self.split_by)
        }
        told: dict[str, Column] = {
            name: self._told(name, whole, rows, tell)
            for name, tell in (
                ("type", lambda one, _: [("Auto: " if self.automatic else "") + one.title]),
                ("mean", lambda one, _: [one.mean]),
                ("std", lambda one, _: [one.std]),
                ("other", lambda one, _: [one.other()]),
            )
        }
        told["min"] = Column.from_values(group.minimum for group in self.groups)
        told["max"] = Column.from_values(group.maximum for group in self.groups)
        told["cardinality"] = Column.from_values(group.cardinality for group in self.groups)
        told["distance"] = RefusedColumn.everywhere(
            UnsupportedSPL("The field 'distance' cannot be told: it is measured from random numbers."),
            rows,
            unread=True,
        )
        return Frame(columns | {name: told[name] for name in _SUMMARY}, rows, ordered=True)

    # --- keeping it

    def to_json(self) -> dict[str, Any]:
        return {
            "harness": 1,
            "feature": self.feature,
            "split_by": self.split_by,
            "automatic": self.automatic,
            "metric": self.metric,
            "thresholds": [[text, cut.total, cut.lower, cut.upper] for text, cut in self.thresholds.cuts],
            "parameters": dict(self.parameters),
            "output": self.output,
            "groups": [
                {
                    "labels": group.labels,
                    "minimum": group.minimum,
                    "maximum": group.maximum,
                    "cardinality": group.cardinality,
                    "candidates": [to_json(each) for each in group.candidates],
                }
                for group in self.groups
            ],
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> DensityModel:
        groups = tuple(
            Group(
                tuple(each["labels"]),
                each["minimum"],
                each["maximum"],
                each["cardinality"],
                tuple(map(from_json, each["candidates"])),
            )
            for each in saved["groups"]
        )
        return cls(
            saved["feature"],
            tuple(saved["split_by"]),
            saved["automatic"],
            saved["metric"],
            Thresholds(tuple((text, Cut(*values)) for text, *values in saved["thresholds"])),
            groups,
            saved["parameters"],
            saved["output"],
        )


def check(statement: Statement) -> None:
    """What can be known to be wrong before there are rows. Raises :class:`ToolkitError` and UnsupportedSPL."""
    if len(statement.fields) != 1:
        raise ToolkitError(
            'Syntax error: If multiple values of by field or any parameter are used with comma (",") they should be '
            'given in quotation marks e.g. by "DayOfWeek,HourOfDay" or threshold="0.01,0.02".'
        )
    if "*" in statement.fields[0]:
        raise UnsupportedSPL("DensityFunction: a wildcard for its field is not supported.")
    if len(statement.split_by) > _MOST_SPLITS:
        raise ToolkitError(f"The number of fields in the by clause cannot exceed {_MOST_SPLITS}")
    clash = next((name for name in statement.split_by if name in _SUMMARY), None)
    if statement.into and clash is not None:
        raise ToolkitError(
            f'The field "{clash}" conflicts with summary field names "{", ".join(_SUMMARY)}". Please rename "{clash}".'
        )
    Options.read(statement.parameters)


def usable_rows(table: Any, feature: str, split_by: Sequence[str], messages: Messages) -> Any:
    """The rows that have the number and all fields of ``by``, as a data frame of these columns."""
    wanted = [name for name in (feature, *split_by) if name in table.columns]
    missing = [name for name in (feature, *split_by) if name not in table.columns]
    if missing:
        messages.warn(f"Missing field(s): {', '.join(missing)}")
    rows = table[wanted]
    empty = [name for name in wanted if rows[name].isna().all()]
    if empty:
        messages.warn(f"Dropped field(s) with all null values: {', '.join(empty)}")
    rows = rows.drop(columns=empty).dropna()
    if not len(rows):
        raise ToolkitError("No valid events; check for null or non-numeric values in numeric fields")
    if not len(rows.columns):
        raise ToolkitError("No valid fields to fit or apply model to.")
    for name in (feature, *split_by):
        if name not in rows.columns:
            raise ToolkitError(f'Field "{name}" not present.')
    if rows[feature].dtype.kind not in "iuf":
        raise ToolkitError(f'Feature "{feature}" is not a numeric type')
    for name in split_by:
        if rows[name].dtype.kind == "f":
            raise ToolkitError(
                "This operation allows only string, boolean, and integer values while field "
                f"{name} is none of these types."
            )
    return rows


def _places(rows: Any, feature: str, split_by: Sequence[str]) -> list[tuple[tuple[Value, ...], Numbers, Any]]:
    """Labels, numbers and positions of each group, in the order of their labels."""
    if not split_by:
        return [((), rows[feature].to_numpy(), rows.index)]
    groups = list(rows.groupby(list(split_by)))
    if len(groups) > _MOST_GROUPS:
        raise ToolkitError(
            f"The number of groups can not exceed {_MOST_GROUPS}; the current number of groups is {len(groups)}. "
            "Please find detailed information about the number of groups in docs."
        )
    return [(tuple(map(_plain, labels)), part[feature].to_numpy(), part.index) for labels, part in groups]


def _split(rows: Any, feature: str, split_by: Sequence[str]) -> list[tuple[tuple[Value, ...], Numbers]]:
    return [(labels, values) for labels, values, _ in _places(rows, feature, split_by)]


def _fit_group(labels: tuple[Value, ...], values: Numbers, options: Options) -> Group:
    if GaussianKde.kind in options.kinds and len(values) > MOST_OF_A_KERNEL:
        raise UnsupportedSPL(
            f"DensityFunction over more than {MOST_OF_A_KERNEL} values is not supported unless dist=norm or "
            f"dist=expon: a kernel takes some of them, and {_RANDOM}."
        )
    candidates: list[Distribution] = []
    for kind in options.kinds:
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                candidates.append(DISTRIBUTIONS[kind].fit(values))
        except ToolkitError:
            if not options.automatic:
                raise
        except ValueError as problem:
            raise ToolkitError(str(problem)) from problem
    if not candidates:
        raise ToolkitError("min() arg is an empty sequence")
    if [each.kind for each in candidates] == [Beta.kind]:
        raise UnsupportedSPL("DensityFunction: a beta distribution alone is not supported: see dist=beta.")
    return Group(labels, values.min().item(), values.max().item(), len(values), tuple(candidates))


def _bounds(one: Distribution, cut: Cut) -> Value:
    return normal(tuple(f"{_bound(start)}:{_bound(end)}:{area}" for start, end, area in one.ranges(cut)))


def _bound(value: Number) -> str:
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return str(rounded(value) if isinstance(value, float) else value)


def _numbers(parameters: Mapping[str, str], name: str) -> tuple[float, ...]:
    if name not in parameters:
        return ()
    try:
        found = tuple(float(each) for each in parameters[name].split(","))
    except ValueError:
        raise ToolkitError(
            f'Invalid value for {name}: must have one or multiple float values e.g. {name}="0.01,0.02,0.03".'
        ) from None
    if any(not 1e-9 <= each <= 1 for each in found):
        raise ToolkitError(f'Parameter "{name}" must be between 0.000000001 and 1')
    return found


def _not_excluded(parameters: Mapping[str, str]) -> tuple[str, ...]:
    excluded = [name.strip() for name in parameters.get("exclude_dist", "").split(",") if name.strip()]
    for name in excluded:
        if name not in DISTRIBUTIONS:
            raise ToolkitError(
                f"Invalid value error: exclude_dist must be one or more of {_quoted(tuple(DISTRIBUTIONS))}, but found "
                f'"{name}" in exclude_dist.'
            )
    kept = tuple(kind for kind in DISTRIBUTIONS if kind not in excluded)
    if not kept:
        raise ToolkitError(
            "You cannot exclude all of the distribution types when using the exclude_dist parameter. Update your SPL "
            "search parameters to include at least one distribution type and run the search again."
        )
    if kept == (Beta.kind,):
        raise UnsupportedSPL("DensityFunction: a beta distribution alone is not supported: see dist=beta.")
    return kept


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _key(labels: Sequence[Value]) -> str:
    return "_".join(map(str, labels))


def _plain(label: Any) -> Value:
    """A group's value as pandas gives it, as a value of ours; what it writes for a boolean is a text."""
    if isinstance(label, bool | np.bool_):
        return str(bool(label))
    found: Value = label.item() if isinstance(label, np.generic) else label
    return found
