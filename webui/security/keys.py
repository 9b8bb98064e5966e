"""The secret key: given by a setting, or made once and kept beside the data."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from webui.settings import Settings

KEY_FILE = ".webui_secret_key"


def secret_key(settings: Settings) -> str:
    """The key that signs tokens. Without ``WEBUI_SECRET_KEY`` it is read from a file, which is made at first use."""
    return settings["secret_key"] or read_or_create(key_file(settings))


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
    key = path.read_text(encoding="ascii").strip()
    if len(key) < 16:
        raise RuntimeError(
            f"The secret key in {path} is damaged. Restore it, or delete the file to sign everybody out."
        )
    return key
