from __future__ import annotations

import base64
import struct
from typing import Any

import pytest

from webui.errors import ApiError
from webui.providers.ollama_embeddings import embed_request, embeddings


@pytest.mark.parametrize("given", ["Hi", [], ["Hi", "Ho"]])
def test_texts_are_asked_for_as_they_are(given: Any) -> None:
    payload = {"model": "m", "input": given, "dimensions": 4, "user": "u", "encoding_format": "float"}
    assert embed_request(payload) == {"model": "m", "input": given, "dimensions": 4}


@pytest.mark.parametrize("given", [[1, 2], [[1]], None, {"a": 1}, ["a", 1]])
def test_tokens_are_refused(given: Any) -> None:
    with pytest.raises(ApiError) as refused:
        embed_request({"model": "m", "input": given})
    assert refused.value.status == 400


def test_vectors_get_openais_form() -> None:
    answer = {"embeddings": [[0.5, 1.0], [2.0, 3.0]], "prompt_eval_count": 7}
    assert embeddings(answer, {"model": "m"}) == {
        "object": "list",
        "data": [
            {"object": "embedding", "embedding": [0.5, 1.0], "index": 0},
            {"object": "embedding", "embedding": [2.0, 3.0], "index": 1},
        ],
        "model": "m",
        "usage": {"prompt_tokens": 7, "total_tokens": 7},
    }


def test_vectors_in_base64_are_little_endian_floats() -> None:
    found = embeddings({"embeddings": [[0.5, -1.0]]}, {"model": "m", "encoding_format": "base64"})
    assert struct.unpack("<2f", base64.b64decode(found["data"][0]["embedding"])) == (0.5, -1.0)


@pytest.mark.parametrize("answer", [None, [], {}, {"embeddings": 1}, {"embeddings": ["ab"]}])
def test_what_is_no_answer_of_ollama_is_an_error(answer: Any) -> None:
    with pytest.raises(ValueError, match="no embeddings"):
        embeddings(answer, {"model": "m"})


def test_a_vector_of_words_cannot_be_encoded() -> None:
    with pytest.raises(ValueError, match="numbers"):
        embeddings({"embeddings": [["a"]]}, {"model": "m", "encoding_format": "base64"})
