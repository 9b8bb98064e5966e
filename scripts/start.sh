#!/usr/bin/env bash
# Usage: ./scripts/start.sh [options of pserve]
#
# Sets webui up and serves it: a virtual environment in .venv, the packages, the web page, the database, then the server
# on port 8080. What is there already is not made again. Needs Python 3.11 or newer and no compiler. The page is built
# with the machine's Node (20.19, 22.12 or newer), else with one that is installed in .venv. Ctrl-C ends the server.
#
# Every setting may be given in the environment or in a file .env (docs/settings.md tells them all). The usual ones:
#   PORT, HOST                  where to listen; port 8080 of all addresses
#   UVICORN_WORKERS             number of server processes; 1
#   WEBUI_SECRET_KEY            key that signs tokens; without it one is made and kept in data/.webui_secret_key
#   WEBUI_SECRET_KEY_FILE       another place for that file
#   WEBUI_ADMIN_EMAIL, WEBUI_ADMIN_PASSWORD (or ADMIN_USER_EMAIL, ADMIN_USER_PASSWORD)
#                               account of an administrator, made when there are no accounts yet
# Read by this script alone, from the environment:
#   WEBUI_INI                   INI file; production.ini
#   WEBUI_LOCAL_MODEL=false     do not install the small model, which is most of the download
#   FRONTEND_BUILD_DIR          folder of another web page, which is served instead; ours is not built then
#   USE_OLLAMA_DOCKER=true      run `ollama serve` beside the server, and end it with the server
#   USE_CUDA_DOCKER=true        let programs find the CUDA libraries that are installed in .venv
#   SPACE_HOST                  set in a Hugging Face Space: the public address becomes https://$SPACE_HOST
#   PYTHON                      interpreter to make the virtual environment with

. "$(dirname "$0")/lib.sh"

start_ollama() {
  if ! command -v ollama >/dev/null; then
    say "USE_OLLAMA_DOCKER is set, but there is no ollama on PATH. Get it at https://ollama.com/download"
    return
  fi
  say "Starting ollama serve"
  # The server inherits the pipe, which closes when it ends, however it ends.
  exec 9> >(ollama serve </dev/null & trap '' INT && cat && kill $!)
}

find_cuda_libraries() {
  local folder
  for folder in "$VENV"/lib/python3*/site-packages/nvidia/*/lib; do
    if [ -d "$folder" ]; then LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$folder; fi
  done
  export LD_LIBRARY_PATH=${LD_LIBRARY_PATH:-}
  say "CUDA libraries are looked for in ${LD_LIBRARY_PATH:-the usual places; .venv holds none}"
}

find_ini() {
  local ini=${WEBUI_INI:-production.ini} folder
  for folder in "" "$CALLED_FROM/" "$ROOT/"; do
    if [[ $folder$ini = /* && -f $folder$ini ]]; then
      echo "$folder$ini"
      return
    fi
  done
  fail "There is no INI file $ini. Correct WEBUI_INI."
}

case ${1:-} in -h | --help) usage && exit ;; esac

INI=$(find_ini)
if is_true "${WEBUI_LOCAL_MODEL:-true}"; then setup local; else setup; fi
if [ -z "${FRONTEND_BUILD_DIR:-}" ]; then build_page; fi
if is_true "${USE_CUDA_DOCKER:-}"; then find_cuda_libraries; fi
if is_true "${USE_OLLAMA_DOCKER:-}"; then start_ollama; fi
if [ "${WEB_LOADER_ENGINE:-}" = playwright ]; then
  say "WEB_LOADER_ENGINE=playwright: nothing to install, since this version does not load web pages yet"
fi
if [ -n "${SPACE_HOST:-}" ]; then export WEBUI_URL=${WEBUI_URL:-https://$SPACE_HOST}; fi

step "Preparing the database" "$VENV/bin/initialize_db" "$INI"
say "Starting the server; Ctrl-C ends it"
exec "$VENV/bin/pserve" "$INI" "$@"
