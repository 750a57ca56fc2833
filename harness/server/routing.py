"""Which function answers which path and verb, and what the wrong verb is told.

Endpoint functions live under ``endpoints/``, one function per endpoint, and register themselves here. A pattern is a
path below ``/services`` whose ``{parts}`` become arguments of the function. Every endpoint is reached under
``/services`` and under ``/servicesNS/{owner}/{app}`` alike (M9.11).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import Final

from harness.server.answers import Answer, Refusal
from harness.server.call import Call, Target, quote_name

Function = Callable[..., Answer] | Callable[..., Awaitable[Answer]]

STRUCTURED: Final = frozenset({"xml", "json"})
RESULTS: Final = frozenset({"xml", "json", "json_rows", "json_cols", "csv", "raw"})
MODES: Final = frozenset({"json", "xml", "csv", "atom", "raw", "json_rows", "json_cols"})
"""Every output mode there is (M2.6)."""


class Style(Enum):
    """The subsystem behind a path, which words its refusals."""

    OBJECTS = "collections and entities of configuration"
    JOBS = "the search jobs and what lies below one"
    JOB = "one job and its control, where the sid is looked up before the verb is judged"
    TOOL = "export, parser, timeparser"
    TYPEAHEAD = "typeahead"
    PLAIN = "anything else"


@dataclass(frozen=True, slots=True)
class Route:
    """One verb of one path."""

    function: Function
    modes: frozenset[str] = STRUCTURED
    raw_body: bool = False
    """The body is data, not a form."""
    public: bool = False
    """Needs no credentials."""
    default_mode: str = "xml"


@dataclass(slots=True)
class Path:
    """One pattern with its verbs."""

    pattern: str
    style: Style
    handler: str = ""
    """The name that Splunk's own handler has in messages."""
    routes: dict[str, Route] = field(default_factory=dict)

    @property
    def allow(self) -> str:
        """The verbs in the order in which Splunk lists them (M2.74)."""
        verbs = [verb for verb in ("GET", "POST", "PUT", "DELETE") if verb in self.routes]
        return ",".join([*verbs, "HEAD"] if "GET" in verbs else verbs)


_PATHS: dict[str, Path] = {}


def endpoint(
    pattern: str,
    *methods: str,
    style: Style = Style.PLAIN,
    handler: str = "",
    modes: frozenset[str] = STRUCTURED,
    raw_body: bool = False,
    public: bool = False,
    default_mode: str = "xml",
) -> Callable[[Function], Function]:
    """Register the function for ``methods`` of ``pattern``. ``search/jobs`` and ``search/parser`` patterns are served
    under ``search/v2`` as well."""

    def register(function: Function) -> Function:
        route = Route(function, modes, raw_body, public, default_mode)
        patterns = [pattern]
        if pattern.startswith(("search/jobs", "search/parser")):
            patterns.append(pattern.replace("search/", "search/v2/", 1))
        for each in patterns:
            path = _PATHS.setdefault(each, Path(each, style, handler))
            for method in methods:
                if method in path.routes:
                    raise ValueError(f"a second endpoint answers {method} {each}")
                path.routes[method] = route
        return function

    return register


@dataclass(slots=True)
class _Node:
    children: dict[str, _Node] = field(default_factory=dict)
    parameter: tuple[str, _Node] | None = None
    path: Path | None = None

    def add(self, path: Path) -> None:
        node = self
        for part in path.pattern.split("/") if path.pattern else ():
            if part.startswith("{"):
                if node.parameter is None:
                    node.parameter = (part.strip("{}"), _Node())
                node = node.parameter[1]
            else:
                node = node.children.setdefault(part, _Node())
        node.path = path

    def find(self, segments: tuple[str, ...]) -> tuple[Path, list[str]] | None:
        """The path and the values of its parameters; a literal segment goes before a parameter."""
        if not segments:
            return (self.path, []) if self.path is not None else None
        child = self.children.get(segments[0])
        found = child.find(segments[1:]) if child is not None else None
        if found is None and self.parameter is not None:
            found = self.parameter[1].find(segments[1:])
            if found is not None:
                found[1].insert(0, segments[0])
        return found


@cache
def _tree() -> _Node:
    from harness.server import endpoints

    for module in pkgutil.iter_modules(endpoints.__path__):
        importlib.import_module(f"{endpoints.__name__}.{module.name}")
    root = _Node()
    for path in _PATHS.values():
        root.add(path)
    return root


