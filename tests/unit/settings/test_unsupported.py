from __future__ import annotations

from pathlib import Path

import pytest

from webui.settings import load
from webui.settings.unsupported import UNSUPPORTED


def test_a_variable_that_is_not_supported_is_told_with_its_source_and_reason(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("\nMILVUS_DB=chat\n", encoding="utf-8")
    assert load({}, {"REDIS_URL": "redis://:secret@cache"}, dotenv).warnings == (
        f"environment REDIS_URL is not supported: {UNSUPPORTED['REDIS_URL']}",
        f".env line 2 MILVUS_DB is not supported: {UNSUPPORTED['MILVUS_DB']}",
    )


def test_an_unsupported_variable_is_no_misspelling_of_another() -> None:
    assert load({}, {"INSTANCE_ID": "a"}).warnings == (
        f"environment INSTANCE_ID is not supported: {UNSUPPORTED['INSTANCE_ID']}",
    )


@pytest.mark.parametrize("environ", [{"REDIS_URL": ""}, {"ENV": "production", "LD_LIBRARY_PATH": "/usr/local/lib"}])
def test_what_is_empty_or_set_by_others_is_not_told(environ: dict[str, str]) -> None:
    assert load({}, environ).warnings == ()


def test_a_value_that_nothing_uses_yet_is_told_without_the_value() -> None:
    assert load({}, {"S3_SECRET_ACCESS_KEY": "correct-horse"}).warnings == (
        "environment S3_SECRET_ACCESS_KEY has no effect yet: storage.s3.secret_access_key is planned",
    )


def test_a_planned_setting_at_its_default_is_not_told() -> None:
    assert load({}, {"STORAGE_PROVIDER": "Local", "LDAP_SERVER_PORT": "389"}).warnings == ()


def test_a_variable_of_the_start_script_is_told_only_where_the_script_does_not_see_it(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("SPACE_HOST=a.example.com\n", encoding="utf-8")
    assert load({}, {"USE_OLLAMA_DOCKER": "true"}, dotenv).warnings == (
        ".env line 1 SPACE_HOST is not read: scripts/start.sh takes it from the environment alone",
    )
