"""The secret key: given by a setting, or made once and kept beside the data."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from webui.settings import Settings

KEY_FILE = ".webui_secret_key"
MINIMUM_LENGTH = 16  # characters; as for WEBUI_SECRET_KEY


class SecretKeyError(Exception):
    """There is no key to sign with; the text says what to do."""


def secret_key(settings: Settings) -> str:
    """The key that signs tokens. Without ``WEBUI_SECRET_KEY`` it is read from a file, which is made at first use."""
    if given := settings["secret_key"]:
        return str(given)
    path = key_file(settings)
    try:
        return read_or_create(path)
    except OSError as error:
        raise SecretKeyError(
            f"The secret key cannot be kept in {path}: {error.strerror}. Let this user write there, choose another "
            "place with WEBUI_SECRET_KEY_FILE, or set WEBUI_SECRET_KEY."
        ) from error


def key_file(settings: Settings) -> Path:
    """Where a generated key is kept."""
    return Path(settings["secret_key_file"] or Path(settings["data_dir"]) / KEY_FILE)


def read_or_create(path: Path) -> str:
    """The key in ``path``; made with mode 0600 when missing. Of several processes that make one, the first wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(32), encoding="ascii")
        try:
            os.link(draft, path)  # fails when somebody else was first, and never shows half a key
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    try:
        key = path.read_text(encoding="ascii").strip()
    except UnicodeDecodeError:
        key = ""
    if len(key) < MINIMUM_LENGTH:
        raise SecretKeyError(
            f"The secret key in {path} is damaged. Restore it, or delete the file to sign everybody out."
        )
    return key
