from __future__ import annotations

from webui.settings.parsers import boolean, integer, text
from webui.settings.setting import Setting


def _model(name: str, env: str, kind: str) -> Setting:
    what = f"Model for small tasks of chats with a model of {kind}; empty is the chat's own."
    return Setting(name, text(), "", env, what, runtime=True)


def _switch(name: str, default: str, env: str, what: str) -> Setting:
    return Setting(name, boolean(), default, env, f"Whether a model {what}.", runtime=True)


def _template(name: str, env: str, what: str) -> Setting:
    return Setting(name, text(), "", env, f"Prompt for a model that {what}; empty is the built-in one.", runtime=True)


TASKS = (
    _model("task.model.default", "TASK_MODEL", "a local connection"),
    _model("task.model.external", "TASK_MODEL_EXTERNAL", "an external connection"),
    _switch("task.title.enable", "true", "ENABLE_TITLE_GENERATION", "names chats"),
    _template("task.title.prompt_template", "TITLE_GENERATION_PROMPT_TEMPLATE", "names a chat"),
    _switch("task.tags.enable", "true", "ENABLE_TAGS_GENERATION", "tags chats"),
    _template("task.tags.prompt_template", "TAGS_GENERATION_PROMPT_TEMPLATE", "tags a chat"),
    _switch("task.follow_up.enable", "true", "ENABLE_FOLLOW_UP_GENERATION", "suggests what to ask next"),
    _template("task.follow_up.prompt_template", "FOLLOW_UP_GENERATION_PROMPT_TEMPLATE", "suggests what to ask next"),
    _switch("task.query.search.enable", "true", "ENABLE_SEARCH_QUERY_GENERATION", "writes queries for a web search"),
    _switch("task.query.retrieval.enable", "true", "ENABLE_RETRIEVAL_QUERY_GENERATION", "writes queries for documents"),
    _template("task.query.prompt_template", "QUERY_GENERATION_PROMPT_TEMPLATE", "writes queries"),
    _switch("task.autocomplete.enable", "false", "ENABLE_AUTOCOMPLETE_GENERATION", "completes what is typed"),
    Setting(
        "task.autocomplete.input_max_length",
        integer(-1),
        "-1",
        "AUTOCOMPLETE_GENERATION_INPUT_MAX_LENGTH",
        "Longest input, in characters, that is completed; -1 for any.",
        runtime=True,
    ),
    _template("task.autocomplete.prompt_template", "AUTOCOMPLETE_GENERATION_PROMPT_TEMPLATE", "completes an input"),
    _template("task.image.prompt_template", "IMAGE_PROMPT_GENERATION_PROMPT_TEMPLATE", "describes an image to paint"),
    _template("task.tools.prompt_template", "TOOLS_FUNCTION_CALLING_PROMPT_TEMPLATE", "chooses a tool"),
    _template("task.voice.prompt_template", "VOICE_MODE_PROMPT_TEMPLATE", "answers by voice"),
)
