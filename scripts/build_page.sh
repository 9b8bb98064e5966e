#!/usr/bin/env bash
# Usage: ./scripts/build_page.sh
#
# Builds the web page from webui/frontend into webui/static, unless it is there as its sources are now. start.sh and
# test.sh do this too, and so does whatever makes a package. Needs Node (20.19, 22.12 or newer) with npm, or else
# Python 3.11 or newer, with which it installs a Node of its own in .venv.

. "$(dirname "$0")/lib.sh"

case ${1:-} in -h | --help) usage && exit ;; esac

build_page
