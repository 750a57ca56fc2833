"""What stats, eventstats, streamstats, chart, timechart and tstats share: their aggregations, read and carried out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from harness.engine.aggregates import Accumulator, Aggregate, Numbers, Samples, find_aggregate
from harness.engine.aggregates.sparklines import MAXIMUM, Sparkline, inner_function
from harness.engine.bins import TimeSpan, read_time_span, time_span_for
from harness.engine.columns import where
from harness.engine.context import SearchContext
from harness.engine.fields import matching, wildcard_pattern
from harness.engine.grouping import Groups
from harness.engine.store import times_of
from harness.errors import SPLSyntaxError, UnsupportedSPL
from harness.expressions import Scope, check, evaluate
from harness.expressions.compile import fields_of
from harness.expressions.evaluate import find as find_function
from harness.spl.arguments import Arguments
from harness.spl.nodes import Aggregation, Binary, Call, Expr, FieldRef, Literal, Membership, Unary
from harness.values.column import Column, Mask, Value
from harness.values.frame import Frame
from harness.values.values import has_wildcard, to_number

_CHARTS = frozenset(("chart", "timechart"))
_SPARKLINES = frozenset(("stats", "chart"))


@dataclass(frozen=True, slots=True)
class Measure:
    """One aggregation, its function found."""

    node: Aggregation
    function: Aggregate
    line: tuple[Aggregate, TimeSpan | None] | None = None
    """Of a sparkline: what it shows, and how long its buckets are."""
    parts: tuple[Measure, ...] = ()
    """Of ``eval(avg(a)/max(b))``: its aggregations. The argument of the node is then an expression over their columns.
    """

    @property
    def field(self) -> str | None:
        return self.node.argument if isinstance(self.node.argument, str) else None

    @property
    def expression(self) -> Expr | None:
        return None if isinstance(self.node.argument, str) or self.parts else self.node.argument


@dataclass(frozen=True, slots=True)
class Output:
    """A column to compute: ``argument`` is None where rows are counted. ``combined`` makes it of the columns of
    ``parts``."""

    name: str
    function: Aggregate
    argument: Column | None
    parts: tuple[Output, ...] = ()
    combined: Callable[[Frame], Column] | None = None


def read_measures(arguments: Arguments, stops: Collection[str] = ()) -> tuple[Measure, ...]:
    """The aggregations at the cursor. Refuses what Splunk refuses, in its words (M4.88)."""
    return tuple(_measure(node, arguments) for node in arguments.aggregations(stops))


def _measure(node: Aggregation, arguments: Arguments) -> Measure:
    found = find_aggregate(node.function)
    if node.function == "sparkline":
        return _sparkline(node, arguments)
    if node.function == "eval" and node.argument is not None and not isinstance(node.argument, str):
        return _combined(node, node.argument, arguments)
    if found is None and node.function == "estdc_error":
        raise arguments.unsupported(f"the function '{node.function}'", node.span)
    invalid = found is None or (node.parameter is not None) != found.parametric
    # "per_hour" and its kin need the length of a bucket of time.
    invalid = invalid or (node.function.startswith("per_") and arguments.command != "timechart")
    if invalid or node.further or (node.parameter is not None and not 0 <= node.parameter <= 100):
        raise arguments.error(f"The argument '{node.label}' is invalid.", node.span)
    assert found is not None
    if node.argument is None and "count" not in found.names:
        # Without a field it is about all of them: `avg` is `avg(*)`.
        node = replace(node, argument="*", label=f"{node.label}(*)")
    if not isinstance(node.argument, str | None) and node.alias is None and arguments.command not in _CHARTS:
        raise arguments.error(
            "You must specify a rename for the aggregation specifier on the dynamically evaluated field "
            f"'{node.label}'.",
            node.span,
        )
    return Measure(node, found(node.parameter))


def _sparkline(node: Aggregation, arguments: Arguments) -> Measure:
    """``sparkline``, ``sparkline(avg(x))``, ``sparkline(count, 1h)``."""
    if arguments.command not in _SPARKLINES:
        raise arguments.unsupported("sparkline", node.span)
    inner = inner_function(node.argument or "count") if isinstance(node.argument, str | None) else None
    if inner is None or len(node.further) > 1:
        raise arguments.error(f"The argument '{node.label}' is invalid.", node.span)
    span = read_time_span(node.further[0], arguments) if node.further else None
    return Measure(replace(node, argument=inner[1], further=()), Sparkline(), (inner[0](), span))


class Combined(Aggregate):
    """An expression over other aggregations, in place of a function."""

    names = ("eval",)

    def accumulator(self) -> Accumulator:
        raise UnsupportedSPL("An expression over aggregations is not supported row by row.")


def _combined(node: Aggregation, expression: Expr, arguments: Arguments) -> Measure:
    """``eval(round(avg(x), 2))`` of chart and timechart."""
    if arguments.command not in _CHARTS:
        raise arguments.unsupported("an expression over aggregations", node.span)
    parts: dict[str, Measure] = {}
    over = _over_columns(expression, parts, arguments)
    if not parts or fields_of(over) - parts.keys():
        raise arguments.unsupported("an expression of anything but aggregations", node.span)
    return Measure(replace(node, argument=over), Combined(), parts=tuple(parts.values()))


def _over_columns(expression: Expr, parts: dict[str, Measure], arguments: Arguments) -> Expr:
    """The expression with each aggregation replaced by its column, and put into ``parts``."""

    def inside(part: Expr) -> Expr:
        return _over_columns(part, parts, arguments)

    if isinstance(expression, Call):
        fields = [one.name for one in expression.arguments if isinstance(one, FieldRef)]
        if len(fields) == len(expression.arguments) <= 1 and find_aggregate(expression.name.lower()) is not None:
            label = f"{expression.name}({''.join(fields)})"
            argument = fields[0] if fields else None
            node = Aggregation(expression.name.lower(), argument, label, span=expression.span)
            if node.function.startswith("per_"):
                raise arguments.unsupported(f"{node.function} in an expression", expression.span)
            parts[label] = _measure(node, arguments)
            return FieldRef(label, expression.span, quoted=True)
        return replace(expression, arguments=tuple(map(inside, expression.arguments)))
    if isinstance(expression, Binary):
        return replace(expression, left=inside(expression.left), right=inside(expression.right))
    if isinstance(expression, Unary):
        return replace(expression, operand=inside(expression.operand))
    if isinstance(expression, Membership):
        return replace(expression, operand=inside(expression.operand), choices=tuple(map(inside, expression.choices)))
    return expression


def check_measures(measures: Sequence[Measure], command: str, text: str) -> None:
    """Check ``eval(...)`` arguments before any row is read."""
    scope = Scope(now=0, command=command, text=text)
    for measure in measures:
        if measure.expression is not None:
            check(measure.expression, scope)
        if measure.parts and not isinstance(measure.node.argument, str | None):
            check(measure.node.argument, scope)


def refuse_by_names(measures: Sequence[Measure], by: Sequence[str], arguments: Arguments) -> None:
    """An aggregation may not be called like a by-field. What two of one name give is not known."""
    named: dict[str, Measure] = {}
    for measure in measures:
        other = named.setdefault(measure.node.name, measure)
        if (other.node.function, other.node.argument) != (measure.node.function, measure.node.argument):
            raise arguments.unsupported(f"two aggregations called '{measure.node.name}'", measure.node.span)
        if measure.node.name in by:
            raise arguments.error(
                f"The output field '{measure.node.name}' cannot have the same name as a group-by field.",
                measure.node.span,
            )


def outputs(measures: Sequence[Measure], frame: Frame, by: Sequence[str], context: SearchContext) -> list[Output]:
    """The columns that the aggregations give over this frame, wildcards expanded over its fields."""
    found: list[Output] = []
    for measure in measures:
        node, function = measure.node, measure.function
        if isinstance(function, Sparkline) and measure.line is not None:
            function = function.over(measure.line[0], _edges(measure.line[1], frame, context))
        if measure.parts and not isinstance(node.argument, str | None):
            expression = partial(_over, node.argument, context)
            parts = tuple(outputs(measure.parts, frame, by, context))
            found.append(Output(node.name, function, None, parts, expression))
        elif measure.expression is not None:
            found.append(Output(node.name, function, evaluated(measure.expression, frame, context)))
        elif measure.field is None:
            found.append(Output(node.name, function, None))
        elif not has_wildcard(measure.field):
            found.append(Output(node.name, function, frame.column(measure.field)))
        else:
            names = [name for name in matching(measure.field, frame.columns) if name not in by]
            found.extend(Output(_expanded_name(node, name), function, frame.column(name)) for name in names)
    return found


def _over(expression: Expr, context: SearchContext, cells: Frame) -> Column:
    return evaluate(expression, cells, context.scope())


def _edges(span: TimeSpan | None, frame: Frame, context: SearchContext) -> list[float]:
    """The beginnings of a sparkline's buckets."""
    times = times_of(frame)
    times = times[~np.isnan(times)]
    if not len(times):
        return []
    window = context.progress.window
    span = span or time_span_for(window, frame, MAXIMUM)
    low = float(times.min()) if window.earliest is None or window.earliest == 0 else window.earliest
    high = float(times.max()) if window.latest is None else np.nextafter(window.latest, -np.inf)
    moment = span.start_of(low, context.timezone)
    edges: list[float] = []
    while moment <= high:
        if len(edges) == MAXIMUM:
            raise UnsupportedSPL(f"A sparkline of more than {MAXIMUM} buckets is not supported.")
        edges.append(moment)
        moment = span.next(moment, context.timezone)
    return edges


