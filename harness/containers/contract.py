"""What an image of a Splunk is told and tells, as splunk/splunk lays it down (docker-splunk, splunk-ansible).

The same names serve both sides: :mod:`harness.containers.environment` obeys them in our own image, and the Docker
backend sets them for any image.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

REST_PORT: Final = 8089
HEC_PORT: Final = 8088
WEB_PORT: Final = 8000

HOME: Final = PurePosixPath("/opt/splunk")
APPS: Final = HOME / "etc" / "apps"
STAGING: Final = HOME / "var" / "run" / "splunk" / "lookup_tmp"
"""Where a file must lie to become a lookup over REST."""
DEFAULTS: Final = PurePosixPath("/tmp/defaults/default.yml")  # noqa: S108 - the image's own path, not a file of ours
OWNER: Final = 41812
"""The number of the user and of the group ``splunk``, as whom the Splunk runs; what starts it is another user."""
ARTIFACTS: Final = PurePosixPath("/opt/container_artifact")
STATE: Final = "splunk-container.state"
"""In the artifact folder: ``starting``, then ``started``; ``running`` counts as that too."""
STARTED: Final = ("started", "running")
CHECK: Final = "/sbin/checkstate.sh"
"""Exits with 0 once it is started and answers on port 8089, whatever port it was told to use."""

ACCEPT_LICENSE: Final = "--accept-license"
ACCEPT_TERMS: Final = "--accept-sgt-current-at-splunk-com"
"""What ``SPLUNK_GENERAL_TERMS`` must say since Splunk 10; older images do not know it."""

ADMIN: Final = "admin"
HEC_TOKEN_NAME: Final = "splunk_hec_token"  # noqa: S105 - a name
SHORTEST_PASSWORD: Final = 8
READY: Final = "Ansible playbook complete, will begin streaming splunkd_stderr.log"
"""The line of the log that other tools wait for."""
