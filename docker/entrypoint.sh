#!/bin/sh
# The commands of splunk/splunk that start a Splunk start ours; anything else is a command of harness.
set -eu
case "${1:-start-service}" in
    start | start-service | restart)
        exec harness serve --as-container
        ;;
    *)
        exec harness "$@"
        ;;
esac
