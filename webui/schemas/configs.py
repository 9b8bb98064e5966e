"""The forms in which administrators see and set settings, made of the tables of fields.

A field is checked by the parser of its setting, so the answer names everything that is wrong with a form at once. A
field that is left out stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, WithJsonSchema, create_model
from pydantic_core import PydanticCustomError

from webui.schemas.common import Form
from webui.settings import forms
from webui.settings.forms import AS_TEXT, Fields
from webui.settings.setting import Setting

JSON_TYPES = {bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


def _checked_by(setting: Setting) -> AfterValidator:
    def check(value: Any) -> Any:
        try:
            if value is not None:
                setting.type.parse(value)
        except ValueError as error:
            told = {"variable": setting.env, "reason": str(error)}
            raise PydanticCustomError("setting", "{variable} {reason}.", told) from None
        return value

    return AfterValidator(check)


def _described(setting: Setting) -> WithJsonSchema:
    if setting.default is None:
        return WithJsonSchema({"description": setting.help})
    json_type = JSON_TYPES.get(type(setting.type.parse(setting.default)), "string")
    return WithJsonSchema(
        {"type": ["string" if setting.env in AS_TEXT else json_type, "null"], "description": setting.help}
    )


def _form(name: str, fields: Fields, about: str, **more: Any) -> type[Form]:
    """The schema of a form, which is also that of the answer; ``more`` are fields that are no settings."""
    found = dict(more)
    for field, item in fields.items():
        if isinstance(item, Mapping):
            found[field] = (_form(f"{name}_{field}", item, about) | None, None)
        else:
            found[field] = (Annotated[Any, _checked_by(item), _described(item)], None)
    return create_model(name, __base__=Form, __doc__=about, __module__=__name__, **found)


TaskConfig = _form("TaskConfig", forms.TASKS, "The settings of the small tasks; an empty template is the built-in one.")
ArenaConfig = _form(
    "ArenaConfig",
    forms.ARENAS,
    "An arena is `{id, name, meta}`; `meta.model_ids` with `meta.filter_mode` (`include` or `exclude`) names the models"
    " behind it, none means all, and `meta.access_control` says who may use it.",
)
ConnectionsConfig = _form("ConnectionsConfig", forms.CONNECTIONS, "How connections to model servers are used.")
ToolServersConfig = _form("ToolServersConfig", forms.TOOL_SERVERS, "The servers whose tools models may use.")
CodeExecutionConfig = _form("CodeExecutionConfig", forms.CODE_EXECUTION, "Where code of a reply runs.")
ModelsConfig = _form("ModelsConfig", forms.MODEL_LISTS, "The models of a new chat, and those that stand first.")
WebhookConfig = _form("WebhookConfig", forms.WEBHOOK, "Where administrators are told of new accounts.")
AdminConfig = _form("AdminConfig", forms.ADMIN, "Accounts and features of the page.")
LdapConfig = _form("LdapConfig", forms.LDAP, "Whether people may sign in with an LDAP account.")
LdapForm = _form("LdapForm", forms.LDAP_SWITCH, "Whether people may sign in with an LDAP account.")
LdapServerConfig = _form("LdapServerConfig", forms.LDAP_SERVER, "The LDAP server, and where it keeps what.")
PermissionsConfig = _form("PermissionsConfig", forms.PERMISSIONS, "What users may do to whom no group gives more.")
AudioConfig = _form("AudioConfig", forms.AUDIO, "How replies are spoken, and speech is written down.")
ImagesConfig = _form("ImagesConfig", forms.IMAGES, "How images are painted and changed.")
OK = {"status": (bool, True)}
EmbeddingConfig = _form("EmbeddingConfig", forms.EMBEDDING, "What makes vectors of texts.", **OK)
RetrievalConfig = _form("RetrievalConfig", forms.RETRIEVAL, "How documents are read, and looked up; web search.", **OK)
RetrievalStatus = _form("RetrievalStatus", forms.RETRIEVAL_STATUS, "How documents are looked up.", **OK)


class PromptSuggestion(Form):
    """Something to begin a chat with: two lines that are shown, and the prompt."""

    title: list[str]
    content: str


class SuggestionsForm(Form):
    suggestions: list[PromptSuggestion]


class Banner(Form):
    """A message on the page, in Markdown; `type` is info, success, warning or error."""

    id: str
    type: str
    title: str | None = None
    content: str
    dismissible: bool
    timestamp: int


class BannersForm(Form):
    banners: list[Banner]


class ImportForm(Form):
    """A document as the export gives it, or one that Open WebUI exported."""

    config: dict[str, Any]
