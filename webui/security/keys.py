"""The secret keys: given by settings, or made once and kept in a file beside the data.

The current key signs and encrypts. Previous ones still open what was signed or encrypted before the key was changed, so
that nobody is signed out and nothing is lost by that.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from webui.settings import Settings

KEY_FILE = ".webui_secret_key"
MINIMUM_LENGTH = 16  # characters; as for WEBUI_SECRET_KEY
GENERATED_LENGTH = 43  # characters, of 32 bytes
JOINED = re.compile(rf"([\w-]{{{GENERATED_LENGTH}}}){{2,}}", re.ASCII)
DRAFT_LIFE = 60.0  # seconds; a draft that is older was left by a process that was killed


class SecretKeyError(Exception):
    """There is no key to sign with; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """The secret keys, the current one first."""

    keys: tuple[str, ...] = field(repr=False)

    @property
    def current(self) -> str:
        """The key that signs and encrypts."""
        return self.keys[0]

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """The names of the keys, in the same order."""
        return tuple(map(fingerprint, self.keys))

    def find(self, name: str) -> str | None:
        """The key with this fingerprint."""
        return next((key for key in self.keys if fingerprint(key) == name), None)


def fingerprint(key: str) -> str:
    """Eight hexadecimal digits that name a key and do not give it away."""
    return derived(key, "fingerprint").hex()[:8]


def derived(key: str, purpose: str) -> bytes:
    """A key for one purpose alone, so that what is made with it is of no use for another, such as signing tokens."""
    return hmac.new(key.encode(), f"webui {purpose}".encode(), hashlib.sha256).digest()


def keyring(settings: Settings, *, make: bool = True) -> Keyring:
    """``WEBUI_SECRET_KEY``, or else the keys of the key file; then ``WEBUI_SECRET_KEY_PREVIOUS``.

    A file that is missing is made, unless ``make`` says that this is for reading alone.
    """
    given, path = settings["secret_key"], key_file(settings)
    try:
        found = [given] if given else read_or_create(path) if make or path.exists() else []
    except OSError as error:
        raise SecretKeyError(_refusal(path, error)) from error
    return Keyring(tuple(dict.fromkeys([*found, *filter(None, settings["secret_key_previous"])])))


def _refusal(path: Path, error: OSError) -> str:
    """What to say when this user may not read the key file, or there can be none in its place."""
    if isinstance(error, PermissionError) and error.filename == str(path):
        return (
            f"The secret key in {path} cannot be read: {error.strerror}. Run this as the user that the file belongs to,"
            " or let this user read it."
        )
    return (
        f"The secret key cannot be kept in {path}: {error.strerror}. Let this user write there, choose another place"
        " with WEBUI_SECRET_KEY_FILE, or set WEBUI_SECRET_KEY."
    )


def key_file(settings: Settings) -> Path:
    """Where generated keys are kept."""
    return Path(settings["secret_key_file"] or Path(settings["data_dir"]) / KEY_FILE)


def new_key() -> str:
    """A key that nobody can guess."""
    return secrets.token_urlsafe(32)


def read_or_create(path: Path) -> list[str]:
    """The keys in ``path``, one a line, the current one first.

    Made with mode 0600 when missing. Of several processes that make one, the first wins.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        draft = _draft(path, [new_key()])
        try:
            os.link(draft, path)  # fails when somebody else was first, and never shows half a key
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except UnicodeDecodeError:
        lines = []
    keys = [key for line in lines if (key := line.strip())]
    if any(JOINED.fullmatch(key) for key in keys):
        raise SecretKeyError(
            f"Several keys in {path} seem to stand on one line, as when a file was appended to one without a line break"
            f" at its end. Put each on a line of its own; they have {GENERATED_LENGTH} characters. If it is one long"
            " key, set WEBUI_SECRET_KEY to it."
        )
    if not keys or any(len(key) < MINIMUM_LENGTH for key in keys):
        raise SecretKeyError(
            f"The secret key in {path} is damaged. Restore it, or delete the file to sign everybody out."
        )
    return keys


def replace_keys(path: Path, keys: Sequence[str]) -> None:
    """Exchange the keys in ``path`` for these, in one step: at any moment the file holds the old ones or the new.

    Removes the drafts that were left beside it, since they hold keys too.
    """
    os.replace(_draft(path, keys), path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # what is stored after this may be under a new key, which a power failure must not take back
    finally:
        os.close(folder)
    for draft in left_drafts(path):
        draft.unlink(missing_ok=True)


def left_drafts(path: Path) -> list[Path]:
    """Drafts of the key file that nobody will finish."""
    pattern, oldest = re.compile(rf"{re.escape(path.name)}\.[0-9]+\.[0-9a-f]{{8}}"), time.time() - DRAFT_LIFE
    found = []
    for draft in filter(lambda file: pattern.fullmatch(file.name), path.parent.iterdir()):
        with suppress(FileNotFoundError):  # its process lives, and has just removed it
            found += [draft] if draft.stat().st_mtime < oldest else []
    return sorted(found)


def _draft(path: Path, keys: Sequence[str]) -> Path:
    """These keys in a file beside ``path``, safely on the disk."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    with draft.open("w", encoding="ascii") as file:
        file.writelines(f"{key}\n" for key in keys)  # a break after the last one too, for who appends a key by hand
        file.flush()
        os.fsync(file.fileno())
    return draft
