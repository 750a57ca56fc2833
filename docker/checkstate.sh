#!/bin/sh
# Healthy (0) once the start is over and the management port answers; as in splunk/splunk, NO_HEALTHCHECK switches it off.
[ -z "${NO_HEALTHCHECK:-}" ] || exit 0
read -r state 2>/dev/null < "${CONTAINER_ARTIFACT_DIR:-/opt/container_artifact}/splunk-container.state" || exit 1
case "$state" in
    started | running) ;;
    *) exit 1 ;;
esac
scheme=https
[ "${SPLUNKD_SSL_ENABLE:-true}" != false ] || scheme=http
exec python3 -c '
import ssl, sys, urllib.request
context = ssl._create_unverified_context() if sys.argv[1].startswith("https") else None
urllib.request.urlopen(sys.argv[1], timeout=5, context=context).read()
' "$scheme://127.0.0.1:${SPLUNK_SVC_PORT:-8089}/" 2>/dev/null