def all_paths() -> Iterator[Path]:
    """Every path that the management port serves, by name."""
    _tree()
    yield from (path for _, path in sorted(_PATHS.items()))


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of the page of all endpoints: some verbs of a path, what they do, and whether as Splunk does it."""

    verbs: str
    path: str
    text: str
    state: str


REFUSED: Final = "Refused: "
SHOWN: Final = "Shown only: "
"""How the description of an endpoint begins that does not do what Splunk's does: it says no, and why; or it keeps and
shows what is written, which then has no effect."""


def listing() -> list[Listed]:
    """Every endpoint with the first sentence of its description, by path."""
    found = []
    for path in all_paths():
        texts: dict[str, list[str]] = {}
        for verb, route in path.routes.items():
            text = " ".join((route.function.__doc__ or "").split()).partition(". ")[0].rstrip(".")
            texts.setdefault(text, []).append(verb)
        for text, verbs in texts.items():
            state = "refused" if text.startswith(REFUSED) else "shown only" if text.startswith(SHOWN) else "served"
            plain = text.removeprefix(REFUSED).removeprefix(SHOWN)
            found.append(Listed(" ".join(verbs), f"/services/{path.pattern}", plain, state))
    return found


def find(target: Target) -> tuple[Path, dict[str, str]] | None:
    """The path that serves ``target``, with the values of its parameters."""
    found = _tree().find(target.segments)
    if found is None:
        return None
    path, values = found
    names = [part.strip("{}") for part in path.pattern.split("/") if part.startswith("{")]
    return path, dict(zip(names, values, strict=True))


def relation(path: Path, values: Mapping[str, str]) -> dict[str, str]:
    """The header with the way back from the request to the job that it is about, whatever the answer (M3.22)."""
    if "sid" not in values:
        return {}
    depth = path.pattern.partition("{sid}")[2].count("/")
    return {"Link": f"<{'../' * depth}{quote_name(values['sid'])}>; rel=info"}


def not_found(target: Target | None) -> Refusal:
    """M2.70."""
    if target is not None and target.segments[:1] == ("search",):
        return Refusal(404, "FATAL", "Unknown endpoint.")
    return Refusal(404, "ERROR", "Not Found")


def check_mode(mode: str, route: Route, style: Style) -> None:
    """Whether ``mode`` exists and is served here; this comes before every other check of a request (M2.12)."""
    if mode not in MODES:
        raise Refusal(400, "ERROR", f"Invalid output mode specified ({mode}).", form="xml", no_store=False)
    if mode in route.modes:
        return
    if mode.startswith("json_") and style in {Style.JOBS, Style.JOB}:
        raise Refusal(400, "FATAL", "Invalid output_mode.", form="json")
    raise Refusal(
        400,
        "WARN",
        f"Output mode '{mode}' is not supported for this endpoint.",
        form="json" if mode.startswith("json_") else "xml",
    )


def wrong_verb(path: Path, call: Call) -> Refusal:
    """What a verb is told that this path does not take (M2.71-77, M3.35)."""
    method, style = call.method, path.style
    if method == "PATCH" or style is Style.TYPEAHEAD or (method == "PUT" and style is not Style.OBJECTS):
        return Refusal(405, "ERROR", "Method Not Allowed")
    if style is Style.TOOL:
        return Refusal(405, "FATAL", "The method is not allowed.", headers={"Allow": path.allow})
    if style in {Style.JOBS, Style.JOB}:
        return Refusal(405, "FATAL", "Method Not Allowed", headers={"Allow": path.allow})
    if style is Style.OBJECTS:
        return _wrong_action(path, method)
    return Refusal(405, "ERROR", "Method Not Allowed", headers={"Allow": path.allow})


def _wrong_action(path: Path, method: str) -> Refusal:
    if method == "PUT":
        return Refusal(404, "ERROR", "Requested invalid action 'PUT'.")
    last = path.pattern.rpartition("/")[2]
    if last.startswith("{") or "{" not in path.pattern:
        return without_target(method)
    action = {"GET": "list", "POST": "edit", "DELETE": "remove"}.get(method, method.lower())
    return Refusal(
        404,
        "ERROR",
        f"Invalid custom action for this internal handler (handler: {path.handler}, custom action: {last}, "
        f"eai action: {action}).",
    )


def without_target(method: str) -> Refusal:
    """M2.73, M5.10."""
    return Refusal(400, "ERROR", f'Cannot perform action "{method}" without a target name to act on.')
