"""A content root into models: every file read, every problem noted, nothing stopped by one broken file."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from harness.content import shapes
from harness.content.conformity import conform
from harness.content.contributors import with_contributors
from harness.content.detections import Defaults, read_detection, read_schedule
from harness.content.fields import Fields
from harness.content.models import (
    DEFAULT_LABEL,
    AppConfig,
    BaselineDefinition,
    Content,
    DataSource,
    Deployment,
    Described,
    Detection,
    Ignored,
    LookupDefinition,
    MacroDefinition,
    Notable,
    Problem,
    ScheduleConfig,
)
from harness.content.sigma import Conversion, is_sigma, read_sigma
from harness.content.yaml_document import YamlDocument, read_yaml

T = TypeVar("T")

LOOKUP_KEYS = ("match_type", "case_sensitive_match", "default_match", "min_matches", "max_matches", "fields_list")

KINDS = {
    "baselines": "baseline",
    "dashboards": "dashboard",
    "data_sources": "data source",
    "deployments": "deployment",
    "investigations": "investigation",
    "lookups": "lookup",
    "macros": "macro",
    "playbooks": "playbook",
    "removed": "removed content",
    "schedules": "schedule",
    "stories": "story",
}
"""The folders of a content root beside that of detections, and what a file there is called."""

OTHER_KINDS: dict[str, type[shapes.Shape] | None] = {
    "stories": shapes.Story,
    "dashboards": shapes.Dashboard,
    "playbooks": shapes.Playbook,
    "investigations": None,
    "removed": None,
}

DEFAULT_DEPLOYMENTS = {
    "TTP": (True, Notable("%name%", "%description%", ("user", "dest"))),
    "Anomaly": (True, None),
    "Hunting": (False, None),
    "Correlation": (False, Notable("%name%", "%description%", ("user", "dest"))),
}
"""What each type makes where the content has no deployment of its own: risk events, a notable."""


def load_content(root: Path, paths: Iterable[Path] = ()) -> Content:
    """Read a content root. With ``paths``, only the detections in or below them; macros and lookups always whole."""
    paths = list(paths)
    whole = not any(path.resolve() not in (root.resolve(), (root / "detections").resolve()) for path in paths)
    problems: list[Problem] = []
    described: list[Described] = []
    deployments = _deployments(root, problems, described)
    baselines = tuple(_all(root / "baselines", _baseline, problems, described))
    schedules = dict(_all(root / "schedules", _named_schedule, problems, described))
    names = frozenset(each.name for each in baselines)
    defaults = Defaults(deployments, schedules, names, _conversion(root, problems))
    # What is wrong with detections that nobody asked for is not told.
    detections, contributors = with_contributors(
        tuple(_detections(root, paths, defaults, problems)), lambda: _detections(root, [], defaults, []), problems
    )
    macros = tuple(_all(root / "macros", _macro, problems, described))
    lookups = tuple(_all(root / "lookups", _lookup, problems, described))
    sources = tuple(_all(root / "data_sources", _data_source, problems, described))
    for folder, shape in OTHER_KINDS.items() if whole else ():
        for document, _ in _documents(yaml_files(root / folder), problems):
            described.append(_other(Fields(document, problems), folder, shape))
    problems += _clashes("macro", {each.file: f"{each.name}({len(each.arguments)})" for each in macros})
    problems += _clashes("lookup", {each.file: each.name for each in lookups})
    problems += _clashes("data source", {each.file: each.name for each in sources})
    problems += _clashes("baseline", {each.file: each.name for each in baselines})
    ignored = tuple(_ignored(root, problems))
    app = _app(root, problems)
    found = dict.fromkeys(problems)
    return Content(
        root,
        detections,
        macros,
        lookups,
        sources,
        tuple(deployments.values()),
        tuple(sorted(found, key=lambda problem: (str(problem.file), problem.line))),
        ignored,
        baselines,
        described=tuple(described),
        app=app,
        contributors=contributors,
        whole=whole,
    )


def _app(root: Path, problems: list[Problem]) -> AppConfig:
    """``contentctl.yml``, or the ``build.yml`` of contentctl-ng; neither has to be there."""
    files = filter(is_file, (root / "contentctl.yml", root / "build.yml"))
    found = {document.path.name: Fields(document, problems) for document, _ in _documents(files, problems)}
    build = found.get("build.yml")
    external: set[str] = set()
    for app in build.each("external_app_content") if build is not None else ():
        external.update((*app.texts("macros"), *app.texts("lookups")))
    if "contentctl.yml" in found:
        app = found["contentctl.yml"].inner("app")
        app.unknown(shapes.App, "app")
        keys = ("label", "appid", "version")
    elif build is not None:
        app, keys = build, ("content_prefix", "id", "app_version")
    else:
        return AppConfig()
    label, name, version = (app.text(key) for key in keys)
    lines = (app.line(keys[1]), app.line(keys[2]))
    return AppConfig(label or DEFAULT_LABEL, name, version, app.document.path, *lines, frozenset(external))


def _clashes(kind: str, names: Mapping[Path, str]) -> Iterator[Problem]:
    """Of two things with one name only the last would count."""
    first: dict[str, Path] = {}
    for file, name in names.items():
        if name and first.setdefault(name, file) != file:
            yield Problem(
                "name-clash", file, 1, f"{first[name].name} already holds the {kind} {name.removesuffix('(0)')}"
            )


def _conversion(root: Path, problems: list[Problem]) -> Conversion:
    """How ``harness.yml`` wants Sigma rules to be converted."""
    for document, _ in _documents(filter(is_file, [root / "harness.yml"]), problems):
        fields = Fields(document, problems)
        conform(fields, shapes.Settings, "harness.yml")
        sigma = fields.inner("sigma")
        return Conversion(sigma.text("form"), sigma.texts("pipelines"), root)
    return Conversion()


def _ignored(root: Path, problems: list[Problem]) -> Iterator[Ignored]:
    """The rules that ``harness.yml`` switches off: ``ignore: {rule-id: reason}``, or ``{rule-id: {path: reason}}``."""
    for document, _ in _documents(filter(is_file, [root / "harness.yml"]), problems):
        ignore = Fields(document, problems).inner("ignore")
        for rule in map(str, ignore.data):
            if not isinstance(ignore.data[rule], dict):
                yield Ignored(rule, ignore.text(rule).strip(), root, ignore.line(rule))
                continue
            paths = ignore.inner(rule)
            for path in map(str, paths.data):
                yield Ignored(rule, paths.text(path).strip(), root / path, paths.line(path))


def is_file(path: Path) -> bool:
    """Whether a path that content names is a file; a name that no file can have is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def yaml_files(folder: Path) -> list[Path]:
    if folder.is_file():
        return [folder]
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.rglob("*") if path.suffix in (".yml", ".yaml") and path.is_file())


