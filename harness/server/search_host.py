"""What searches ask of the server that they run on: its endpoints, jobs and saved searches, with the user's rights."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from harness.engine.host import StoredRows, StoredSearch
from harness.errors import SearchError, UnsupportedSPL
from harness.server.answers import Refusal
from harness.server.call import Call, Namespace, read_path
from harness.server.confs import Viewer
from harness.server.saved_searches import FILE, SavedSearch
from harness.values.column import Value

if TYPE_CHECKING:
    from harness.server.accounts import User
    from harness.server.instance import SplunkInstance

_SHOWN: Final = ("title", "author", "id", "published", "updated")


class SearchHost:
    """Implements :class:`harness.engine.host.Host`."""

    def __init__(self, instance: SplunkInstance) -> None:
        self._instance = instance

    def may(self, user: str, capability: str) -> bool:
        return self._instance.accounts.may(self._user(user), capability)

    def rest(self, path: str, arguments: Mapping[str, list[str]], user: str) -> Sequence[Mapping[str, Value]] | None:
        from harness.server import routing

        target = read_path(quote(path, safe="/%").encode())
        found = routing.find(target) if target is not None else None
        route = found[0].routes.get("GET") if found is not None else None
        if target is None or found is None or route is None:
            return None
        if route.raw_body or "json" not in route.modes or inspect.iscoroutinefunction(route.function):
            raise UnsupportedSPL(f"The 'rest' command: the endpoint {path} is not supported.")
        given = {**arguments, "output_mode": ["json"]}
        call = Call(
            instance=self._instance,
            method="GET",
            target=target,
            arguments=given,
            body=b"",
            headers={},
            base_url=f"https://127.0.0.1:{self._instance.rest_port}",
            user=self._user(user),
            mode="json",
            query=given,
        )
        try:
            answer = route.function(call, **found[1])
        except Refusal as refusal:
            if refusal.status == 404:
                return None
            raise SearchError(f"Error in 'rest' command: {refusal.messages[0].text}") from refusal
        document = msgspec.json.decode(b"".join(answer.chunks))  # type: ignore[union-attr]
        if not isinstance(document, dict) or "entry" not in document:
            raise UnsupportedSPL(f"The 'rest' command: the endpoint {path}, which has no entries, is not supported.")
        return [self._row(entry) for entry in document["entry"]]

    def _row(self, entry: Mapping[str, Any]) -> dict[str, Value]:
        row: dict[str, Value] = {"title": entry["name"], "splunk_server": self._instance.name}
        row |= {name: str(entry[name]) for name in _SHOWN if entry.get(name)}
        content = {**entry.get("content", {}), "eai:acl": entry.get("acl")}
        for name, value in content.items():
            row |= _flat(name, value)
        return row

    def typeahead(self, prefix: str) -> Sequence[tuple[str, int]]:
        from harness.server.endpoints.typeahead import completions

        return [(content, count) for content, count, _ in completions(self._instance, prefix)]

    # --- jobs and saved searches

    def job(self, sid: str, user: str) -> StoredRows:
        try:
            job = self._instance.jobs.get(sid)
        except Refusal:
            raise SearchError(f"Error in 'loadjob' command: There is no job with the id '{sid}'.") from None
        accounts, asking = self._instance.accounts, self._user(user)
        if job.owner != asking.name and not accounts.may(asking, "admin_all_objects"):
            raise SearchError(f"Error in 'loadjob' command: There is no job with the id '{sid}'.")
        if not job.is_done or job.result is None:
            raise SearchError(f"Error in 'loadjob' command: The job '{sid}' is not done, or has failed.")
        job.touch(self._instance.wall())
        return StoredRows(job.result.frame, job.result.events)

    def last_job(self, owner: str, app: str, name: str) -> str:
        done = [
            job
            for job in self._instance.jobs.all()
            if job.saved_search == name and job.app == app and job.is_done and not job.failed
        ]
        if not done:
            raise SearchError(f"Error in 'loadjob' command: The saved search '{owner}:{app}:{name}' has no job.")
        return max(done, key=lambda job: job.created).sid

    def saved_search(self, name: str, user: str, app: str) -> StoredSearch:
        asking = self._user(user)
        viewer = Viewer(
            asking.name,
            frozenset(role.name for role in self._instance.accounts.lineage(asking.roles)),
            self._instance.accounts.may(asking, "admin_all_objects"),
        )
        stanza = self._instance.confs.find(FILE, name, Namespace(asking.name, app), viewer)
        if stanza is None:
            raise SearchError(f"Error in 'savedsearch' command: Unable to find saved search named '{name}'.")
        saved = SavedSearch(stanza)
        text = saved.dispatched if saved.dispatched.lstrip().startswith("|") else f"| {saved.dispatched}"
        return StoredSearch(text, saved.text("dispatch.earliest_time"), saved.text("dispatch.latest_time"))

    def _user(self, name: str) -> User:
        found = self._instance.accounts.user(name)
        if found is None:
            raise SearchError(f"There is no user '{name}'.")
        return found


def _flat(name: str, value: Any) -> dict[str, Value]:
    """A member of an entry as fields: those of an object by dots, truth as 1 and 0, several values as a multivalue."""
    if isinstance(value, dict):
        return {key: cell for inner, each in value.items() for key, cell in _flat(f"{name}.{inner}", each).items()}
    if isinstance(value, bool):
        return {name: "1" if value else "0"}
    if isinstance(value, list):
        return {name: tuple(str(item) for item in value)} if value else {}
    return {name: "" if value is None else str(value)}
