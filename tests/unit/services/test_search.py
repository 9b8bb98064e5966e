from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from webui.models import Chat, Database, Message, User, migrate, utcnow
from webui.models.database import create_engine
from webui.models.search import INDEXED, fold
from webui.services import search
from webui.services.search import parse, search_chats

# Letters whose case is odd, those of several scripts, and all that means something to a database.
LETTERS = (
    "aAkKsSiIİßẞéÉΣςΔδ\N{GREEK SMALL LETTER SIGMA}\N{KELVIN SIGN}\N{LATIN SMALL LETTER DOTLESS I}"
    "日本語한😀ש\N{RIGHT-TO-LEFT MARK}\N{LATIN SMALL LETTER LONG S}0 .\n'\"\\%_*|&!()-:"
)
TOO_YOUNG = "\0\N{GREEK CAPITAL LETTER YOT}ԨԪԬԮ"  # for FTS5 to know their case
OPERATORS = ("AND", "OR", "NEAR", "a OR b", '"', "'", "a* -b", "\\'", "%", "_", "a:b", "{a}", "&", "!a", "<->", "x'61'")


@pytest.fixture
def db(clean_database_url: sa.URL) -> Iterator[Session]:
    """A session whose work is rolled back."""
    database = Database(create_engine(clean_database_url, poolclass=sa.NullPool))
    with database.begin() as session:
        yield session
        session.rollback()


def add_user(db: Session) -> str:
    user_id = str(uuid4())
    db.add(User(id=user_id, email=user_id, name="Ada", role="user", profile_image_url=""))
    db.flush()
    return user_id


def add_chat(db: Session, user_id: str, title: str, *texts: str, age: int = 0, **fields: Any) -> str:
    chat_id = str(uuid4())
    moment = datetime(2026, 1, 1, tzinfo=UTC) - timedelta(days=age)
    shown = {"archived": False, "pinned": False, "meta": {}, "data": {}, "updated_at": moment, **fields}
    db.add(Chat(id=chat_id, user_id=user_id, title=title, **shown))
    db.flush()
    own = {
        "chat_id": chat_id,
        "parent_id": None,
        "role": "user",
        "data": {},
        "created_at": moment,
        "updated_at": moment,
    }
    rows = [{**own, "id": f"m{place}", "position": place, "content": text} for place, text in enumerate(texts)]
    if rows:
        db.execute(sa.insert(Message), rows)
    return chat_id


def titles(db: Session, user_id: str, text: str, page: int = 1) -> list[str]:
    return [hit.title for hit in search_chats(db, user_id, text, page)]


texts = st.one_of(
    st.text(LETTERS, max_size=12),
    st.sampled_from(OPERATORS),
    st.text(st.characters(max_codepoint=0x109F, exclude_characters=TOO_YOUNG), max_size=9),
)
chats = st.lists(st.tuples(texts, st.lists(texts, max_size=3), st.integers(0, 3)), max_size=5)
Corpus = list[tuple[str, list[str], int]]  # title, messages, age in days


@st.composite
def searches(draw: st.DrawFn) -> tuple[Corpus, str]:
    """Chats, and a text that is mostly a part of one of theirs in another case."""
    corpus = draw(chats)
    source = draw(st.sampled_from(["", *(text for title, contents, _ in corpus for text in (title, *contents))]))
    start = draw(st.integers(0, len(source)))
    part = source[start : start + draw(st.integers(1, 5))]
    return corpus, draw(st.sampled_from([part, part.upper(), part.lower(), part.title(), draw(texts)]))


def expected(stored: list[tuple[str, str, list[str], datetime]], needle: str) -> list[tuple[str, str | None]]:
    """What a naive search over (id, title, messages, updated_at) finds: id of the chat and the message."""
    found = []
    for chat_id, title, contents, updated_at in stored:
        fitting = [f"m{place}" for place, content in enumerate(contents) if needle in fold(content)]
        if needle in fold(title) or fitting:
            message_id = None if needle in fold(title) else fitting[-1]
            found.append((message_id is not None, -updated_at.timestamp(), chat_id, message_id))
    return [(chat_id, message_id) for _, _, chat_id, message_id in sorted(found, key=lambda hit: hit[:3])]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(searches())
