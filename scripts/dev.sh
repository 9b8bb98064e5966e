#!/usr/bin/env bash
# Usage: ./scripts/dev.sh [options of pserve]
#
# As ./scripts/start.sh, for working on webui: serves development.ini, which listens on this machine alone and lets the
# pages of http://localhost:5173 and http://localhost:8080 call the API, and starts again whenever a source file changes.

case ${1:-} in -h | --help) . "$(dirname "$0")/lib.sh" && usage && exit ;; esac

export WEBUI_INI=${WEBUI_INI:-development.ini}
export UVICORN_WORKERS=1 # reloading watches one process
exec "$(dirname "$0")/start.sh" --reload "$@"
