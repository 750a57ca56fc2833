"""From the results of a saved search to its actions: does it trigger, which rows are throttled, what is done.

Follows "alert_type", "alert.digest_mode" and "alert.suppress" of savedsearches.conf.
"""

from __future__ import annotations

import operator
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.errors import SearchError
from harness.server.accounts import as_list
from harness.server.alert_actions import Cell, Row, Trigger, find
from harness.server.answers import Message
from harness.server.dispatch import post_process
from harness.server.job_rows import result_page
from harness.server.results import table_of
from harness.server.saved_searches import SavedSearch, seconds
from harness.values.frame import Frame

if TYPE_CHECKING:
    from harness.server.instance import SplunkInstance
    from harness.server.jobs import Job

DAY: Final = 86400.0
ROW_FILTERED: Final = frozenset(("risk", "notable"))
"""Actions of correlation searches, whose throttling leaves rows out one by one even when the alert is one of all."""

_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "greater than": operator.gt,
    "less than": operator.lt,
    "equal to": operator.eq,
    "not equal to": operator.ne,
}
_CHANGES: Final[Mapping[str, Callable[[int, int], int]]] = {
    "rises by": lambda before, now: now - before,
    "drops by": lambda before, now: before - now,
}
_THRESHOLD: Final = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<percent>%?)")
_COUNTED: Final = {"number of hosts": "host", "number of sources": "source"}


@dataclass(frozen=True, slots=True)
class FiredAlert:
    """A triggered alert as ``alerts/fired_alerts`` lists it."""

    name: str
    saved_search: str
    owner: str
    app: str
    sid: str
    moment: float
    expires: float
    severity: int
    alert_type: str
    actions: str
    digest: bool
    manual: bool


