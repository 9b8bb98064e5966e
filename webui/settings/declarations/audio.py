from __future__ import annotations

from pathlib import Path

from webui.settings.declarations.planned import OPENAI, address, key, planned, switch
from webui.settings.optional import optional
from webui.settings.parsers import integer, json_object, path, text, texts, url
from webui.settings.setting import Setting


def _whisper_models(data: Path) -> Path:
    return data / "cache" / "whisper" / "models"


SPEECH_TO_TEXT = (
    planned("audio.stt.model", text(), "", "AUDIO_STT_MODEL", "Model that writes speech down; empty is the engine's."),
    planned(
        "audio.stt.supported_content_types",
        texts(","),
        "",
        "AUDIO_STT_SUPPORTED_CONTENT_TYPES",
        "Media types of files that are written down, such as audio/*; empty is every kind of sound.",
    ),
    address(
        "audio.stt.openai.api_base_url",
        OPENAI,
        "AUDIO_STT_OPENAI_API_BASE_URL",
        "OpenAI-compatible API that writes speech down.",
    ),
    key(
        "audio.stt.openai.api_key",
        "AUDIO_STT_OPENAI_API_KEY",
        f"Key for speech to text; empty is the key of the connection to {OPENAI}.",
    ),
    key("audio.stt.deepgram.api_key", "DEEPGRAM_API_KEY", "Key for Deepgram."),
    key("audio.stt.azure.api_key", "AUDIO_STT_AZURE_API_KEY", "Key for Azure's speech to text."),
    planned("audio.stt.azure.region", text(), "", "AUDIO_STT_AZURE_REGION", "Region of Azure's speech to text."),
    address(
        "audio.stt.azure.base_url",
        "",
        "AUDIO_STT_AZURE_BASE_URL",
        "Address of Azure's speech to text; empty is that of the region.",
    ),
    planned(
        "audio.stt.azure.locales",
        text(),
        "",
        "AUDIO_STT_AZURE_LOCALES",
        "Languages that Azure expects, such as en-US, with commas between; empty lets it find out.",
    ),
    planned(
        "audio.stt.azure.max_speakers",
        optional(integer(1, 100), None),
        "",
        "AUDIO_STT_AZURE_MAX_SPEAKERS",
        "Most speakers that Azure tells apart; empty is its own limit.",
    ),
    address(
        "audio.stt.mistral.api_base_url",
        "https://api.mistral.ai/v1",
        "AUDIO_STT_MISTRAL_API_BASE_URL",
        "Mistral's API for speech to text.",
    ),
    key("audio.stt.mistral.api_key", "AUDIO_STT_MISTRAL_API_KEY", "Key for Mistral's speech to text."),
    switch(
        "audio.stt.mistral.use_chat_completions",
        "false",
        "AUDIO_STT_MISTRAL_USE_CHAT_COMPLETIONS",
        "speech goes to Mistral's chat models instead of its transcription",
    ),
    planned("audio.stt.whisper_model", text(), "base", "WHISPER_MODEL", "Whisper model that runs on this server."),
    switch("audio.stt.whisper_vad_filter", "false", "WHISPER_VAD_FILTER", "Whisper leaves silence out"),
    Setting(
        "audio.stt.whisper_language",
        text(),
        "",
        "WHISPER_LANGUAGE",
        "Language that Whisper takes speech for, such as de; empty lets it find out.",
        planned=True,
    ),
    Setting(
        "audio.stt.whisper_model_dir",
        path(),
        None,
        "WHISPER_MODEL_DIR",
        "Folder of Whisper models; cache/whisper/models in DATA_DIR when not given.",
        planned=True,
        default_from="data_dir",
        derive=_whisper_models,
    ),
)
TEXT_TO_SPEECH = (
    planned("audio.tts.model", text(), "tts-1", "AUDIO_TTS_MODEL", "Model that speaks."),
    key("audio.tts.api_key", "AUDIO_TTS_API_KEY", "Key for ElevenLabs or Azure, whichever speaks."),
    address(
        "audio.tts.openai.api_base_url",
        OPENAI,
        "AUDIO_TTS_OPENAI_API_BASE_URL",
        "OpenAI-compatible API that speaks.",
    ),
    key(
        "audio.tts.openai.api_key",
        "AUDIO_TTS_OPENAI_API_KEY",
        f"Key for text to speech; empty is the key of the connection to {OPENAI}.",
    ),
    planned(
        "audio.tts.openai.params",
        optional(json_object(), {}),
        "",
        "AUDIO_TTS_OPENAI_PARAMS",
        "JSON object of further parameters for that API.",
    ),
    planned(
        "audio.tts.azure.speech_region",
        text(),
        "",
        "AUDIO_TTS_AZURE_SPEECH_REGION",
        "Region of Azure's text to speech.",
    ),
    address(
        "audio.tts.azure.speech_base_url",
        "",
        "AUDIO_TTS_AZURE_SPEECH_BASE_URL",
        "Address of Azure's text to speech; empty is that of the region.",
    ),
    planned(
        "audio.tts.azure.speech_output_format",
        text(),
        "audio-24khz-160kbitrate-mono-mp3",
        "AUDIO_TTS_AZURE_SPEECH_OUTPUT_FORMAT",
        "Form of the sound that Azure sends, in its words.",
    ),
    Setting(
        "audio.tts.elevenlabs.api_base_url",
        url(),
        "https://api.elevenlabs.io",
        "ELEVENLABS_API_BASE_URL",
        "Address of ElevenLabs.",
        planned=True,
    ),
)
AUDIO = (*SPEECH_TO_TEXT, *TEXT_TO_SPEECH)