def _documents(files: Iterable[Path], problems: list[Problem]) -> Iterator[tuple[YamlDocument, bytes]]:
    for path in files:
        try:
            data = path.read_bytes()
        except OSError as error:
            problems.append(Problem("yaml", path, 1, f"cannot be read: {error.strerror}"))
            continue
        document, found = read_yaml(path, data)
        problems.extend(found)
        if document is not None:
            yield document, data


def _all(folder: Path, read: Callable[[Fields], T], problems: list[Problem], described: list[Described]) -> Iterator[T]:
    for document, _ in _documents(yaml_files(folder), problems):
        fields = Fields(document, problems)
        described.append(_described(fields, KINDS[folder.name]))
        yield read(fields)


def _described(fields: Fields, kind: str) -> Described:
    return Described(
        kind,
        fields.text("name"),
        fields.text("id"),
        fields.integer("version"),
        fields.text("modification_date") or fields.text("creation_date") or fields.text("date"),
        fields.text("author"),
        fields.text("status"),
        fields.text("description"),
        fields.texts("references"),
        fields.document.path,
        fields.document.top_lines(),
        fields.document.data,
    )


def _other(fields: Fields, folder: str, shape: type[shapes.Shape] | None) -> Described:
    """Content that no search uses."""
    kind = KINDS[folder]
    # contentctl-ng writes playbooks in other keys.
    if shape is not None and not (shape is shapes.Playbook and fields.has("creation_date")):
        conform(fields, shape, f"a {kind}")
    return _described(fields, kind)


def _detections(root: Path, paths: list[Path], defaults: Defaults, problems: list[Problem]) -> Iterator[Detection]:
    folders = [path.resolve() for path in paths] or [root / "detections"]
    files = dict.fromkeys(file for folder in folders for file in _below(root, folder))
    for document, data in _documents(files, problems):
        if is_sigma(document):
            yield read_sigma(document, data, Fields(document, problems), defaults.baselines, defaults.sigma)
        else:
            yield read_detection(document, data, defaults, problems)


def _below(root: Path, path: Path) -> list[Path]:
    """The detections in or below a path; the content root itself stands for its detections folder."""
    return yaml_files(root / "detections" if path == root.resolve() else path)


