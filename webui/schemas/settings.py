from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, JsonValue, RootModel

from webui.schemas.common import Epoch, Form, Out


class SettingValues(RootModel[dict[str, JsonValue]]):
    """Names of settings and their new values; `null` goes back to the default, a mask stands for its secret."""


class SettingOut(Out):
    """A setting. `value` and `default` are texts as one would write them in the environment, secrets masked; `locked`
    says that `source` pins it; only those with `runtime` can be changed while the server runs; `planned` ones are not
    used yet. `source` also tells when a secret is stored that cannot be read."""

    name: str
    group: str
    environment: str
    ini: str
    type: str
    help: str
    value: str
    default: str
    source: str
    locked: bool
    runtime: bool
    secret: bool
    planned: bool


class RestoredSettings(Out):
    """Those that the restoring has changed, as they are now; and by their names those that were another then and are
    left as they are, with the reasons."""

    restored: list[SettingOut]
    left_out: dict[str, str]


class HistoryQuery(Form):
    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1


class ChangedSetting(Out):
    """A setting as it was stored before and after; null is unset, secrets are masked. A long value is the text of the
    first 1,000 characters of its JSON, with `…` behind them."""

    name: str
    environment: str | None
    old: Any
    new: Any


class SettingsVersion(Out):
    """What one change made of the stored settings. `changed_by` is null for the server itself and removed accounts."""

    version: int
    changed_at: Epoch
    changed_by: str | None
    changed_by_name: str | None
    changes: list[ChangedSetting]