@example(([("Title", ["ΟΔΟΣ", "straße", "STRASSE"], 0)], "οδος"))
@example(([("", ["日本語を話す"], 0), ("東京", [], 1)], "本語"))
@example(([("50 \N{MICRO SIGN}s", ["\N{LATIN SMALL LETTER LONG S}"], 0)], "\N{MICRO SIGN}S"))
@example(([("", ["\N{LATIN SMALL LETTER LONG S}"], 0)], "\N{LATIN SMALL LETTER LONG S}"))
@example(([("\N{KELVIN SIGN}elvin İSTANBUL", [], 0)], "kelvin ist"))
def test_search_finds_what_a_naive_search_finds(db: Session, searched: tuple[Corpus, str]) -> None:
    corpus, needle = searched
    wanted = parse(needle).text
    if not wanted or wanted != fold(needle.strip()):
        return  # a list, or a filter
    user_id, stranger = add_user(db), add_user(db)
    stored = []
    for title, contents, age in corpus:
        chat_id = add_chat(db, user_id, title, *contents, age=age)
        add_chat(db, stranger, title, *contents)
        stored.append((chat_id, title, contents, db.get_one(Chat, chat_id).updated_at))
    hits = search_chats(db, user_id, needle, 1)
    assert [(hit.id, hit.message_id) for hit in hits] == expected(stored, wanted)
    assert all(hit.snippet is None or " ".join(wanted.split()) in fold(hit.snippet) for hit in hits)


@given(st.text(st.characters(codec="utf-8"), max_size=50))
def test_folding_keeps_every_character_in_its_place(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)
    assert "".join(map(fold, text)) == fold(text)


def test_what_is_typed_is_taken_apart() -> None:
    query = parse("  the tag:Work cat  tag:none folder:My_Docs pinned:true archived:nonsense shared: tag: http://x ")
    assert query.text == "the cat  http://x"
    assert query.tags == {"work", "none"}
    assert query.folders == {"my docs"}
    assert query.flags == {"archived": False, "pinned": True}


def test_changes_of_a_message_are_found_at_once(db: Session) -> None:
    user_id = add_user(db)
    chat_id = add_chat(db, user_id, "Chat", "before", "")
    message = sa.update(Message).where(Message.chat_id == chat_id)
    db.execute(message.where(Message.id == "m1").values(content="later"))
    assert titles(db, user_id, "later") == ["Chat"]
    db.execute(message.where(Message.id == "m0").values(content="after"))
    assert (titles(db, user_id, "before"), titles(db, user_id, "after")) == ([], ["Chat"])
    db.execute(message.values(deleted_at=utcnow()))
    assert titles(db, user_id, "after") == []
    db.execute(message.values(deleted_at=None))
    assert titles(db, user_id, "after") == ["Chat"]
    db.execute(sa.delete(Message).where(Message.chat_id == chat_id))
    assert titles(db, user_id, "after") == []


def test_changes_of_a_chat_are_found_at_once(db: Session) -> None:
    user_id = add_user(db)
    chat_id = add_chat(db, user_id, "Before", "word")
    chat = sa.update(Chat).where(Chat.id == chat_id)
    db.execute(chat.values(title="After"))
    assert (titles(db, user_id, "before"), titles(db, user_id, "after")) == ([], ["After"])
    for hidden in ({"deleted_at": utcnow()}, {"import_id": "i"}):
        db.execute(chat.values(hidden))
        assert (titles(db, user_id, "after"), titles(db, user_id, "word"), titles(db, user_id, "")) == ([], [], [])
        db.execute(chat.values(deleted_at=None, import_id=None))
        assert titles(db, user_id, "word") == ["After"]
    db.execute(sa.delete(Chat).where(Chat.id == chat_id))
    assert titles(db, user_id, "word") == []


def test_copied_messages_are_found(db: Session) -> None:
    user_id = add_user(db)
    original, copy = add_chat(db, user_id, "Original", "word", "other"), add_chat(db, user_id, "Copy", age=1)
    columns = [column for column in Message.__table__.columns if column.name != "chat_id"]
    rows = sa.select(sa.literal(copy), *columns).where(Message.chat_id == original)
    db.execute(sa.insert(Message).from_select(["chat_id", *columns], rows))
    assert titles(db, user_id, "word") == ["Original", "Copy"]


def test_nothing_of_a_deleted_message_stays_in_the_index(db: Session) -> None:
    if db.get_bind().dialect.name != "sqlite":
        pytest.skip("PostgreSQL removes index entries itself")
    user_id = add_user(db)
    chat_id = add_chat(db, user_id, "Title", "secret", "x" * (INDEXED + 10))
    db.execute(sa.delete(Chat).where(Chat.id == chat_id))
    for table, token in (("messages", "sec"), ("messages", "xxx"), ("messages", "t\n\n"), ("chats", "tit")):
        find = f"SELECT rowid FROM search_{table} WHERE search_{table} MATCH :token"
        assert db.execute(sa.text(find), {"token": f'"{token}"'}).all() == []
        db.execute(sa.text(f"INSERT INTO search_{table} (search_{table}) VALUES ('integrity-check')"))


