"""Alert actions."""

from __future__ import annotations

from harness.server.knowledge_objects import StanzaCollection

actions = StanzaCollection("alerts/alert_actions", "alert_actions", file="alert_actions").serve()
