"""Whatever the order in which tabs save their copies of a chat, nothing is lost and the tree stays a tree."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support import Client, conversation, message
from webui.models import Database, Message
from webui.services import chats, messages, new_chats

TABS = 3
PLACE = st.integers(0, 30)  # which message, by its place in the tab's copy
KEY = st.sampled_from(["annotation", "files", "theirs"])
STEP = st.one_of(
    *(st.tuples(st.just(name), PLACE) for name in ("add", "edit", "go_on", "delete", "tear_out", "look", "generate")),
    st.tuples(st.just("move"), PLACE, PLACE),
    st.tuples(st.just("mark"), PLACE, KEY),
    *(st.tuples(st.just(name)) for name in ("save", "save", "save", "reload", "look_nowhere", "finish")),
)
STEPS = st.lists(st.tuples(st.integers(0, TABS - 1), STEP), max_size=30)


class Tab:
    """A page that holds a copy of the chat, changes it, and saves it as a whole."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.unsaved: set[str] = set()
        self.reload()

    def reload(self) -> None:
        self.history = deepcopy(self.world.read()["history"])
        self.unsaved.clear()

    @property
    def messages(self) -> dict[str, dict[str, Any]]:
        return self.history["messages"]

    def _at(self, place: int) -> dict[str, Any] | None:
        held = list(self.messages.values())
        return held[place % len(held)] if held else None

    def add(self, place: int) -> None:
        parent, text = self._at(place), self.world.new_text()
        role = "assistant" if place % 2 else "user"
        self.messages[text] = message(text, parent and parent["id"], content=text, role=role)
        self.history["currentId"] = text
        self.unsaved.add(text)

    def edit(self, place: int) -> None:
        if held := self._at(place):
            held["content"] = self.world.new_text()
            self.unsaved.add(held["content"])

    def go_on(self, place: int) -> None:
        if held := self._at(place):
            held["content"] += self.world.new_text()
            self.unsaved.add(held["content"])

    def mark(self, place: int, key: str) -> None:
        if held := self._at(place):
            held[key] = {"by": [self.world.new_text(), None, 1.5]}

    def delete(self, place: int, *, leave_orphans: bool = False) -> None:
        if held := self._at(place):
            del self.messages[held["id"]]
            for other in self.messages.values():
                if other["parentId"] == held["id"] and not leave_orphans:
                    other["parentId"] = held["parentId"]

    def tear_out(self, place: int) -> None:
        self.delete(place, leave_orphans=True)

    def move(self, place: int, target: int) -> None:
        held, parent = self._at(place), self._at(target)
        node = parent
        while held and node is not None and node is not held:
            node = self.messages.get(node["parentId"])
        if held and parent and node is None:
            held["parentId"] = parent["id"]

    def look(self, place: int) -> None:
        if held := self._at(place):
            self.history["currentId"] = held["id"]

    def look_nowhere(self) -> None:
        self.history["currentId"] = "nowhere"

    def generate(self, place: int) -> None:
        self.world.generate(list(self.messages)[place % len(self.messages)] if self.messages else "")

    def finish(self) -> None:
        self.world.finish()

    def save(self) -> None:
        generating = {row.id for row in self.world.rows().values() if row.run_id}
        self.world.save(self.history)
        sent = {one["content"] for one in self.messages.values() if one["id"] not in generating}
        self.world.acknowledged |= self.unsaved & sent
        self.unsaved.clear()
        self.world.check()


class World:
    """The server's chat, and all that it has acknowledged."""

    def __init__(self, person: Client) -> None:
        self.database: Database = person.registry.database
        self.user_id: str = person.user["id"]
        self.texts = 0
        self.acknowledged: set[str] = set()
        chat = conversation(message("q"), message("a", "q"))["chat"]
        self.chat_id = new_chats.create_chat(self.database, self.user_id, chat, None)["id"]

    def new_text(self) -> str:
        """One that is no part of any other."""
        self.texts += 1
        return f"<{self.texts}>"

    def read(self) -> dict[str, Any]:
        with self.database.begin(write=False) as db:
            return chats.read_chat(db, self.user_id, self.chat_id)["chat"]

    def rows(self) -> dict[str, Message]:
        with self.database.begin(write=False) as db:
            return {row.id: row for row in db.scalars(sa.select(Message).where(Message.chat_id == self.chat_id))}

    def save(self, history: dict[str, Any]) -> None:
        before = self.rows()
        sent = {"history": deepcopy(history)}
        chat = chats.update_chat(self.database, self.user_id, self.chat_id, sent)["chat"]
        after = chat["history"]["messages"]
        for message_id, sent in history["messages"].items():
            is_the_servers = message_id in before and before[message_id].role == "assistant"
            if not is_the_servers:
                for key in sent.keys() - {"parentId", "childrenIds"}:
                    assert after[message_id][key] == sent[key]
        lost = [row for row in before.values() if row.deleted_at is None and row.id not in after]
        assert not any(row.run_id for row in lost)
        assert not lost or after.keys() <= before.keys()

    def generate(self, message_id: str) -> None:
        """The server begins a reply in this message, if it is one."""
        own = (Message.chat_id == self.chat_id, Message.id == message_id, Message.role == "assistant")
        with self.database.begin() as db:
            db.execute(sa.update(Message).where(*own, Message.deleted_at.is_(None)).values(run_id="run"))

    def finish(self) -> None:
        """The replies that are being generated are complete."""
        with self.database.begin() as db:
            for row in db.scalars(
                sa.select(Message).where(Message.chat_id == self.chat_id, Message.run_id.is_not(None))
            ):
                row.content, row.run_id = row.content + self.new_text(), None
                row.data = {**row.data, "done": True}
                self.acknowledged.add(row.content)

    def check(self) -> None:
        rows, chat = self.rows(), self.read()
        held = chat["history"]["messages"]
        live = {key: row.parent_id for key, row in rows.items() if row.deleted_at is None}
        assert {key: one["parentId"] for key, one in held.items()} == live
        for key, one in held.items():
            assert one["parentId"] is None or one["parentId"] in held
            assert one["childrenIds"] == [child for child in held if held[child]["parentId"] == key]
            node, steps = one, 0
            while node["parentId"] is not None:
                node, steps = held[node["parentId"]], steps + 1
                assert steps <= len(held)
        assert chat["history"]["currentId"] in (held or [None])
        said = [row.content for row in rows.values()]
        assert [text for text in self.acknowledged if not any(one.startswith(text) for one in said)] == []


@pytest.mark.parametrize("part", [messages.PART, 3 * messages.ROW], ids=["at once", "in parts"])
@settings(
    max_examples=100,
    deadline=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(steps=STEPS)
def test_nothing_that_was_acknowledged_is_lost_and_the_tree_stays_a_tree(
    admin: Client, monkeypatch: pytest.MonkeyPatch, part: int, steps: list[tuple[int, tuple[Any, ...]]]
) -> None:
    monkeypatch.setattr(messages, "PART", part)
    world = World(admin)
    tabs = [Tab(world) for _ in range(TABS)]
    for number, (name, *values) in steps:
        getattr(tabs[number], name)(*values)
    for tab in tabs:
        tab.save()
