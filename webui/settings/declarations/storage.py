"""Where uploaded files are kept."""

from __future__ import annotations

from typing import Any

from webui.settings.parsers import Parser, boolean, choice, text, url
from webui.settings.setting import Setting


def _storage(name: str, kind: Parser[Any], default: str | None, env: str, what: str) -> Setting:
    return Setting(f"storage.{name}", kind, default, env, what, planned=True)


def _text(name: str, env: str, what: str) -> Setting:
    return _storage(name, text(minimum=1), None, env, what)


def _secret(name: str, env: str, what: str) -> Setting:
    return Setting(f"storage.{name}", text(minimum=1), None, env, what, planned=True, secret=True)


STORAGE = (
    _storage(
        "provider",
        choice("local", "s3", "gcs", "azure"),
        "local",
        "STORAGE_PROVIDER",
        "Where uploads are: in DATA_DIR (local), S3 or what speaks like it, Google Cloud Storage, or Azure.",
    ),
    _text("s3.bucket", "S3_BUCKET_NAME", "Bucket of the uploads."),
    _text("s3.key_prefix", "S3_KEY_PREFIX", "What the names of the objects begin with."),
    _storage("s3.endpoint", url(), None, "S3_ENDPOINT_URL", "Address of the service; Amazon's when not given."),
    _text("s3.region", "S3_REGION_NAME", "Region of the bucket."),
    _text("s3.access_key_id", "S3_ACCESS_KEY_ID", "Id of the key; without it, the machine's own rights count."),
    _secret("s3.secret_access_key", "S3_SECRET_ACCESS_KEY", "The key."),
    _storage(
        "s3.addressing_style",
        choice("auto", "virtual", "path"),
        None,
        "S3_ADDRESSING_STYLE",
        "Whether the bucket is in the host name (virtual) or in the path.",
    ),
    _storage(
        "s3.accelerate",
        boolean(),
        "false",
        "S3_USE_ACCELERATE_ENDPOINT",
        "Whether Amazon's accelerated address is used.",
    ),
    _storage("s3.tagging", boolean(), "false", "S3_ENABLE_TAGGING", "Whether objects are tagged."),
    _text("gcs.bucket", "GCS_BUCKET_NAME", "Bucket of the uploads at Google."),
    _secret(
        "gcs.credentials",
        "GOOGLE_APPLICATION_CREDENTIALS_JSON",
        "Key of a service account as JSON; without it, the machine's own rights count.",
    ),
    _storage("azure.endpoint", url(), None, "AZURE_STORAGE_ENDPOINT", "Address of the storage account at Azure."),
    _text("azure.container", "AZURE_STORAGE_CONTAINER_NAME", "Container of the uploads at Azure."),
    _secret(
        "azure.key",
        "AZURE_STORAGE_KEY",
        "Key of the storage account; without it, the machine's own rights count.",
    ),
)