class Alerts:
    """Throttling, previous counts and fired alerts of all saved searches. Thread-safe."""

    def __init__(self, instance: SplunkInstance) -> None:
        self._instance = instance
        self._lock = threading.RLock()
        self._quiet_until: dict[tuple[str, tuple[Cell, ...]], float] = {}
        self._counts: dict[str, int] = {}
        self._fired: list[FiredAlert] = []

    # --- deciding -----------------------------------------------------------------------------------------------------

    def finish(self, saved: SavedSearch, job: Job, moment: float) -> None:
        """Judge a job of a saved search that has its results, and carry its actions out if it triggers."""
        assert job.result is not None
        if not self._triggers(saved, job):
            return
        digest = saved.flag("alert.digest_mode")
        with self._lock:
            rows = self._unthrottled(saved, list(enumerate(as_rows(self._instance, job))), moment, digest=digest)
        if rows is None:
            return
        batches = [rows] if digest else [[row] for row in rows]
        for number, batch in enumerate(batches):
            for action in saved.actions:
                self._act(action, Trigger(self._instance, saved, job, batch, moment))
            self._track(saved, job, moment, number, digest=digest)

    def _triggers(self, saved: SavedSearch, job: Job) -> bool:
        """Whether the results meet the condition. ``always`` triggers on any run."""
        assert job.result is not None
        frame = job.result.frame
        kind = saved.text("alert_type", "always")
        condition = saved.text("alert_condition").strip()
        if condition:
            return bool(post_process(self._instance, job, frame, condition).length)
        if kind == "custom":
            raise SearchError("alert_type is custom, but alert_condition is empty")
        if kind == "always":
            return True
        if kind not in {"number of events", *_COUNTED}:
            raise SearchError(f"alert_type={kind} is no condition")
        return self._compares(saved, _count(frame, _COUNTED.get(kind)))

    def _compares(self, saved: SavedSearch, count: int) -> bool:
        """A count by itself, or beside that of the run before; the first run has none to rise or drop from."""
        relation, text = saved.text("alert_comparator"), saved.text("alert_threshold").strip()
        found = _THRESHOLD.fullmatch(text)
        compare, change = _COMPARISONS.get(relation), _CHANGES.get(relation.removesuffix(" perc"))
        if found is None or (compare is None) == (change is None) or (compare is not None and found["percent"]):
            raise SearchError(f"alert_comparator={relation} with alert_threshold={text} is no condition")
        threshold = float(found["number"])
        with self._lock:
            before = self._counts.get(_key(saved))
            self._counts[_key(saved)] = count
        if compare is not None:
            return compare(count, threshold)
        if before is None or change is None:
            return False
        if found["percent"] or relation.endswith("perc"):
            return before > 0 and change(before, count) * 100 / before >= threshold
        return change(before, count) >= threshold

    # --- throttling ---------------------------------------------------------------------------------------------------

    def _unthrottled(
        self, saved: SavedSearch, rows: list[tuple[int, Row]], moment: float, *, digest: bool
    ) -> list[tuple[int, Row]] | None:
        """The rows that may act, None if the whole alert is silent; what acts is silent for the period from now on."""
        if not saved.flag("alert.suppress"):
            return rows
        text = saved.text("alert.suppress.period")
        period = seconds(text)
        if period is None:
            raise SearchError(f"alert.suppress.period={text} is no time")
        group = _group(saved)
        fields = as_list([saved.text("alert.suppress.fields")])
        if not fields and not digest:
            raise SearchError("an alert for each result is suppressed by alert.suppress.fields, which is empty")
        if not fields:
            return rows if self._open(group, (), moment, period) else None
        if digest and not ROW_FILTERED & set(saved.actions):
            # One alert of all rows is throttled by its first row.
            return rows if not rows or self._open(group, _values(rows[0][1], fields), moment, period) else None
        left = [row for row in rows if self._open(group, _values(row[1], fields), moment, period)]
        return left or None

    def _open(self, group: str, values: tuple[Cell, ...], moment: float, period: float) -> bool:
        if self._quiet_until.get((group, values), float("-inf")) > moment:
            return False
        self._quiet_until[group, values] = moment + period
        return True

    def suppressed_for(self, saved: SavedSearch, moment: float) -> float:
        """Seconds for which the search (or any of its combinations) is still silent; 0 if it is not."""
        group = _group(saved)
        with self._lock:
            until = max((end for (name, _), end in self._quiet_until.items() if name == group), default=0.0)
        return max(0.0, until - moment)

    def suppress(self, saved: SavedSearch, moment: float, period: float) -> None:
        """Be silent for a period from now on; 0 lets it speak again."""
        group = _group(saved)
        with self._lock:
            for key in [key for key in self._quiet_until if key[0] == group]:
                del self._quiet_until[key]
            if period > 0:
                self._quiet_until[group, ()] = moment + period

    # --- acting -------------------------------------------------------------------------------------------------------

    def _act(self, name: str, trigger: Trigger) -> None:
        action = find(name)
        if action is None:
            trigger.job.messages.append(
                Message("WARN", f"The alert action '{name}' is not carried out by this server.")
            )
            return
        action(trigger)

    def _track(self, saved: SavedSearch, job: Job, moment: float, number: int, *, digest: bool) -> None:
        track = saved.text("alert.track").lower()
        by_itself = track == "auto" and saved.actions and saved.text("alert_type", "always") != "always"
        if track not in {"1", "true"} and not by_itself:
            return
        alert = FiredAlert(
            name=job.sid if digest else f"{job.sid}_{number}",
            saved_search=saved.name,
            owner=saved.stanza.acl.namespace.owner or "nobody",
            app=saved.stanza.app,
            sid=job.sid,
            moment=moment,
            expires=moment + (seconds(saved.text("alert.expires")) or DAY),
            severity=int(_number(saved.text("alert.severity", "3"))),
            alert_type=saved.text("alert_type"),
            actions=", ".join(saved.actions),
            digest=digest,
            manual=not job.scheduled,
        )
        with self._lock:
            self._fired.append(alert)

    def fired(self, moment: float) -> list[FiredAlert]:
        """Alerts that have not expired, in the order in which they fired."""
        with self._lock:
            self._fired = [alert for alert in self._fired if alert.expires > moment]
            return list(self._fired)

    def forget(self, name: str) -> None:
        """One firing."""
        with self._lock:
            self._fired = [alert for alert in self._fired if alert.name != name]

    def forget_search(self, name: str) -> None:
        """Every firing of a saved search."""
        with self._lock:
            self._fired = [alert for alert in self._fired if alert.saved_search != name]


def as_rows(instance: SplunkInstance, job: Job) -> list[Row]:
    """All result rows as texts, each with the fields that it has."""
    page = result_page(instance, job)
    rows: list[dict[str, Cell]] = [{} for _ in range(page.frame.length)]
    for name in page.names:
        column = page.frame.column(name)
        table = table_of(column, name, page.timezone, lambda texts: texts, None)
        for row, code in zip(rows, column.codes.tolist(), strict=True):
            cell = table[code]
            if cell is not None:
                row[name] = cell
    return list(rows)


def _key(saved: SavedSearch) -> str:
    stanza = saved.stanza
    return f"{stanza.owner if stanza.sharing == 'user' else 'nobody'};{stanza.app};{saved.name}"


def _group(saved: SavedSearch) -> str:
    """What is silent together: the searches of one owner that name the same group, or the search alone."""
    name = saved.text("alert.suppress.group_name")
    return f"{saved.stanza.owner};group;{name}" if name else _key(saved)


def _values(row: Row, fields: Sequence[str]) -> tuple[Cell, ...]:
    """The combination that throttling goes by; ``*`` is every field of the row."""
    names = sorted(row) if "*" in fields else fields
    cells = (row.get(name, "") for name in names)
    return tuple(cell if isinstance(cell, str) else "\n".join(cell) for cell in cells)


def _count(frame: Frame, field: str | None) -> int:
    if field is None:
        return frame.length
    column = frame.column(field)
    return len({value for value in column.compact().values if value is not None})


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