def test_what_was_stored_before_the_index_is_found(empty_database_url: sa.URL) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.script_location()))
    with migrate.locked_connection(empty_database_url) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        with Session(connection) as db:
            user_id, stranger = add_user(db), add_user(db)
            add_chat(db, user_id, "Old", "a word", "", "another")
            add_chat(db, stranger, "Other", "a word")
            db.flush()
            command.upgrade(config, "head")
            add_chat(db, user_id, "New", "a word", age=1)
            assert titles(db, user_id, "word") == ["Old", "New"]
            assert [titles(db, user_id, text) for text in ("old", "another", "other")] == [["Old"]] * 3


def test_the_beginning_of_a_very_long_message_is_found(db: Session) -> None:
    user_id = add_user(db)
    add_chat(db, user_id, "Long", f"{'日' * (INDEXED - 5)}needle{'😀' * 3_000_000}")
    add_chat(db, user_id, "Longer", f"{'ab ' * INDEXED}needle")
    assert titles(db, user_id, "日日日") == ["Long"]
    assert titles(db, user_id, "needl") == ["Long"]
    assert titles(db, user_id, "needle") == []


def test_of_a_common_text_the_newest_are_found(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MAX_CHATS", 2)
    user_id = add_user(db)
    add_chat(db, user_id, "Old", "common", age=2)
    add_chat(db, user_id, "Middle", "common", age=1)
    add_chat(db, user_id, "New", *("common" for _ in range(5)))
    add_chat(db, user_id, "None")
    assert titles(db, user_id, "common") == ["New", "Middle"]
    assert search_chats(db, user_id, "common", 1)[0].message_id == "m4"
    monkeypatch.setattr(search, "MAX_LOOKED_AT", 5)
    assert titles(db, user_id, "common") == ["New"]


def test_what_passes_a_filter_is_found_however_old_it_is(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MAX_LOOKED_AT", 2)
    user_id = add_user(db)
    add_chat(db, user_id, "Old", "common", age=1, pinned=True)
    add_chat(db, user_id, "Older common", age=2, archived=True)
    for _ in range(3):
        add_chat(db, user_id, "New and common", "common")
    assert titles(db, user_id, "common pinned:true") == ["Old"]
    assert titles(db, user_id, "common archived:true") == ["Older common"]


def test_all_parts_of_many_chats_are_searched(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's index is asked for parts by the number of a chat."""
    user_id = add_user(db)
    numbers = (1, 999, 1_000, 9_999, 10_000, 12_345, 100_000, 100_999, 110_000, 111_111, 234_567)
    for number in numbers:
        chat_id = add_chat(db, user_id, f"Chat {number}", "word", age=-number)
        if db.get_bind().dialect.name == "postgresql":
            values = {"key": f"{user_id}/{number:010}", "id": chat_id}
            db.execute(sa.text("UPDATE chats SET search_key = :key WHERE id = :id"), values)
            db.execute(sa.text("UPDATE messages SET search_key = :key WHERE chat_id = :id"), values)
    assert titles(db, user_id, "word") == [f"Chat {number}" for number in reversed(numbers)]
    assert titles(db, user_id, "chat") == [f"Chat {number}" for number in reversed(numbers)]


@pytest.mark.parametrize(("chats", "length"), [(100, 5), (1, 500)])
def test_the_index_is_used(db: Session, chats: int, length: int) -> None:
    user_id = add_user(db)
    for number in range(chats):
        add_chat(db, user_id, f"Title {number}", *(f"message {place}" for place in range(length)))
    db.execute(sa.text("ANALYZE"))
    if db.get_bind().dialect.name == "postgresql":  # which rather reads all of a table as small as this
        db.execute(sa.text("SET LOCAL enable_seqscan = off"))
    plan = explained(db, lambda: search_chats(db, user_id, "a message", 1))
    if db.get_bind().dialect.name == "sqlite":
        assert sum("VIRTUAL TABLE INDEX" in line for line in plan) == 2, plan
        assert [line for line in plan if line.startswith("SCAN search")] == [
            f"SCAN search_{table} VIRTUAL TABLE INDEX 192:M1><" for table in ("chats", "messages")
        ], plan  # in the order that is wanted
        assert "SEARCH messages USING INDEX sqlite_autoindex_messages_1 (chat_id=? AND id=?)" in plan, plan
    else:
        assert any("on ix_search_chats" in line for line in plan), plan
        assert any("on ix_search_messages" in line for line in plan), plan
        assert not any("Seq Scan on messages" in line for line in plan), plan


def explained(db: Session, read: Callable[[], object]) -> list[str]:
    """The database's plans for the statements of ``read``."""
    connection, told = db.connection(), []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        told.append((statement, values))

    sa.event.listen(connection, "before_cursor_execute", note)
    read()
    sa.event.remove(connection, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    return [row[-1] for one, values in told for row in connection.exec_driver_sql(f"{explain} {one}", values)]
