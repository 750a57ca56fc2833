"""Fields: what the search has lost or never made, yet something asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.content.models import DataSource, Problem
from harness.engine.plan import Plan, Step
from harness.engine.retrieval import walk
from harness.errors import HarnessError
from harness.spl.nodes import Comparison, InList
from harness.validation.flow import FieldSet, fields_before
from harness.validation.reads import Read, reads
from harness.validation.risk import TOKEN, risk_key
from harness.validation.rules import Rule, Subject, rule
from harness.validation.steps import kind_of, plans_within
from harness.validation.tests import sources_named_by

ADDED_TO_ALERTS = frozenset(("info_min_time", "info_max_time", "info_search_time", "info_sid"))
"""Fields that Enterprise Security adds to a search's results before it writes alerts."""

ALWAYS_THERE = frozenset(
    (
        *("_time", "_raw", "_indextime", "host", "source", "sourcetype", "index", "splunk_server", "linecount"),
        *("eventtype", "tag", "punct", "timestamp"),
    )
)
"""Fields that every event has, or may have whatever its source."""


@rule
class RiskFieldsAreProduced(Rule):
    id = "risk-field"
    summary = "The search gives every field of the risk message, the risk objects and the threat objects."

    def check(self, subject: Subject) -> Iterator[Problem]:
        if not subject.in_use:
            return
        risk = subject.detection.risk
        named = [(each.field, "risk object") for each in risk.objects]
        named += [(each.field, "threat object") for each in risk.threats]
        messages = [risk.message, *(each.message for each in risk.objects)]
        named += [(token, "token of the risk message") for message in messages for token in TOKEN.findall(message)]
        for field in dict.fromkeys(field for field, _ in named):
            if not subject.results.may_have(field):
                uses = " and ".join(dict.fromkeys(what for name, what in named if name == field))
                message = f"no result has the field {field}, the {uses}"
                yield self.problem(subject, risk_key(subject), message, _have(subject.results))


@rule
class ThrottleFieldsAreProduced(Rule):
    id = "throttle-field"
    summary = "The search gives every field that throttling goes by."

    def check(self, subject: Subject) -> Iterator[Problem]:
        throttling = subject.detection.throttling
        if throttling is not None and not throttling.fields:
            yield self.problem(subject, "tags", "throttling goes by no field")
        for field in throttling.fields if throttling is not None else ():
            if not subject.results.may_have(field):
                message = f"no result has the field {field}, which throttling goes by"
                yield self.problem(subject, "tags", message, _have(subject.results))


@rule
class DrilldownTokensAreProduced(Rule):
    id = "drilldown-token"
    severity = "warning"
    summary = "The search gives every field whose value a drilldown puts into its search."

    def check(self, subject: Subject) -> Iterator[Problem]:
        for drilldown in subject.detection.drilldowns:
            for token in dict.fromkeys(TOKEN.findall(drilldown.plain_search)):
                if token not in ADDED_TO_ALERTS and not subject.results.may_have(token):
                    message = f"no result has the field {token} for the drilldown {drilldown.name!r}"
                    yield self.problem(subject, "drilldown_searches", message, _have(subject.results))


@rule
class FieldsAreThereWhenRead(Rule):
    id = "absent-field"
    summary = "No command reads a field that no row can have any more; where it needs it, nothing is ever found."
    searches = True

    def check(self, subject: Subject) -> Iterator[Problem]:
        if not isinstance(subject.planned, HarnessError):
            yield from self._check(subject, subject.planned.steps, subject.fields)

    def _check(self, subject: Subject, steps: Sequence[Step], fields: Sequence[FieldSet]) -> Iterator[Problem]:
        for step, before in zip(steps, fields, strict=False):
            for read in reads(step.command):
                if not before.may_have(read.field):
                    yield self._absent(subject, step, before, read)
            for inner in plans_within(step.command):
                yield from self._check(subject, inner.steps, self._fields_of(subject, step, inner, before))

    def _fields_of(self, subject: Subject, step: Step, inner: Plan, before: FieldSet) -> list[FieldSet]:
        start = before if step.name == "appendpipe" else FieldSet()
        return fields_before(inner.steps, subject.library.knowledge, start)

    def _absent(self, subject: Subject, step: Step, before: FieldSet, read: Read) -> Problem:
        message = f"{step.name} reads the field {read.field}, which no row has there"
        line = subject.line_in_search(step.place)
        if read.needed:
            return self.problem(subject, "search", f"{message}: no row gets past it", _have(before), line=line)
        return self.problem(subject, "search", message, _have(before), line=line, severity="warning")


def _have(fields: FieldSet) -> str:
    names = sorted(fields.names)
    return f"The rows have {', '.join(names)}." if names and not fields.others else ""


@rule
class ByFieldsAreInDataSources(Rule):
    """A row without a field of BY falls out, and so would every row if the data never has it."""

    id = "data-source-field"
    severity = "warning"
    summary = "A search over events groups by fields that it makes, or that its data sources or the apps have."

    def check(self, subject: Subject) -> Iterator[Problem]:
        sources = [subject.library.data_sources.get(name) for name in sources_named_by(subject.detection)]
        known = [source for source in sources if source is not None and source.fields]
        steps = subject.steps
        if not steps or not known or len(known) < len(sources) or not getattr(steps[0].command, "leading", False):
            return  # what an unknown data source holds cannot be told
        listed = {field for source in known for field in (*source.fields, *_made(subject, source))}
        fields = FieldSet(frozenset(listed | ALWAYS_THERE | set(_asked_for(steps[0]))))
        for step, before in zip(steps[1:], fields_before(steps[1:], subject.library.knowledge, fields), strict=False):
            if kind_of(step.command) == "stats":
                missing = [
                    read.field for read in reads(step.command) if read.needed and not before.may_have(read.field)
                ]
                if missing:
                    names = " and ".join(source.name for source in known)
                    message = f"stats groups by {', '.join(missing)}: no such field is described in {names}"
                    hint = "Correct the search, or add to the fields of the data source."
                    yield self.problem(subject, "search", message, hint, line=subject.line_in_search(step.place))
                return


def _made(subject: Subject, source: DataSource) -> Iterator[str]:
    """The fields that the apps give to such events besides those that stand in them."""
    recipe = subject.library.knowledge.recipe(source.source, "", source.sourcetype)
    yield from (alias.new for alias in recipe.aliases)
    yield from (each.name for each in recipe.calculated)
    yield from (field for lookup in recipe.lookups for _, field in lookup.outputs)


def _asked_for(step: Step) -> Iterator[str]:
    """The fields that the search itself expects its events to have."""
    node = getattr(step.command, "node", None)
    for item in walk(node) if node is not None else ():
        if isinstance(item, Comparison | InList):
            yield item.field
