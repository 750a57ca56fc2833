"""One Splunk, without its network: everything that the endpoints read and change."""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Any, Final

from harness.clock import Clock, SystemClock
from harness.engine.context import SearchContext
from harness.engine.macros import EvalMacros
from harness.engine.plan import Plan, plan
from harness.engine.search import Searcher, SearchRequest, SearchResult
from harness.engine.store import Store
from harness.errors import SPLError, UnsupportedSPL
from harness.knowledge.knowledge import Knowledge
from harness.knowledge.lookups import Table
from harness.server.access_log import AccessLog
from harness.server.accounts import Accounts
from harness.server.alerts import Alerts
from harness.server.apps import Apps
from harness.server.auth import Gate, Sessions
from harness.server.call import Namespace
from harness.server.confs import EVERYBODY, Confs
from harness.server.data_dir import DataDir, Memory
from harness.server.hec_tokens import Acknowledgements, HecTokens
from harness.server.indexes import Indexes
from harness.server.ingest import Ingest
from harness.server.jobs import Job, Jobs
from harness.server.kvstore import KvStore
from harness.server.messages import Bulletin, Bulletins
from harness.server.passwords import Passwords
from harness.server.scheduler import Scheduler
from harness.server.search_host import SearchHost
from harness.server.tokens import Tokens
from harness.server.visibility import Reach, VisibleStore
from harness.spl.macros import expand
from harness.spl.parser import parse_pipeline

if TYPE_CHECKING:
    from harness.server.accounts import User
    from harness.server.config import ServerConfig

_LOG: Final = logging.getLogger(__name__)

ADMIN_ROLES: Final = ("admin",)
RESTART: Final = "restart_required"
"""The bulletin by which clients know that a restart is wanted."""
_UNKNOWN_COMMAND: Final = "Unknown search command"