def _expanded_name(node: Aggregation, field: str) -> str:
    """``values(*) AS *_x`` over the field ``a`` gives ``a_x``; without AS, ``values(a)``."""
    assert isinstance(node.argument, str)
    if node.alias is None:
        return node.label.replace(node.argument, field, 1)
    parts = wildcard_pattern(node.argument).fullmatch(field)
    assert parts is not None
    name = node.alias
    if name.count("*") not in (0, len(parts.groups())):
        raise SPLSyntaxError(
            f"Error in 'stats' command: The rename of '{node.label}' has too many or too few wildcards."
        )
    for part in parts.groups():
        name = name.replace("*", part, 1)
    return name


def evaluated(expression: Expr, frame: Frame, context: SearchContext) -> Column:
    """The argument ``eval(...)``: a condition counts where it is true."""
    if is_condition(expression):
        expression = Call("if", (expression, Literal(1, "1"), Call("null", ())), expression.span)
    return evaluate(expression, frame, context.scope())


def is_condition(expression: Expr) -> bool:
    """Whether the expression gives a truth value."""
    if isinstance(expression, Unary):
        return expression.operator == "NOT"
    if isinstance(expression, Binary):
        return expression.operator not in ("+", "-", "*", "/", "%", ".")
    if isinstance(expression, Call):
        function = find_function(expression.name.lower())
        return function is not None and function.boolean
    return isinstance(expression, Membership)


