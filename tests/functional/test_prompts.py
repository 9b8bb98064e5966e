from __future__ import annotations

from typing import Any

import pytest

from tests.support import Client, counted_statements
from tests.support_models import granted
from webui.models import User

PROMPTS = "/api/v1/prompts"
PERMISSIONS = {
    "ENABLE_SIGNUP": "true",
    "DEFAULT_USER_ROLE": "user",
    "USER_PERMISSIONS_WORKSPACE_PROMPTS_ACCESS": "true",
    "USER_PERMISSIONS_WORKSPACE_PROMPTS_ALLOW_SHARING": "true",
    "USER_PERMISSIONS_WORKSPACE_PROMPTS_ALLOW_PUBLIC_SHARING": "true",
}


def form(command: str = "/sum", **more: Any) -> dict[str, Any]:
    return {"command": command, "title": "Summary", "content": "Sum up {{CLIPBOARD}}", "access_control": {}, **more}


def create(person: Client, command: str = "/sum", **more: Any) -> dict[str, Any]:
    return person.post(f"{PROMPTS}/create", form(command, **more), status=200).json


def commands(person: Client, path: str = "/") -> list[str]:
    return [item["command"] for item in person.get(f"{PROMPTS}{path}", status=200).json]


@pytest.fixture
def people(make_client) -> tuple[Client, Client, Client]:
    """An administrator, and two users who may do all that a permission gives."""
    client = make_client(**PERMISSIONS)
    return client.sign_up(name="Ada"), client.sign_up(name="Bob"), client.sign_up(name="Cleo")


def test_a_prompt_is_created_read_changed_and_deleted(admin: Client) -> None:
    created = create(admin)
    assert created == {**form(), "user_id": admin.user["id"], "timestamp": created["timestamp"]}
    assert admin.get(f"{PROMPTS}/command/sum", status=200).json == created

    changed = admin.post(f"{PROMPTS}/command/sum/update", form(title="New", content=""), status=200).json
    assert (changed["title"], changed["content"]) == ("New", "")
    assert admin.get(f"{PROMPTS}/").json == [changed]

    assert admin.delete(f"{PROMPTS}/command/sum/delete", status=200).json is True
    for missing in (
        admin.get(f"{PROMPTS}/command/sum"),
        admin.post(f"{PROMPTS}/command/sum/update", form()),
        admin.delete(f"{PROMPTS}/command/sum/delete"),
    ):
        assert missing.status_int == 401
        assert "does not exist" in missing.json["detail"]
    assert commands(admin) == []


def test_the_prompt_changed_last_comes_first_and_the_owner_beside_it(admin: Client) -> None:
    for command in ("/a", "/b", "/c"):
        create(admin, command)
    admin.post(f"{PROMPTS}/command/a/update", form("/a"), status=200)
    assert commands(admin) == commands(admin, "/list") == ["/a", "/c", "/b"]
    owner = {name: admin.user[name] for name in ("id", "name", "role", "email")}
    assert [item["user"] for item in admin.get(f"{PROMPTS}/list").json] == [owner] * 3


def test_a_command_is_stored_with_its_slash(admin: Client) -> None:
    assert create(admin, "résumé 2")["command"] == "/résumé 2"
    assert admin.get(f"{PROMPTS}/command/r%C3%A9sum%C3%A9%202").status_int == 200


def test_a_command_is_taken_once(people: tuple[Client, ...]) -> None:
    _, user, other = people
    create(user)
    create(user, "/free")
    taken = other.post(f"{PROMPTS}/create", form())
    assert (taken.status_int, taken.json["detail"]) == (400, "There is a prompt with this command already.")
    assert user.post(f"{PROMPTS}/command/free/update", form("/sum")).status_int == 400


def test_an_update_renames_and_leaves_who_may_read_it(admin: Client) -> None:
    rules = {"read": {"user_ids": ["u"], "group_ids": ["g"]}}
    created = create(admin, access_control=rules)
    sent = form("/new")
    del sent["access_control"]
    changed = admin.post(f"{PROMPTS}/command/sum/update", sent, status=200).json
    assert changed == {**created, "command": "/new", "timestamp": changed["timestamp"]}
    assert commands(admin) == ["/new"]


def test_who_may_read_and_who_may_change(people: tuple[Client, ...]) -> None:
    _, user, other = people
    create(user, "/private")
    create(user, "/read", access_control=granted(other))
    create(user, "/write", access_control=granted(other, kind="write"))
    create(user, "/public", access_control=None)
    create(user, "/strangers", access_control=granted(user, kind="read"))

    assert commands(other) == ["/public", "/write", "/read"]
    assert commands(other, "/list") == ["/write"]
    assert len(commands(user)) == len(commands(user, "/list")) == 5
    for name, read, write in (
        ("private", 401, 401),
        ("strangers", 401, 401),
        ("read", 200, 401),
        ("public", 200, 401),
        ("write", 200, 200),
    ):
        address = f"{PROMPTS}/command/{name}"
        assert other.get(address).status_int == read, name
        sent = {key: value for key, value in form(f"/{name}").items() if key != "access_control"}
        assert other.post(f"{address}/update", sent).status_int == write, name
        assert other.delete(f"{address}/delete").status_int == write, name