class SplunkInstance:
    """The state behind the endpoints. Every part guards itself; nothing here is held across a search."""

    def __init__(self, config: ServerConfig) -> None:
        self.config = config
        self.clock: Clock = config.clock if config.clock is not None else SystemClock()
        self.timezone: tzinfo = UTC
        self.name = config.server_name
        self.guid = str(uuid.uuid4()).upper()
        self.pid = os.getpid()
        self.started = time.time()
        self.lookups_written: dict[str, float] = {}
        self.rest_port = config.port
        self.hec_port = config.hec_port

        self._lock = threading.RLock()
        self._base = config.knowledge.session() if config.knowledge is not None else Knowledge([])
        self.kept = DataDir(config.data_dir) if config.data_dir is not None else Memory()
        self.confs = Confs(self._base.apps, self.kept)
        self.store = Store()
        for index in (*config.indexes, *_defined_indexes(self.confs)):
            self.store.create_index(index)
        self._searchers: dict[tuple[Reach, str], Searcher] = {}
        self._known: dict[str, Knowledge] = {}
        """By owner of private knowledge; of all others under the empty name."""
        self._searchers_version = 0

        self.accounts = Accounts()
        self.password = config.password or secrets.token_urlsafe(18)
        self.admin = self.accounts.add_user(config.username, self.password, ADMIN_ROLES, built_in=True)
        self.sessions = Sessions()
        self.tokens = Tokens()
        self.apps = Apps(self._base.apps, self.kept)
        self.bulletins = Bulletins()
        self.indexes = Indexes(self.store, self.kept)
        self.kept.restore_events(self.store)
        self.ingest = Ingest(self)
        self.access_log = AccessLog(self)
        self.settings: dict[str, str] = {}
        """Server settings that clients have changed."""
        self.log_levels: dict[str, str] = {}
        """By log channel, where a client has set one; shown, and without effect."""
        self.passwords = Passwords()
        self.accelerations: dict[str, dict[str, Any]] = {
            key[0]: settings for key, settings in self.kept.items("acceleration", dict)
        }
        """What clients have set for data models, by name; shown, and without effect."""
        self.kvstore = KvStore(self.kept)
        for stanza in self.confs.all("collections", Namespace("-", "-"), EVERYBODY):
            if stanza.name != "default":
                self.define_collection(stanza.app, stanza.name, stanza.settings)
        self.kvstore.restore()
        self._restore_lookups()
        self.hec = HecTokens(self.kept)
        self.acks = Acknowledgements()
        token = {"token": config.hec_token} if config.hec_token else {}
        self.default_hec_token = self.hec.make(config.hec_token_name, token)
        self.jobs = Jobs(self, config.search_threads)
        self.alerts = Alerts(self)
        self.scheduler = Scheduler(self)

    @property
    def searcher(self) -> Searcher:
        """What searches that reach all indexes run on."""
        return self._searcher(Reach(), "")

    def _searcher(self, reach: Reach, user: str) -> Searcher:
        """Made anew when configuration was written that changes what searches find."""
        with self._lock:
            version = self.confs.version
            if self._searchers_version != version:
                self._searchers_version = version
                self._searchers.clear()
                self._known.clear()
            owner = user if self.confs.owns(user) else ""
            found = self._searchers.get((reach, owner))
            if found is None:
                knowledge = self._known.get(owner)
                if knowledge is None:
                    written = self._base.with_app(self.confs.overlay(owner)) if version else self._base
                    knowledge = self._known[owner] = written
                store = self.store if reach.everything else VisibleStore(self.store, reach)
                found = Searcher(store, knowledge, self.clock, limits=self.config.limits, host=SearchHost(self))
                self._searchers[reach, owner] = found
            return found

    def _reach(self, user: User | None) -> Reach:
        """Where a user's searches look."""
        disabled = tuple(index.name for index in self.indexes.all() if index.disabled)
        if user is None:
            return Reach((), disabled)
        allowed = self.accounts.listed(user, "srchIndexesAllowed")
        return Reach(allowed, (*self.accounts.listed(user, "srchIndexesDisallowed"), *disabled))

    @property
    def knowledge(self) -> Knowledge:
        """What everybody's searches know."""
        return self.searcher.knowledge

    def knowledge_of(self, user: str) -> Knowledge:
        """What a user's searches know: also what is private to it."""
        return self._searcher(Reach(), user).knowledge

    @property
    def gate(self) -> Gate:
        return Gate(self.accounts, self.sessions, self.tokens.user_of, f"splunkd_{self.rest_port}")

    def wall(self) -> float:
        """The time of day, by which sessions and jobs grow old; searches and schedules go by :attr:`clock`."""
        return time.time()

    def define_collection(self, app: str, name: str, settings: Mapping[str, str]) -> None:
        """Make or change a KV store collection; lookups over it read and write its records."""
        collection = self.kvstore.define(app, name, settings)
        self._base.tables.bind_collection(name, collection)

    def write_lookup(self, name: str, table: Table) -> None:
        """Make, or make anew, a lookup file."""
        self._base.tables.bind_file(name, table)
        self._keep_lookup(name)
        self.confs.lookups_changed()

    def _restore_lookups(self) -> None:
        for (name,), (fields, rows) in self.kept.items("lookup", _table):
            self._base.tables.bind_file(name, Table(fields, rows))
        self._kept_lookups = self._base.tables.versions()

    def _keep_lookups(self) -> None:
        """Keep the lookup files that a search has written."""
        with self._lock:
            for name, version in self._base.tables.versions().items():
                if self._kept_lookups.get(name, 0) != version:
                    self._keep_lookup(name)
                    self._kept_lookups[name] = version

    def _keep_lookup(self, name: str) -> None:
        self.lookups_written[name] = self.wall()
        table = self._base.tables.file(name, lambda: None)
        if table is not None:
            self.kept.put("lookup", (name,), (list(table.fields), [dict(row) for row in table.rows()]))

    def ask_for_restart(self) -> None:
        """Say what a Splunk says after such a change, as clients look for it. Nothing here waits for a restart."""
        text = "Splunk must be restarted for changes to take effect."
        self.bulletins.add(Bulletin(RESTART, text, "warn", self.wall()))

    def report(self, error: BaseException, path: str) -> None:
        """A fault of ours while answering ``path``: for whoever runs this server, not for its clients."""
        _LOG.error("%s failed", path, exc_info=error)

    def owner_of(self, name: str) -> User:
        """The user behind an owner's name; what belongs to nobody runs as the administrator."""
        return self.accounts.user(name) or self.admin

    def close(self) -> None:
        self.scheduler.stop()
        self.jobs.shutdown()

    # --- searching ----------------------------------------------------------------------------------------------------

    def prepare(self, text: str, user: str) -> Plan | SPLError:
        """The plan of a user's search, or the fault that its job will report. Raises what dispatch itself says: about
        its macros, its structure, a command that nobody knows."""
        knowledge = self.knowledge_of(user)
        try:
            expanded = expand(text, knowledge.macros, EvalMacros())
            parse_pipeline(expanded)
        except UnsupportedSPL as error:
            return error
        try:
            return plan(text, knowledge)
        except SPLError as error:
            if error.message.startswith(_UNKNOWN_COMMAND):
                raise
            return error

    def check_rights(self, user: str) -> None:
        """Whether the searches of a user can be carried out as Splunk would."""
        owner = self.accounts.user(user)
        if owner is not None and self.accounts.filtered(owner):
            raise UnsupportedSPL("a role of the user has a search filter (srchFilter).")

    def run(self, found: Plan, request: SearchRequest) -> SearchResult:
        self.access_log.flush(found.text)
        result = self._searcher(self._reach(self.accounts.user(request.user)), request.user).execute(found, request)
        self._keep_lookups()
        return result

    def search_context(self, request: SearchRequest) -> SearchContext:
        """For a search over rows that exist already (post-processing)."""
        now = request.now if request.now is not None else self.clock.now()
        searcher = self._searcher(self._reach(self.accounts.user(request.user)), request.user)
        return SearchContext(
            knowledge=searcher.knowledge,
            store=searcher.store,
            events=searcher.events,
            data_models=searcher.data_models,
            now=now,
            timezone=request.timezone,
            limits=searcher.limits,
            user=request.user,
            app=request.app,
            sid=request.sid,
            default_indexes=request.default_indexes,
            host=searcher.host,
        )

    def keywords(self, job: Job) -> str:
        """The terms that a job's search looks for, as its entry shows them (M3.15)."""
        from harness.server.keywords import keywords

        return keywords(job.plan) if job.plan is not None else ""


def _table(value: Any) -> tuple[list[str], list[dict[str, Any]]]:
    """Fields and rows of a lookup file as they were kept."""
    fields, rows = value
    return fields, [{name: tuple(cell) if isinstance(cell, list) else cell for name, cell in row.items()}
                    for row in rows]  # fmt: skip


def _defined_indexes(confs: Confs) -> list[str]:
    """Indexes that apps bring along in ``indexes.conf``; other stanzas there are volumes and providers."""
    return [name for name in confs.merged("indexes") if name != "default" and ":" not in name]