def aggregate(groups: Groups, wanted: Sequence[Output], *, all_numeric: bool = False) -> dict[str, Column]:
    """Each column over the groups. ``all_numeric``: a group in which the field is anything but a number, or missing,
    has no numeric statistics."""
    times = times_of(groups.frame) if any(one.function.timed for one in wanted) else np.full(len(groups.codes), np.nan)
    kept: dict[int, Samples] = {}
    columns: dict[str, Column] = {}
    for one in wanted:
        if one.combined is not None:
            cells = aggregate(groups, one.parts, all_numeric=all_numeric)
            columns[one.name] = one.combined(Frame(cells, groups.count))
            continue
        samples = _samples(one.argument, groups, times, kept)
        columns[one.name] = one.function.grouped(samples)
        if all_numeric and one.function.numeric and one.argument is not None:
            columns[one.name] = where(_all_numeric(samples, groups, one.argument), columns[one.name])
    return columns


def _all_numeric(samples: Samples, groups: Groups, argument: Column) -> Mask:
    """The groups in which every row has the field, and only numbers in it."""
    other = np.isnan(samples.numbers)
    spoiled = np.zeros(groups.count, dtype=np.bool_)
    spoiled[samples.groups[other[samples.codes]]] = True
    spoiled[groups.codes[argument.is_null()]] = True
    return ~spoiled


def _samples(argument: Column | None, groups: Groups, times: Numbers, kept: dict[int, Samples]) -> Samples:
    """The samples of an argument, made once however many functions look at it."""
    found = kept.get(id(argument))
    if found is None:
        column = argument if argument is not None else Column.constant(1, len(groups.codes))
        found = kept[id(argument)] = Samples.of(column, groups.codes, times, groups.count)
    return found


def statistics_frame(
    groups: Groups, by: Sequence[str], wanted: Sequence[Output], *, all_numeric: bool = False
) -> Frame:
    """The table of stats: by-fields, then aggregates (M2.32). Without BY one row, or none if nothing can be computed
    (M4.80, M4.81)."""
    keys: Mapping[str, Column] = {
        name: column.map(_moment) if name == "_time" else column
        for name, column in zip(by, groups.columns, strict=True)
    }
    columns = {**keys, **aggregate(groups, wanted, all_numeric=all_numeric)}
    if not by and all(bool(column.is_null().all()) for column in columns.values()):
        columns = {name: column.take(np.zeros(0, dtype=np.intp)) for name, column in columns.items()}
        return Frame(columns, 0, ordered=True)
    return Frame(columns, groups.count, ordered=True)


def _moment(value: Value) -> Value:
    """A time that was grouped by its text is a number again."""
    number = to_number(value)
    return value if number is None else number
