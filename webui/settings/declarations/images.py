from __future__ import annotations

from webui.settings.declarations.planned import OPENAI, address, engine, key, planned, switch
from webui.settings.optional import optional
from webui.settings.parsers import integer, json_object, json_objects, text, url
from webui.settings.setting import Setting

ENGINES = ("openai", "gemini", "comfyui")
GEMINI = (
    Setting(
        "gemini.api_base_url",
        url(),
        "",
        "GEMINI_API_BASE_URL",
        "Address of Gemini's API, for images unless they name another.",
        planned=True,
    ),
    Setting(
        "gemini.api_key",
        text(),
        "",
        "GEMINI_API_KEY",
        "Key for Gemini's API, for images unless they have another.",
        secret=True,
        planned=True,
    ),
)


def _gemini(area: str, part: str, env: str, what: str) -> Setting:
    follows = f"gemini.{part}"
    parser, secret = (text(), True) if part == "api_key" else (url(), False)
    return Setting(
        f"{area}.{follows}", parser, None, env, what, secret=secret, runtime=True, planned=True, default_from=follows
    )


GENERATION = (
    switch(
        "image_generation.prompt.enable",
        "true",
        "ENABLE_IMAGE_PROMPT_GENERATION",
        "a model rewrites what is asked for before an image is made",
    ),
    planned(
        "image_generation.engine",
        engine(*ENGINES, "automatic1111"),
        "openai",
        "IMAGE_GENERATION_ENGINE",
        "What makes images.",
    ),
    planned(
        "image_generation.model",
        text(),
        "",
        "IMAGE_GENERATION_MODEL",
        "Model that makes images; empty is the engine's.",
    ),
    planned(
        "image_generation.size", text(), "512x512", "IMAGE_SIZE", "Width and height of an image in pixels, or auto."
    ),
    planned(
        "image_generation.steps",
        integer(0, 1000),
        "50",
        "IMAGE_STEPS",
        "Steps of diffusion for an image; more take longer.",
    ),
    address(
        "image_generation.openai.api_base_url",
        OPENAI,
        "IMAGES_OPENAI_API_BASE_URL",
        "OpenAI-compatible API that makes images.",
    ),
    planned(
        "image_generation.openai.api_version",
        text(),
        "",
        "IMAGES_OPENAI_API_VERSION",
        "Its api-version for making images, which Azure asks for.",
    ),
    key(
        "image_generation.openai.api_key",
        "IMAGES_OPENAI_API_KEY",
        f"Key for making images; empty is the key of the connection to {OPENAI}.",
    ),
    planned(
        "image_generation.openai.params",
        optional(json_object(), {}),
        "",
        "IMAGES_OPENAI_PARAMS",
        "JSON object of further parameters for that API.",
    ),
    address("image_generation.automatic1111.base_url", "", "AUTOMATIC1111_BASE_URL", "Address of Automatic1111."),
    key(
        "image_generation.automatic1111.api_auth",
        "AUTOMATIC1111_API_AUTH",
        "Sign-in there, as user:password.",
    ),
    planned(
        "image_generation.automatic1111.api_params",
        optional(json_object(), {}),
        "",
        "AUTOMATIC1111_PARAMS",
        "JSON object of further parameters for Automatic1111.",
    ),
    address("image_generation.comfyui.base_url", "", "COMFYUI_BASE_URL", "Address of ComfyUI."),
    key("image_generation.comfyui.api_key", "COMFYUI_API_KEY", "Key for ComfyUI."),
    planned(
        "image_generation.comfyui.workflow",
        optional(json_object(), {}),
        "",
        "COMFYUI_WORKFLOW",
        "JSON object: the workflow in ComfyUI's API format; empty is the built-in one.",
    ),
    planned(
        "image_generation.comfyui.nodes",
        optional(json_objects(), []),
        "",
        "COMFYUI_WORKFLOW_NODES",
        "JSON array: which nodes of the workflow take prompt, model, size and the like.",
    ),
    _gemini(
        "image_generation", "api_base_url", "IMAGES_GEMINI_API_BASE_URL", "Address of Gemini's API for making images."
    ),
    _gemini("image_generation", "api_key", "IMAGES_GEMINI_API_KEY", "Key for Gemini's API for making images."),
    planned(
        "image_generation.gemini.endpoint_method",
        engine("predict", "generateContent"),
        "",
        "IMAGES_GEMINI_ENDPOINT_METHOD",
        "Method of Gemini's API that makes images; empty is the one that the model has.",
    ),
)
EDITING = (
    switch("images.edit.enable", "false", "ENABLE_IMAGE_EDIT", "images can be changed by asking for it"),
    planned("images.edit.engine", engine(*ENGINES), "openai", "IMAGE_EDIT_ENGINE", "What changes images."),
    planned("images.edit.model", text(), "", "IMAGE_EDIT_MODEL", "Model that changes images; empty is the engine's."),
    planned("images.edit.size", text(), "", "IMAGE_EDIT_SIZE", "Size of the changed image; empty is the model's own."),
    address(
        "images.edit.openai.api_base_url",
        OPENAI,
        "IMAGES_EDIT_OPENAI_API_BASE_URL",
        "OpenAI-compatible API that changes images.",
    ),
    planned(
        "images.edit.openai.api_version",
        text(),
        "",
        "IMAGES_EDIT_OPENAI_API_VERSION",
        "Its api-version for changing images, which Azure asks for.",
    ),
    key(
        "images.edit.openai.api_key",
        "IMAGES_EDIT_OPENAI_API_KEY",
        f"Key for changing images; empty is the key of the connection to {OPENAI}.",
    ),
    _gemini(
        "images.edit", "api_base_url", "IMAGES_EDIT_GEMINI_API_BASE_URL", "Address of Gemini's API for changing images."
    ),
    _gemini("images.edit", "api_key", "IMAGES_EDIT_GEMINI_API_KEY", "Key for Gemini's API for changing images."),
    address(
        "images.edit.comfyui.base_url",
        "",
        "IMAGES_EDIT_COMFYUI_BASE_URL",
        "Address of the ComfyUI that changes images.",
    ),
    key("images.edit.comfyui.api_key", "IMAGES_EDIT_COMFYUI_API_KEY", "Key for the ComfyUI that changes images."),
    planned(
        "images.edit.comfyui.workflow",
        optional(json_object(), {}),
        "",
        "IMAGES_EDIT_COMFYUI_WORKFLOW",
        "JSON object: the workflow that changes an image, in ComfyUI's API format.",
    ),
    planned(
        "images.edit.comfyui.nodes",
        optional(json_objects(), []),
        "",
        "IMAGES_EDIT_COMFYUI_WORKFLOW_NODES",
        "JSON array: which nodes of that workflow take image, prompt, model and size.",
    ),
)
IMAGES = (*GEMINI, *GENERATION, *EDITING)
