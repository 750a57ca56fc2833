"""The four distributions that DensityFunction fits, and where each has its outliers.

Follows "DensityFunction" in the algorithms of the Machine Learning Toolkit; bounds are given with four decimals there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Final, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from harness.engine.mltk import library
from harness.engine.mltk.statement import ToolkitError

Number: TypeAlias = int | float
Numbers: TypeAlias = npt.NDArray[np.float64]
Range: TypeAlias = tuple[Number, Number, Number]
"""Values between the first two, both excluded, are outliers; the third is the area below the curve there."""

DECIMALS: Final = 4
MOST_OF_A_KERNEL: Final = 10_000
"""``max_kde_parameter_size``: of more values the toolkit draws so many at random."""
_POINTS: Final = 1000
_ROUNDS: Final = 1000
_NO_SPREAD: Final = 0.000001
_STEEP_ROUNDS: Final = 100


@dataclass(frozen=True, slots=True)
class Cut:
    """How much of the area is outliers: ``total`` on both sides, or ``lower`` and ``upper``, or one of them."""

    total: float | None = None
    lower: float | None = None
    upper: float | None = None


class Distribution(Protocol):
    kind: ClassVar[str]
    """As the option ``dist`` names it."""
    title: ClassVar[str]
    """As the summary names it."""

    @property
    def mean(self) -> float: ...

    @property
    def std(self) -> float: ...

    def ranges(self, cut: Cut) -> list[Range]:
        """Where outliers are, lowest first."""

    def density(self, values: Numbers) -> Numbers: ...

    def other(self) -> str:
        """More of it, as the summary says it."""


@dataclass(frozen=True, slots=True)
class _Curve:
    """A curve of SciPy, by its name there, that has but a place and a width."""

    mean: float
    std: float

    kind: ClassVar[str]

    def density(self, values: Numbers) -> Numbers:
        return np.asarray(self._curve().pdf(values))

    def other(self) -> str:
        return "N/A"

    def _curve(self) -> Any:
        return getattr(library("scipy.stats"), self.kind)(loc=self.mean, scale=self.std)


@dataclass(frozen=True, slots=True)
class Normal(_Curve):
    kind: ClassVar[str] = "norm"
    title: ClassVar[str] = "Normal"

    @classmethod
    def fit(cls, values: Numbers) -> Normal:
        mean, std = library("scipy.stats").norm.fit(values)
        return cls(float(mean), float(std) or _NO_SPREAD)

    def ranges(self, cut: Cut) -> list[Range]:
        curve = self._curve()
        lower = cut.total / 2 if cut.total is not None else cut.lower
        upper = cut.total / 2 if cut.total is not None else cut.upper
        found: list[Range] = []
        if lower is not None:
            found.append((-math.inf, float(curve.ppf(lower)), lower))
        if upper is not None:
            found.append((float(curve.ppf(1 - upper)), math.inf, upper))
        return found


@dataclass(frozen=True, slots=True)
class Exponential(_Curve):
    """Its mean is where it begins, as the toolkit has it."""

    minimum: Number

    kind: ClassVar[str] = "expon"
    title: ClassVar[str] = "Exponential"

    @classmethod
    def fit(cls, values: Numbers) -> Exponential:
        _refuse_one_value(values, "an Exponential")
        start, scale = library("scipy.stats").expon.fit(values)
        return cls(float(start), float(scale), values.min().item())

    def ranges(self, cut: Cut) -> list[Range]:
        found: list[Range] = []
        if cut.total is not None or cut.lower is not None:
            found.append((-math.inf, self.minimum, 0))
        upper = cut.total if cut.total is not None else cut.upper
        if upper is not None:
            found.append((float(self._curve().ppf(1 - upper)), math.inf, round(upper, DECIMALS)))
        return found


@dataclass(frozen=True, slots=True)
class GaussianKde:
    """A normal curve around each of the values."""

    mean: float
    std: float
    values: tuple[Number, ...]

    kind: ClassVar[str] = "gaussian_kde"
    title: ClassVar[str] = "Gaussian KDE"

    @classmethod
    def fit(cls, values: Numbers) -> GaussianKde:
        _refuse_one_value(values, "a Gaussian KDE")
        try:
            library("scipy.stats").gaussian_kde(values)
        except (ValueError, np.linalg.LinAlgError) as problem:
            raise ToolkitError(f"Unable to fit a Gaussian KDE due to numerical errors: {problem}") from problem
        return cls(float(values.mean()), float(values.std()), tuple(values.tolist()))

    def ranges(self, cut: Cut) -> list[Range]:
        curve = self._curve()
        low, high = min(self.values) * 0.9, max(self.values) * 1.1
        found: list[Range] = []
        if cut.total is not None:
            points = np.linspace(low, high, _POINTS)
            found = _low_ranges(points, curve.pdf(points), curve.integrate_box_1d, cut.total, rounds=0)
            if found and found[0][0] <= min(self.values):
                found[0] = (-math.inf, *found[0][1:])
            if found and found[-1][1] >= max(self.values):
                found[-1] = (found[-1][0], math.inf, found[-1][2])
        if cut.lower is not None:
            end, area = _tail(lambda end: curve.integrate_box_1d(low, end), cut.lower, near=low, far=high)
            found.append((-math.inf, end, area))
        if cut.upper is not None:
            end, area = _tail(lambda end: curve.integrate_box_1d(end, high), cut.upper, near=high, far=low)
            found.append((end, math.inf, area))
        return [(start, end, rounded(area)) for start, end, area in found]

    def density(self, values: Numbers) -> Numbers:
        return np.asarray(self._curve().pdf(values))

    def other(self) -> str:
        return f"bandwidth: {float(self._curve().covariance_factor()) * self.std}, parameter size: {len(self.values)}"

    def _curve(self) -> Any:
        return library("scipy.stats").gaussian_kde(np.array(self.values))


@dataclass(frozen=True, slots=True)
class Beta:
    """A beta distribution over the values scaled to 0..1. Its shape comes of an iteration, which does not end at quite
    the same place with every SciPy: it takes part where the toolkit chooses, and is not given by itself."""

    mean: float
    std: float
    alpha: float
    beta: float
    minimum: Number
    maximum: Number

    kind: ClassVar[str] = "beta"
    title: ClassVar[str] = "Beta"

    @classmethod
    def fit(cls, values: Numbers) -> Beta:
        _refuse_one_value(values, "a Beta")
        low, high = values.min().item(), values.max().item()
        scaled = (values - low) / (high - low)
        try:
            alpha, beta, mean, std = map(float, library("scipy.stats").beta.fit(scaled))
        except (ArithmeticError, RuntimeError, ValueError) as problem:  # SciPy's FitError and its kin
            raise ToolkitError("Unable to fit a Beta distribution due to numerical errors.") from problem
        if alpha <= 0 or beta <= 0:
            centre, spread = float(scaled.mean()), float(scaled.var())
            size = centre * (1 - centre) / spread - 1
            alpha, beta = centre * size, (1 - centre) * size
        if not (alpha > 0 and beta > 0 and std > 0 and math.isfinite(mean)):
            raise ToolkitError("Unable to sample from Beta distribution due to numerical errors.")
        return cls(mean, std, alpha, beta, low, high)

    def ranges(self, cut: Cut) -> list[Range]:
        found = [self._unscaled(each) for each in self._scaled_ranges(cut)]
        if found and not (self.alpha <= 1 and self.beta <= 1):
            for place in {0, len(found) - 1}:
                start, end, area = found[place]
                start = -math.inf if abs(start - self.minimum) <= 0.01 else start
                found[place] = (start, math.inf if abs(end - self.maximum) <= 0.01 else end, area)
        return found

    def density(self, values: Numbers) -> Numbers:
        return np.asarray(self._curve().pdf((values - self.minimum) / (self.maximum - self.minimum)))

    def other(self) -> str:
        return f"Alpha: {self.alpha}, Beta: {self.beta}"

    def _scaled_ranges(self, cut: Cut) -> list[Range]:
        curve = self._curve()
        below: list[Range] = [(-math.inf, 0, 0)] if self.alpha <= 1 else []
        above: list[Range] = [(1, math.inf, 0)] if self.beta <= 1 else []
        if cut.total is not None:
            points = np.linspace(0, 1, _POINTS)
            rounds = _STEEP_ROUNDS if self.alpha < 1 or self.beta < 1 else 1
            return [
                *below,
                *_low_ranges(
                    points,
                    curve.pdf(points),
                    lambda start, end: curve.cdf(end) - curve.cdf(start),
                    cut.total,
                    rounds=rounds,
                ),
                *above,
            ]
        found: list[Range] = []
        if cut.lower is not None:
            found += below or [(0, *_tail(curve.cdf, cut.lower, near=0, far=1))]
        if cut.upper is not None and not above:
            end, area = _tail(lambda end: 1 - curve.cdf(end), cut.upper, near=1, far=0)
            above = [(end, 1, area)]
        return found + (above if cut.upper is not None else [])

    def _unscaled(self, scaled: Range) -> Range:
        start, end, area = scaled
        size = self.maximum - self.minimum
        return start * size + self.minimum, end * size + self.minimum, area

    def _curve(self) -> Any:
        return library("scipy.stats").beta(a=self.alpha, b=self.beta, loc=self.mean, scale=self.std)


DISTRIBUTIONS: Final[Mapping[str, Any]] = {each.kind: each for each in (Normal, Exponential, GaussianKde, Beta)}
"""By kind, in the order in which the toolkit tries them."""


def to_json(distribution: Distribution) -> dict[str, Any]:
    return {"kind": distribution.kind, **asdict(distribution)}  # type: ignore[call-overload]


def from_json(saved: Mapping[str, Any]) -> Distribution:
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in saved.items()}
    found: Distribution = DISTRIBUTIONS[str(given.pop("kind"))](**given)
    return found


def outliers(values: Numbers, ranges: Sequence[Range]) -> npt.NDArray[np.bool_]:
    found = np.zeros(len(values), dtype=np.bool_)
    for start, end, _ in ranges:
        found |= (start < values) & (values < end)
    return found


def rounded(value: float) -> float:
    """As NumPy rounds, which is not always as Python does."""
    return float(np.round(value, DECIMALS))


def _refuse_one_value(values: Numbers, what: str) -> None:
    if np.allclose(values, values[0], 0.0001):
        raise ToolkitError(
            f"Unable to fit {what} distribution due to numerical errors. All values in the dataset are the same."
        )


def _low_ranges(
    points: Numbers, densities: Numbers, area: Callable[[Any, Any], Any], threshold: float, *, rounds: int
) -> list[Range]:
    """The stretches where the curve lies lower than a line, the line being moved by halves until the area of them is a
    thousandth around the threshold, or does not change any more in four decimals (after ``rounds`` rounds)."""
    bottom, top = 0.0, float(densities.max())
    last: float | None = None
    found: list[Range] = []
    for count in range(_ROUNDS):
        line = (top + bottom) / 2
        found = _below(points, densities < line, area)
        size = float(sum(each[2] for each in found))
        if round(size, DECIMALS) == last and count > rounds:
            break
        last = round(size, DECIMALS)
        if threshold * 0.999 < size < threshold * 1.001:
            break
        if size < threshold * 0.999:
            bottom = line
        else:
            top = line
    return found


def _below(points: Numbers, low: npt.NDArray[np.bool_], area: Callable[[Any, Any], Any]) -> list[Range]:
    """Runs of points that lie low. The toolkit does not let one begin at zero; it begins a point later then."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], low, [False])).astype(np.int8)))
    found: list[Range] = []
    for first, after in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        begin = first + 1 if points[first] == 0 else first
        if begin >= after:
            continue
        start = float(points[begin])
        if after == len(points):
            end = until = float(points[-1])
        else:
            end, until = float(points[after]), float((points[after - 1] + points[after]) / 2)
        found.append((start, end, float(area(start, until))))
    return found


def _tail(area: Callable[[float], Any], threshold: float, *, near: float, far: float) -> tuple[float, float]:
    """Where a tail ends that begins at ``near``, and its area: moved by halves from ``far``."""
    end = before = far
    last: float | None = None
    size = 0.0
    for _ in range(_ROUNDS):
        size = float(area(end))
        if round(size, DECIMALS) == last or threshold * 0.999 < size < threshold * 1.001:
            break
        last = round(size, DECIMALS)
        if size < threshold * 0.999:
            end = (end + before) / 2
        else:
            before, end = end, (end + near) / 2
    return end, size
