#!/usr/bin/env bash
# Usage: ./scripts/test.sh [arguments of pytest]
#
# Everything that a change must pass: ruff, mypy, prettier, svelte-check and vitest, then all tests of the server, each
# database test on SQLite and on PostgreSQL, and those that are about the database once more on an older PostgreSQL. The
# servers are started for it, unless WEBUI_TEST_POSTGRES_URL names one (as a superuser; the tests make databases of
# their own on it). Needs nothing but Python 3.11 or newer.
# With arguments, e.g. `./scripts/test.sh tests/unit -x`, only these tests run, on the newer PostgreSQL alone.
# WEBUI_TEST_BROWSER=required makes it an error that there is no browser; else tests that need one are left out.

. "$(dirname "$0")/lib.sh"

# What runs on an older PostgreSQL as well: where most of the SQL is.
OF_THE_DATABASE=(tests/unit/{jobs,models,services} tests/faults/test_database{,_setup}.py
  tests/functional/chats/test_{plans,search}.py tests/functional/test_{auths,chats}.py)

# The tests in a browser take what is there; on a machine of our own kind it is fetched.
find_browser() {
  if has_browser; then return; fi
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then step "Installing Chromium" install_browser; fi
  if has_browser; then return; fi
  if [ "${WEBUI_TEST_BROWSER:-}" = required ]; then
    fail "There is no chromium with chromedriver, which WEBUI_TEST_BROWSER=required asks for."
  fi
  trap tell_what_is_missing EXIT
}

has_browser() {
  command -v chromium >/dev/null && command -v chromedriver >/dev/null
}

install_browser() {
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -qq --no-install-recommends chromium chromium-driver >/dev/null; } || true
}

tell_what_is_missing() {
  say "NOT TESTED: the page in a browser. There is no chromium with chromedriver; tests that need one were left out."
}

check_page() {
  get_page_packages
  step "prettier" run_page_script lint
  step "svelte-check" run_page_script check
  step "vitest" run_page_script test
}

with_postgres() {
  "$VENV/bin/python" scripts/with_postgres.py "$@"
}

run_tests() {
  if [ -n "${WEBUI_TEST_POSTGRES_URL:-}" ]; then
    "$VENV/bin/pytest" "$@"
  else
    with_postgres "$VENV/bin/pytest" "$@"
  fi
}

case ${1:-} in -h | --help) usage && exit ;; esac

setup local dev
find_browser
step "ruff check" "$VENV/bin/ruff" check
step "ruff format" "$VENV/bin/ruff" format --check
step "mypy" "$VENV/bin/mypy"
build_page
if [ $# = 0 ]; then check_page; fi
# A file's tests share servers, so they go to one worker; in the order of names, since one of the first takes longest.
# Tests wait more than they work: one worker more than there are cores.
[ $# != 0 ] || set -- --numprocesses $(($("$VENV/bin/python" -c 'import os; print(os.cpu_count())') + 1)) \
  --dist loadfile --no-loadscope-reorder
step "Tests" run_tests "$@"
if [ "$1" = --numprocesses ] && [ -z "${WEBUI_TEST_POSTGRES_URL:-}" ]; then
  step "Tests of the database on an older PostgreSQL" with_postgres --oldest \
    "$VENV/bin/pytest" "$@" -m database -k postgresql "${OF_THE_DATABASE[@]}"
fi
