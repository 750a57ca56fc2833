"""``rest``: the entries of an endpoint of this server, a row each. Follows "rest" in the Search Reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.host import host_of
from harness.spl.arguments import Arguments, non_negative_integer, string
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class Rest(SearchCommand):
    """``count`` 0 asks for all entries."""

    names = ("rest",)
    generating = True
    transforming = True

    path: str
    count: int = 0
    arguments: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, arguments: Arguments) -> Rest:
        path = ""
        given: list[tuple[str, str]] = []
        known: dict[str, Any] = {
            "count": non_negative_integer, "timeout": non_negative_integer, "splunk_server": string,
            "splunk_server_group": string,
        }  # fmt: skip
        options: dict[str, Any] = {}
        while not arguments.at_end:
            name = arguments.option_name()
            if name is not None and name.lower() not in known:
                if name != "f" and name in dict(given):
                    raise arguments.unsupported(f"the argument '{name}' several times")
                given.append((name, arguments.option(name, string)))
            elif name is not None:
                options |= arguments.options(known)
            elif path or not (path := arguments.value()):
                raise arguments.invalid_argument()
        path = f"/{path.removeprefix('/')}"
        if not path.startswith(("/services/", "/servicesNS/")):
            raise arguments.error("Specify the path of an endpoint: /services/... or /servicesNS/...")
        if options.get("splunk_server", "local") not in ("local", "splunk", "*"):
            raise arguments.unsupported("the option 'splunk_server'")
        if "splunk_server_group" in options:
            raise arguments.unsupported("the option 'splunk_server_group'")
        return cls(path, options.get("count", 0), tuple(given))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        path, _, query = self.path.partition("?")
        given = dict(part.partition("=")[::2] for part in query.split("&") if part)
        asked = {name: [value] for name, value in {"count": str(self.count), **given, **dict(self.arguments)}.items()}
        if "f" in asked:
            asked["f"] = [value for name, value in self.arguments if name == "f"] or asked["f"]
        rows = host_of(context).rest(path, asked, context.user)
        if rows is None:
            context.messages.warn(
                f"Failed to fetch REST endpoint uri={path} from server. Check that the URI path provided exists in the "
                "REST API."
            )
            return Frame()
        return Frame.from_rows(rows)
