from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from tests.functional.chats.support import generate, new_chat
from tests.support import Client, message
from webui.models import Base, Chat, Job, Run, User
from webui.services import trash

WAIT = 30  # seconds


@pytest.fixture
def ada(make_client) -> Client:  # type: ignore[no-untyped-def]
    """The administrator of a server on which everybody may sign up and is verified at once."""
    return make_client(ENABLE_SIGNUP="true", DEFAULT_USER_ROLE="user").sign_up(name="Ada")


def remove(person: Client, user_id: str, status: int = 200) -> object:
    return person.delete(f"/api/v1/users/{user_id}", status=status).json


def await_removal(person: Client, user_id: str) -> None:
    pause = threading.Event()
    for _ in range(int(WAIT / 0.02)):
        with person.registry.database.begin(write=False) as db:
            if db.get(User, user_id) is None and not db.scalar(sa.select(sa.exists().where(Job.id.is_not(None)))):
                return
        pause.wait(0.02)
    raise AssertionError("The account is still there.")


def test_an_account_goes_with_all_that_is_its_users(ada: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trash, "CHATS", 2)
    monkeypatch.setattr(trash, "MESSAGES", 3)
    bob = ada.sign_up(name="Bob", email="bob@example.org", password="long enough")
    assert bob.user
    kept = new_chat(ada, message("m"), title="Ada's")["id"]
    for number in range(5):
        new_chat(bob, *(message(f"m{each}") for each in range(4)), title=f"Chat {number}")
    bob.delete(f"/api/v1/chats/{new_chat(bob)['id']}", status=200)
    bob.post("/api/v1/folders/", {"name": "Work"}, status=200)
    bob.post("/api/v1/memories/add", {"content": "likes cats"}, status=200)
    assert remove(ada, bob.user["id"]) is True
    bob.get("/api/v1/auths/", status=401)
    ada.post("/api/v1/auths/signin", {"email": "bob@example.org", "password": "long enough"}, status=400)
    await_removal(ada, bob.user["id"])
    with ada.registry.database.begin(write=False) as db:
        assert db.scalars(sa.select(Chat.id)).all() == [kept]
        for table in Base.metadata.sorted_tables:
            if "user_id" in table.c:
                of_bob = sa.select(sa.func.count()).select_from(table).where(table.c.user_id == bob.user["id"])
                assert db.scalar(of_bob) == 0, table.name


def test_the_address_of_an_account_that_was_removed_is_free(ada: Client) -> None:
    bob = ada.sign_up(name="Bob", email="bob@example.org")
    assert bob.user
    remove(ada, bob.user["id"])
    again = ada.sign_up(name="Bob", email="bob@example.org")
    assert again.get("/api/v1/chats/?page=1", status=200).json == []


def test_replies_of_an_account_that_is_removed_are_stopped(ada: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ada.registry.jobs, "wake", lambda: None)
    bob = ada.sign_up(name="Bob")
    assert bob.user
    run_id = generate(bob, new_chat(bob)["id"], "a", "so ")
    remove(ada, bob.user["id"])
    with ada.registry.database.begin(write=False) as db:
        run = db.get(Run, run_id)
        assert run is None or run.stop_requested


def test_only_administrators_remove_accounts_and_not_every_one(ada: Client) -> None:
    bob = ada.sign_up(name="Bob")
    assert bob.user
    assert ada.user
    remove(bob, bob.user["id"], status=401)
    remove(bob, ada.user["id"], status=401)
    remove(ada, ada.user["id"], status=403)
    remove(ada, "nobody", status=404)
    with ada.registry.database.begin() as db:
        db.execute(sa.update(User).where(User.id == bob.user["id"]).values(role="admin"))
    remove(bob, ada.user["id"], status=403)
    bob.get("/api/v1/auths/", status=200)