def test_anothers_prompt_and_a_missing_one_get_the_same_answer(people: tuple[Client, ...]) -> None:
    _, user, other = people
    create(user, "/private")
    for call in (
        lambda name: other.get(f"{PROMPTS}/command/{name}"),
        lambda name: other.post(f"{PROMPTS}/command/{name}/update", form(f"/{name}")),
        lambda name: other.delete(f"{PROMPTS}/command/{name}/delete"),
    ):
        private, missing = call("private"), call("missing")
        assert (private.status_int, private.json) == (missing.status_int, missing.json)


@pytest.mark.parametrize(("bypass", "seen"), [("true", ["/private"]), ("false", [])])
def test_administrators_see_everything_unless_a_setting_says_no(make_client, bypass: str, seen: list[str]) -> None:
    client = make_client(**PERMISSIONS, BYPASS_ADMIN_ACCESS_CONTROL=bypass)
    admin, user = client.sign_up(), client.sign_up()
    create(user, "/private")
    assert commands(admin) == commands(admin, "/list") == seen
    assert admin.get(f"{PROMPTS}/command/private").status_int == (200 if seen else 401)
    assert admin.delete(f"{PROMPTS}/command/private/delete").status_int == (200 if seen else 401)


@pytest.mark.parametrize(
    ("permission", "status"), [("PROMPTS_ACCESS", 200), ("PROMPTS_IMPORT", 200), ("MODELS_ACCESS", 401)]
)
def test_creating_takes_one_of_two_permissions(make_client, permission: str, status: int) -> None:
    given = {f"USER_PERMISSIONS_WORKSPACE_{permission}": "true"}
    client = make_client(ENABLE_SIGNUP="true", DEFAULT_USER_ROLE="user", **given)
    client.sign_up()
    assert client.sign_up().post(f"{PROMPTS}/create", form()).status_int == status


def test_sharing_takes_a_permission_and_publishing_another(make_client) -> None:
    client = make_client(**PERMISSIONS | {name: "false" for name in PERMISSIONS if "SHARING" in name})
    admin, user = client.sign_up(), client.sign_up()
    create(user)
    for rules in (granted(admin), None):
        for path in ("create", "command/sum/update"):
            command = "/new" if path == "create" else "/sum"
            refused = user.post(f"{PROMPTS}/{path}", form(command, access_control=rules))
            assert refused.status_int == 403
            assert "access_control" in refused.json["detail"]
    create(admin, "/public", access_control=None)
    assert commands(user) == ["/public", "/sum"]


def test_a_prompt_outlives_its_owner(people: tuple[Client, ...]) -> None:
    admin, user, _ = people
    create(user)
    with admin.registry.database.begin() as db:
        db.delete(db.get(User, user.user["id"]))
    (left,) = admin.get(f"{PROMPTS}/list", status=200).json
    assert (left["command"], left["user_id"], left["user"]) == ("/sum", None, None)


@pytest.mark.parametrize(
    "wrong",
    [
        *({"command": command} for command in ("", "/", "/a/b", "//", "/..", "/ ", "/a\nb", "/" + "x" * 256, 5, None)),
        *({"title": title} for title in ("", "x" * 256, None, "a\0b")),
        *({"content": content} for content in (None, ["x"], "a\0b", "x" * (1024 * 1024 + 1))),
        *({"access_control": rules} for rules in ([], "all", {"read": {"user_ids": "all"}}, {"write": []})),
    ],
    ids=lambda wrong: str(wrong)[:40],
)
def test_what_cannot_be_stored_is_refused(admin: Client, wrong: dict[str, Any]) -> None:
    assert admin.post(f"{PROMPTS}/create", form() | wrong).status_int == 422
    create(admin)
    assert admin.post(f"{PROMPTS}/command/sum/update", form() | wrong).status_int == 422


def test_unknown_fields_change_nothing(admin: Client) -> None:
    assert create(admin, user_id="x", timestamp=1, updated_at=2)["user_id"] == admin.user["id"]


def test_a_list_takes_two_statements_however_many_there_are(people: tuple[Client, ...]) -> None:
    admin, user, other = people
    for number in range(5):
        create(user, f"/{number}", access_control=granted(other, kind="write"))
    for person in (admin, user, other):
        for path in ("/", "/list"):
            with counted_statements(person.registry.database.engine) as statements:
                assert len(commands(person, path)) == 5
            assert len([text for text in statements if text.startswith("SELECT")]) == 2
