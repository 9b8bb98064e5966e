"""The folder of data, and the files with what nobody else should read."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from pathlib import Path

from webui.doctor.context import Context
from webui.doctor.finding import Finding, ok, problem, skipped, warning
from webui.security.keys import key_file, left_drafts
from webui.settings import find_dotenv
from webui.settings.declarations import SETTINGS
from webui.settings.sources import read_dotenv

LITTLE_SPACE = 1 << 30  # bytes
NO_SPACE = 100 << 20
NETWORK = re.compile(r"nfs\d?|cifs|smb\d?|smbfs|afs|ceph|lustre|glusterfs|davfs|fuse\.(sshfs|glusterfs|ceph\S*|s3fs)")
PERHAPS_NETWORK = re.compile(r"fuse(\..+)?|9p|virtiofs|vboxsf|prl_fs|osxfs|grpcfuse")


def data_dir(context: Context) -> Finding:
    """Whether the server can keep files in DATA_DIR."""
    folder: Path = context.settings["data_dir"]
    cause = "The generated key, files that are imported and, unless another one is set, the database stand there."
    if not folder.exists():
        return problem(f"{folder} does not exist.", cause, context.when_here(f"mkdir -p -m 700 {_quoted(folder)}"))
    if not folder.is_dir():
        return problem(f"{folder} is no folder.", cause, "Set DATA_DIR to a folder.")
    if not os.access(folder, os.W_OK | os.X_OK):
        return problem(f"This user cannot write to {folder}.", cause, f"sudo chown -R USER {_quoted(folder)}")
    return ok(f"{folder} can be written to.")


def space(context: Context) -> Finding:
    """Free space where the data is."""
    folder = _existing(context.database_file if context.is_sqlite else context.settings["data_dir"])
    free = shutil.disk_usage(folder).free
    message = f"{free / (1 << 30):.1f} GB are free at {folder}."
    remedy = f"Make room, or move DATA_DIR and the database: df -h {_quoted(folder)}"
    if free < NO_SPACE:
        return problem(message, "A database without room refuses every change.", remedy)
    if free < LITTLE_SPACE:
        return warning(message, "A migration or a backup may need as much room again as the database has.", remedy)
    return ok(message)


def database_writable(context: Context) -> Finding:
    """Whether the SQLite file and its folder, where the journal stands, can be written to."""
    path = context.database_file
    if not path.exists():
        return skipped(f"{path} does not exist yet.")
    locked = [place for place in (path, path.absolute().parent) if not os.access(place, os.W_OK)]
    if locked:
        return problem(
            f"This user cannot write to {' and '.join(map(str, locked))}.",
            "Another user made it: initialize_db was run as root, or it was copied.",
            f"sudo chown USER {' '.join(map(_quoted, locked))}",
        )
    return ok(f"{path} can be written to.")


def database_mode(context: Context) -> Finding:
    """Who may read the SQLite file, which holds everything that people wrote."""
    path = context.database_file
    files = [file for end in ("", "-wal", "-shm") if (file := path.with_name(path.name + end)).exists()]
    if not files:
        return skipped(f"{path} does not exist yet.")
    return _private(files, "Whoever reads it reads every chat and every stored setting.")


def key_mode(context: Context) -> Finding:
    """Who may read the generated secret key."""
    path = key_file(context.settings)
    if not path.exists():
        return skipped(f"{path} does not exist: a key is given, or the first start will make it.")
    return _private([path], "With the key anybody can sign in as anybody.")


def key_drafts(context: Context) -> Finding:
    """Secret keys that ``webui keys`` left beside the key file when it was killed."""
    path = key_file(context.settings)
    drafts = left_drafts(path) if path.parent.is_dir() else []
    if drafts:
        return warning(
            f"Drafts of the key file were left: {', '.join(map(str, drafts))}.",
            "They hold secret keys, also such as are forgotten. A process was killed while it changed the key file.",
            f"rm {' '.join(map(_quoted, drafts))}",
        )
    return ok("No draft of the key file was left.")


def dotenv_mode(context: Context) -> Finding:
    """Who may read ``.env``, if it holds secrets."""
    path = find_dotenv(context.ini)
    if path is None:
        return skipped("There is no .env file.")
    secret = {variable for setting in SETTINGS if setting.secret for variable in setting.variables}
    try:
        held = sorted(secret & read_dotenv(path)[0].keys())
    except ValueError as error:
        return problem(f"{error}.", "What it says has no effect.", f"ls -l {_quoted(path)}")
    if not held:
        return ok(f"{path} holds no secrets.")
    return _private([path], f"It holds {', '.join(held)}.")


def network_file_system(context: Context) -> Finding:
    """SQLite's locks and its shared memory do not work over a network: https://www.sqlite.org/wal.html."""
    path = context.database_file
    if not context.mounts.exists():
        return skipped(f"There is no {context.mounts}, so the kind of file system is not known.")
    place, kind = _mount(context.mounts, _existing(path))
    cause = "SQLite's locks do not work reliably over a network; databases are damaged that way."
    remedy = "Move the file to a local disk (DATABASE_URL), or use PostgreSQL."
    if NETWORK.fullmatch(kind):
        return problem(f"{path} is on a network file system ({kind} at {place}).", cause, remedy)
    if PERHAPS_NETWORK.fullmatch(kind):
        return warning(f"{path} may be on a network file system ({kind} at {place}).", cause, remedy)
    return ok(f"{path} is on a local file system ({kind} at {place}).")


def _private(files: list[Path], cause: str) -> Finding:
    """Whether others can read or write the files: a problem; or their group: a warning."""
    modes = {file: file.stat().st_mode & 0o777 for file in files}
    shared = [file for file, mode in modes.items() if mode & 0o077]
    if not shared:
        return ok(f"{files[0]} is its owner's alone ({_owner(files[0])}).")
    remedy = f"chmod 600 {' '.join(map(_quoted, shared))}"
    told = ", ".join(f"{file} (mode {modes[file]:o})" for file in shared)
    if any(modes[file] & 0o007 for file in shared):
        return problem(f"Every user of this machine can use {told}.", cause, remedy)
    return warning(f"A group can use {told}.", cause, remedy)


def _owner(path: Path) -> str:
    """The name of the user, or the number of one without a name, as in containers."""
    try:
        return path.owner()
    except KeyError:
        return str(path.stat().st_uid)


def _existing(path: Path) -> Path:
    """The path, or what there is of it."""
    path = path.absolute()
    return next(place for place in (path, *path.parents) if place.exists())


def _mount(table: Path, path: Path) -> tuple[str, str]:
    """The mount point above a path, and its kind, of a table as in proc(5)."""
    found = ("/", "unknown")
    real = path.resolve()
    for line in table.read_text(encoding="utf-8", errors="replace").splitlines():
        _, place, kind, *_ = line.split(" ")
        place = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), place)
        if real.is_relative_to(place) and len(place) >= len(found[0]):
            found = place, kind
    return found


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
