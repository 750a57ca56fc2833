"""``foreach``: a template of commands, once for each of some fields. Follows "foreach" in the Search Reference.

``<<FIELD>>`` is the field's name, ``<<MATCHSTR>>`` what the wildcards found, ``<<MATCHSEG1>>`` to ``<<MATCHSEG3>>``
each of them. The template's commands must work row by row.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.fields import matching, wildcard_pattern
from harness.engine.plan import Step, plan_pipeline
from harness.errors import UnsupportedSPL
from harness.spl.arguments import Arguments
from harness.spl.parser import parse_pipeline
from harness.values.frame import Frame
from harness.values.values import has_wildcard

MODES = ("multifield", "multivalue", "json_array", "auto_collections")


@dataclass(frozen=True, slots=True)
class Foreach(SearchCommand):
    names = ("foreach",)
    streaming = True

    patterns: tuple[str, ...]
    template: str

    @classmethod
    def parse(cls, arguments: Arguments) -> Foreach:
        mode = arguments.options({"mode": str.lower}).get("mode", "multifield")
        if mode not in MODES:
            raise arguments.error(f"Invalid mode '{mode}'.")
        if mode != "multifield":
            raise arguments.unsupported(f"the mode '{mode}'")
        patterns = arguments.field_list()
        for option in ("fieldstr", "matchstr", "matchseg1", "matchseg2", "matchseg3"):
            if arguments.option_name() == option:
                raise arguments.unsupported(f"the option '{option}'")
        if not patterns:
            raise arguments.error("Search pipeline is missing: no fields are named.")
        start = arguments.position
        subsearch = arguments.subsearch()
        arguments.expect_end()
        template = arguments.text_of(start + 1, subsearch.span.end - 1)
        return cls(tuple(patterns), template)

    def check(self, text: str) -> None:
        _steps(_filled(self.template, "field", ("a", "b", "c")))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        from harness.engine.search import Run

        for pattern in self.patterns:
            for name in matching(pattern, frame.columns) if has_wildcard(pattern) else [pattern]:
                found = wildcard_pattern(pattern).fullmatch(name)
                steps = _steps(_filled(self.template, name, found.groups() if found is not None else ()))
                frame = Run(context).steps(steps, frame)
        return frame


def _filled(template: str, name: str, segments: tuple[str, ...]) -> str:
    text = template.replace("<<FIELD>>", name).replace("<<MATCHSTR>>", "".join(segments))
    for number, segment in enumerate(segments, 1):
        text = text.replace(f"<<MATCHSEG{number}>>", segment)
    return text


def _steps(text: str) -> tuple[Step, ...]:
    steps = plan_pipeline(parse_pipeline(text if text.lstrip().startswith("|") else f"|{text}"), first=False)
    for step in steps:
        if not step.command.streaming:
            raise UnsupportedSPL(f"The 'foreach' command: '{step.name}' in its template is not supported.")
    return steps
