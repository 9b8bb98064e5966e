from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import Client
from tests.support_upstream import Answer, Upstream, scripted_upstream

CONFIG, VERIFY = "/api/v1/images/config/update", "/api/v1/images/config/url/verify"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with scripted_upstream() as running:
        yield running


def test_an_engine_without_a_server_of_its_own_is_there(admin: Client) -> None:
    assert admin.get(VERIFY, status=200).json is True


@pytest.mark.parametrize(
    ("engine", "fields", "asked"),
    [
        (
            "automatic1111",
            {"AUTOMATIC1111_BASE_URL": "{url}/", "AUTOMATIC1111_API_AUTH": "ada:hunter22"},
            ("/sdapi/v1/options", "Basic YWRhOmh1bnRlcjIy"),
        ),
        ("comfyui", {"COMFYUI_BASE_URL": "{url}", "COMFYUI_API_KEY": "ck-1"}, ("/object_info", "Bearer ck-1")),
    ],
)
def test_the_server_that_paints_is_asked(
    admin: Client, upstream: Upstream, engine: str, fields: dict[str, str], asked: tuple[str, str]
) -> None:
    path, credentials = asked
    given = {name: value.format(url=upstream.url) for name, value in fields.items()}
    admin.post(CONFIG, {"IMAGE_GENERATION_ENGINE": engine, **given}, status=200)
    upstream.answers[path] = Answer.json({})
    assert admin.get(VERIFY, status=200).json is True
    assert upstream.asked[0].headers["Authorization"] == credentials
    for status in (401, 404, 500):
        upstream.answers[path] = Answer.json({}, status=status)
        answer = admin.get(VERIFY, status=400)
        assert upstream.url.removeprefix("http://") in answer.json["detail"]


def test_a_server_without_an_address_is_told(admin: Client) -> None:
    admin.post(CONFIG, {"IMAGE_GENERATION_ENGINE": "comfyui"}, status=200)
    assert admin.get(VERIFY).status_int == 400


def test_it_is_for_administrators(admin: Client) -> None:
    assert admin.sign_up().get(VERIFY).status_int == 401