def _named_schedule(fields: Fields) -> tuple[str, ScheduleConfig]:
    settings = fields.inner("scheduling") if fields.has("scheduling") else fields
    return fields.text("name", required=True), read_schedule(settings, ScheduleConfig())


def _macro(fields: Fields) -> MacroDefinition:
    conform(fields, shapes.Macro, "a macro")
    return MacroDefinition(
        fields.text("name", required=True).partition("(")[0],
        fields.texts("arguments"),
        fields.text("definition", required=True),
        fields.document.path,
        fields.text("description"),
    )


def _data_source(fields: Fields) -> DataSource:
    conform(fields, shapes.DataSource, "a data source")
    recorded = fields.texts("fields")
    return DataSource(
        fields.text("name", required=True),
        fields.text("source", required=True),
        fields.text("sourcetype", required=True),
        fields.document.path,
        (*recorded, *fields.texts("output_fields")) if recorded else (),
    )


def _baseline(fields: Fields) -> BaselineDefinition:
    conform(fields, shapes.Baseline, "a baseline")
    tags = fields.inner("tags")
    return BaselineDefinition(
        fields.text("name", required=True),
        fields.text("id", required=True),
        fields.text("search", required=True),
        fields.document.path,
        tags.texts("detections"),
        fields.text("status"),
    )


def _lookup(fields: Fields) -> LookupDefinition:
    conform(fields, shapes.Lookup, "a lookup")
    path = fields.document.path
    name = fields.text("name", required=True)
    settings = {key: _setting(fields, key) for key in LOOKUP_KEYS if fields.has(key)}
    if fields.has("fields") and "fields_list" not in settings:
        settings["fields_list"] = ", ".join(fields.texts("fields"))
    if fields.has("collection") or fields.text("lookup_type") == "kvstore":
        return LookupDefinition(name, "kvstore", path, settings)
    if fields.text("lookup_type") == "mlmodel" or path.stem.startswith("__mlspl"):
        return LookupDefinition(name, "mlmodel", path, settings, _file_of(fields, path, ".mlmodel"))
    file = _file_of(fields, path, ".csv")
    if file is None:
        fields.note("lookup-file", f"the CSV file of the lookup {name} is not there", "filename")
    else:
        fields.problems.extend(_csv_problems(file))
    return LookupDefinition(name, "csv", path, settings, file)


def _csv_problems(path: Path) -> Iterator[Problem]:
    """What keeps rows of a lookup's file from being what they look like; the first row of each kind."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            reader = csv.reader(file)
            header = next(reader, [])
            if not header:
                yield Problem("lookup-file", path, 1, "the file has no header")
            twice = next((name for name in header if header.count(name) > 1), None)
            if twice is not None:
                yield Problem("lookup-file", path, 1, f"two columns are called {twice!r}")
            for row in reader:
                if row and len(row) != len(header):
                    text = f"the row has {len(row)} cells, the header {len(header)}"
                    yield Problem("lookup-file", path, reader.line_num, text, "warning")
                    return
    except (OSError, csv.Error) as error:
        yield Problem("lookup-file", path, 1, f"cannot be read as CSV: {error}")


def _setting(fields: Fields, key: str) -> str:
    value = fields.data[key]
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(str(each) for each in value) if isinstance(value, list) else str(value)


def _file_of(fields: Fields, path: Path, suffix: str) -> Path | None:
    candidates = [path.with_suffix(suffix)]
    if fields.has("filename"):
        candidates.insert(0, path.parent / Path(fields.text("filename")).name)
    return next((candidate for candidate in candidates if is_file(candidate)), None)


def _deployments(root: Path, problems: list[Problem], described: list[Described]) -> dict[str, Deployment]:
    found = {
        kind: Deployment(kind, ScheduleConfig(), risk, notable, Path())
        for kind, (risk, notable) in DEFAULT_DEPLOYMENTS.items()
    }
    for document, _ in _documents(yaml_files(root / "deployments"), problems):
        fields = Fields(document, problems)
        conform(fields, shapes.Deployment, "a deployment")
        described.append(_described(fields, "deployment"))
        kind = fields.text("type", required=True)
        action = fields.inner("alert_action")
        notable = action.inner("notable") if action.has("notable") else None
        found[kind] = Deployment(
            kind,
            read_schedule(fields.inner("scheduling"), ScheduleConfig()),
            action.inner("rba").boolean("enabled"),
            None
            if notable is None
            else Notable(notable.text("rule_title"), notable.text("rule_description"), notable.texts("nes_fields")),
            document.path,
        )
    return found
