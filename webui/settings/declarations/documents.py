from __future__ import annotations

from typing import Any

from webui.settings.declarations.planned import address, engine, key, planned, switch
from webui.settings.optional import optional
from webui.settings.parsers import Parser, boolean, choice, integer, json_object, text, texts
from webui.settings.setting import Setting

SERVICES = ("external", "tika", "docling", "datalab_marker", "document_intelligence", "mistral_ocr", "mineru")
MISTRAL = "https://api.mistral.ai/v1"


def _rag(env: str, parser: Parser[Any], default: str, what: str) -> Setting:
    return planned(f"rag.{env.lower()}", parser, default, env, what)


def _at(env: str, default: str, what: str) -> Setting:
    return address(f"rag.{env.lower()}", default, env, what)


def _key(env: str, what: str) -> Setting:
    return key(f"rag.{env.lower()}", env, what)


def _marker(option: str, what: str) -> Setting:
    env = f"DATALAB_MARKER_{option}"
    name = f"rag.{env}" if option == "USE_LLM" else f"rag.{env.lower()}"  # the contract spells this path in capitals
    return switch(name, "false", env, f"Marker {what}")


DOCUMENTS = (
    planned(
        "rag.file.allowed_extensions",
        texts(","),
        "",
        "RAG_ALLOWED_FILE_EXTENSIONS",
        "Extensions of files that may be uploaded, with commas between; empty is any.",
    ),
    planned(
        "rag.CONTENT_EXTRACTION_ENGINE",
        engine(*SERVICES),
        "",
        "CONTENT_EXTRACTION_ENGINE",
        "What extracts the text of files; empty is this server.",
    ),
    _rag("PDF_EXTRACT_IMAGES", boolean(), "false", "Whether text in the images of a PDF is read too."),
    _at("EXTERNAL_DOCUMENT_LOADER_URL", "", "Address of a service of your own that extracts text."),
    _key("EXTERNAL_DOCUMENT_LOADER_API_KEY", "Key for the extraction service of your own."),
    _at("TIKA_SERVER_URL", "http://tika:9998", "Address of Apache Tika."),
    _at("DOCLING_SERVER_URL", "http://docling:5001", "Address of Docling."),
    _key("DOCLING_API_KEY", "Key for Docling."),
    _rag("DOCLING_PARAMS", optional(json_object(), {}), "", "JSON object of further parameters for Docling."),
    _at("DOCUMENT_INTELLIGENCE_ENDPOINT", "", "Address of Azure's Document Intelligence."),
    _key("DOCUMENT_INTELLIGENCE_KEY", "Key for Azure's Document Intelligence."),
    _rag("DOCUMENT_INTELLIGENCE_MODEL", text(), "prebuilt-layout", "Model of Document Intelligence."),
    address("rag.MISTRAL_OCR_API_BASE_URL", MISTRAL, "MISTRAL_OCR_API_BASE_URL", "Mistral's API for documents."),
    _key("MISTRAL_OCR_API_KEY", "Key for Mistral's API for documents."),
    _at("DATALAB_MARKER_API_BASE_URL", "", "Address of Datalab's Marker; empty is Datalab's own."),
    _key("DATALAB_MARKER_API_KEY", "Key for Marker."),
    _rag(
        "DATALAB_MARKER_ADDITIONAL_CONFIG",
        optional(json_object(), {}),
        "",
        "JSON object of further parameters for Marker.",
    ),
    _rag("DATALAB_MARKER_OUTPUT_FORMAT", choice("markdown", "json", "html"), "markdown", "Form of Marker's answer."),
    _marker("SKIP_CACHE", "works anew on a file that it has seen"),
    _marker("FORCE_OCR", "reads every page as a picture"),
    _marker("PAGINATE", "marks where pages end"),
    _marker("STRIP_EXISTING_OCR", "drops the text layer of a scan and reads it anew"),
    _marker("DISABLE_IMAGE_EXTRACTION", "leaves images out"),
    _marker("FORMAT_LINES", "keeps the form within lines, such as formulas"),
    _marker("USE_LLM", "asks a language model to do better"),
    _rag("MINERU_API_MODE", choice("local", "cloud"), "local", "Whether MinerU is your own server or its cloud."),
    _at("MINERU_API_URL", "http://localhost:8000", "Address of MinerU."),
    _rag("MINERU_API_TIMEOUT", integer(1, 86_400), "300", "Seconds that MinerU may take for a file."),
    _key("MINERU_API_KEY", "Key for MinerU."),
    _rag("MINERU_PARAMS", optional(json_object(), {}), "", "JSON object of further parameters for MinerU."),
)
