"""What is read of the stored models beside the list: base models, tags, pictures."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

import pytest

from tests.support import Client, counted_statements
from tests.support_models import arena, granted, server, store_model
from tests.support_upstream import Upstream

STORE = "/api/v1/models"
PNG = b"\x89PNG\r\n\x1a\n"
PNG_URL = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture
def people(make_client, upstream: Upstream) -> tuple[Client, Client, Client]:
    """An administrator and two users; both of the connection's models are the administrator's alone."""
    client = make_client(**server(upstream, arena("arena", profile_image_url=PNG_URL)))
    return client.sign_up(), client.sign_up(), client.sign_up()


@pytest.fixture
def pending(make_client, upstream: Upstream) -> Client:
    client = make_client(**server(upstream, DEFAULT_USER_ROLE="pending"))
    client.sign_up()
    return client.sign_up()


def picture(person: Client, model_id: str, **options: Any) -> Any:
    return person.get(f"{STORE}/model/profile/image?id={quote(model_id, safe='')}", **options)


def named(*names: str) -> dict[str, Any]:
    return {"tags": [{"name": name, "id": 1} for name in names]}


def reads(statements: list[str]) -> int:
    return len([text for text in statements if not text.startswith(("BEGIN", "PRAGMA")) and "max(settings" not in text])


def test_administrators_read_what_is_stored_about_connections_models(people: tuple[Client, ...]) -> None:
    admin, user, _ = people
    assert admin.get(f"{STORE}/base", status=200).json == []
    for model_id in ("n", "m"):
        store_model(admin, model_id, params={"seed": 1})
    store_model(admin, "custom", "m")
    found = admin.get(f"{STORE}/base", status=200).json
    assert [(item["id"], item["base_model_id"], item["params"]) for item in found] == [
        ("m", None, {"seed": 1}),
        ("n", None, {"seed": 1}),
    ]
    assert user.get(f"{STORE}/base").status_int == 401


def test_tags_are_those_of_the_models_that_one_may_read(people: tuple[Client, ...]) -> None:
    admin, owner, guest = people
    store_model(admin, "public", "m", meta=named("b", "a"))
    store_model(admin, "own", "m", meta=named("own", "a"), access_control={}, user_id=owner.user["id"])
    store_model(admin, "granted", "m", meta=named("given"), access_control=granted(guest))
    store_model(admin, "m", meta=named("base"))
    for number, tags in enumerate((None, 5, "x", {}, [None, 1, "t", {}, {"name": 1}, {"name": ""}])):
        store_model(admin, f"odd{number}", "m", meta={"tags": tags})
    assert owner.get(f"{STORE}/tags", status=200).json == ["a", "b", "own"]
    assert guest.get(f"{STORE}/tags").json == ["a", "b", "given"]
    assert admin.get(f"{STORE}/tags").json == ["a", "b", "given", "own"]
    assert [item["id"] for item in owner.get(f"{STORE}/list?tag=own", status=200).json["items"]] == ["own"]


def test_a_picture_that_is_stored_is_told_with_its_type(people: tuple[Client, ...]) -> None:
    admin, user, _ = people
    store_model(admin, "c", "m", meta={"profile_image_url": PNG_URL})
    answer = picture(user, "c", status=200)
    assert (answer.body, answer.content_type) == (PNG, "image/png")
    again = picture(user, "c", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_int, again.body) == (304, b"")


def test_a_drawing_can_run_nothing(people: tuple[Client, ...]) -> None:
    admin, user, _ = people
    store_model(admin, "c", "m", meta={"profile_image_url": f"data:image/svg+xml;charset=utf-8,{quote(SVG)}"})
    answer = picture(user, "c", status=200)
    assert (answer.text, answer.content_type) == (SVG, "image/svg+xml")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_picture_elsewhere_is_the_browsers_to_ask(people: tuple[Client, ...]) -> None:
    admin, user, _ = people
    store_model(admin, "c", "m", meta={"profile_image_url": "https://pictures.example/a.png?x=1"})
    assert picture(user, "c", status=302).headers["Location"] == "https://pictures.example/a.png?x=1"


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "/static/favicon.png",
        "//evil.example/x.png",
        "https://x/\r\nSet-Cookie: a=b",
        "https://x/ä",
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "data:image/png;base64,%%%",
        "data:image/png",
    ],
)
def test_where_there_is_no_picture_the_servers_own_stands(people: tuple[Client, ...], url: str | None) -> None:
    admin, user, _ = people
    store_model(admin, "c", "m", meta={"profile_image_url": url})
    answer = picture(user, "c", status=200)
    assert answer.content_type == "image/svg+xml"
    assert b"<svg" in answer.body
    assert b"script" not in answer.body


def test_pictures_are_for_those_who_may_read_or_use_the_model(people: tuple[Client, ...]) -> None:
    admin, owner, guest = people
    store_model(admin, "n", access_control=granted(guest))
    store_model(admin, "a/b c?", "m", access_control=granted(guest), user_id=owner.user["id"], is_active=False)
    missing = picture(guest, "missing", status=404).json
    seen = {
        "a/b c?": (200, 200, 200),
        "n": (200, 404, 200),
        "m": (200, 404, 404),  # nothing is stored about it, so it is the administrators' alone
        "arena": (200, 200, 200),
        "missing": (404, 404, 404),
    }
    for model_id, statuses in seen.items():
        for person, status in zip(people, statuses, strict=True):
            answer = picture(person, model_id)
            assert answer.status_int == status, model_id
            if status == 404:
                assert answer.json == missing
    assert picture(guest, "arena").body == PNG


def test_an_arena_that_is_closed_shows_no_picture(make_client, upstream: Upstream) -> None:
    client = make_client(**server(upstream, arena("closed", access_control={}, profile_image_url=PNG_URL)))
    admin, user = client.sign_up(), client.sign_up()
    assert (picture(admin, "closed").status_int, picture(user, "closed").status_int) == (200, 404)


@pytest.mark.parametrize(("model_id", "status"), [("", 422), ("\n", 422), ("\0", 400), ("x" * 5000, 422)])
def test_what_is_no_id_has_no_picture(people: tuple[Client, ...], model_id: str, status: int) -> None:
    assert picture(people[0], model_id).status_int == status


def test_who_waits_for_an_administrator_reads_nothing(pending: Client) -> None:
    for path in ("base", "tags", "list", "export", "model?id=m", "model/profile/image?id=m"):
        assert pending.get(f"{STORE}/{path}").status_int == 401, path
    for path in ("import", "sync"):
        assert pending.post(f"{STORE}/{path}", {"models": []}).status_int == 401, path
    assert pending.delete(f"{STORE}/delete/all").status_int == 401


def test_each_read_takes_two_statements_however_much_is_stored(people: tuple[Client, ...]) -> None:
    admin, _, _ = people
    for number in range(40):
        store_model(admin, f"c{number}", "m", meta={"tags": [{"name": str(number)}], "profile_image_url": PNG_URL})
    paths = ("base", "tags", "list", "export", "model?id=c1", "model/profile/image?id=c1")
    for path in paths:
        with counted_statements(admin.registry.database.engine) as statements:
            admin.get(f"{STORE}/{path}", status=200)
        assert reads(statements) == 2, path
