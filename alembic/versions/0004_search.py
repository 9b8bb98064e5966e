"""The search index over titles and messages.

The database keeps it itself, so that no way of writing can forget it: by triggers on SQLite, by indexes over a function
on PostgreSQL. ``webui.models.search`` says what is in it, and asks it. What is stored already is indexed here, at some
2 to 10 ms for each thousand characters (a million short messages: 5 to 25 minutes), and no statement of that times out.

A later migration that makes ``chats`` or ``messages`` anew (batch mode on SQLite) has to make the triggers again.
"""

from dataclasses import dataclass
from string import Template

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INDEXED = 32_768  # characters of a text


def upgrade() -> None:
    _sqlite() if op.get_context().dialect.name == "sqlite" else _postgresql()


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        for table in ("chats", "messages"):
            for event in ("insert", "update", "delete"):
                op.execute(f"DROP TRIGGER search_{table}_{event}")
        for table in (*(f"{name}_terms" for name in INDEXES), *INDEXES, "search_documents", "search_owners"):
            op.execute(f"DROP TABLE {table}")
        return
    for table in ("chats", "messages"):
        op.execute(f"DROP INDEX ix_search_{table}")
        op.execute(f"DROP TRIGGER search_{table}_insert ON {table}")
        op.execute(f"DROP FUNCTION search_{table}_insert()")
        op.execute(f"ALTER TABLE {table} DROP COLUMN search_key")
    op.execute("DROP FUNCTION search_grams(text, text)")


# SQLite. The number of a document is owner << 43 | how-manieth chat of the owner << 22 | how-manieth message of the
# chat, so a user's documents are a range of numbers, the newest last. A title is the document with no message.

INDEXES = ("search_chats", "search_messages")
TABLES = (
    "CREATE TABLE search_owners (id INTEGER PRIMARY KEY,"
    " user_id TEXT NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE)",
    "CREATE TABLE search_documents (id INTEGER PRIMARY KEY,"
    " chat_id TEXT NOT NULL, message_id TEXT NOT NULL, UNIQUE (chat_id, message_id))",
    *(
        f"CREATE VIRTUAL TABLE {name} USING fts5 (grams, content='', detail=none, columnsize=0, tokenize='trigram')"
        for name in INDEXES
    ),
    *(f"CREATE VIRTUAL TABLE {name}_terms USING fts5vocab ({name}, row)" for name in INDEXES),
)
NEW_OWNER = (
    "INSERT INTO search_owners (user_id) SELECT new.user_id"
    " WHERE NOT EXISTS (SELECT 1 FROM search_owners WHERE user_id = new.user_id)"
)
NEW_TITLE = (
    "INSERT INTO search_documents (id, chat_id, message_id) SELECT ((max(owner.id << 43, coalesce("
    "(SELECT id FROM search_documents WHERE id < (owner.id + 1) << 43 ORDER BY id DESC LIMIT 1), 0)) >> 22) + 1) << 22,"
    " new.id, '' FROM search_owners AS owner WHERE owner.user_id = new.user_id"
)
NEW_MESSAGE = (
    "INSERT INTO search_documents (id, chat_id, message_id) SELECT 1 + (SELECT id FROM search_documents"
    " WHERE id < title.id + (1 << 22) ORDER BY id DESC LIMIT 1), new.chat_id, new.id"
    " FROM search_documents AS title WHERE title.chat_id = new.chat_id AND title.message_id = ''"
)
STORED = (
    "INSERT INTO search_owners (user_id) SELECT DISTINCT user_id FROM chats",
    "INSERT INTO search_documents (id, chat_id, message_id) SELECT (owner.id << 43)"
    " + (row_number() OVER (PARTITION BY user_id ORDER BY created_at, chats.id) << 22), chats.id, ''"
    " FROM chats JOIN search_owners AS owner USING (user_id)",
    "INSERT INTO search_documents (id, chat_id, message_id) SELECT title.id"
    " + row_number() OVER (PARTITION BY messages.chat_id ORDER BY position, messages.id), messages.chat_id, messages.id"
    " FROM messages JOIN search_documents AS title ON title.chat_id = messages.chat_id AND title.message_id = ''",
)


# What is indexed of a text. The line feeds let each of its characters begin a run of three; letters beyond ASCII that
# are folded to ASCII are those that SQLite, or PostgreSQL, would not fold.
TEXT = "replace(replace(substr($text, 1, $indexed), 'İ', 'i'), '\N{KELVIN SIGN}', 'k') || char(10, 10)"
ADD = "INSERT INTO search_$table (rowid, grams) SELECT d.id, $grams FROM $documents"
REMOVE = "INSERT INTO search_$table (search_$table, rowid, grams) SELECT 'delete', d.id, $grams FROM $documents"
FORGET = "DELETE FROM search_documents WHERE chat_id = old.$chat_id AND message_id = $message_id"
TRIGGER = "CREATE TRIGGER search_${table}_$event AFTER $event $when BEGIN $statements; END"


@dataclass(frozen=True)
class Source:
    """A column whose texts are indexed."""

    table: str
    column: str
    chat_id: str
    message_id: str
    numbers: tuple[str, ...]  # the statements that give a new row its number

    def sql(self, statement: str, row: str) -> str:
        """The statement about a row: that of a trigger (``old``, ``new``), or every row of the table."""
        key = f"d.chat_id = {row}.{self.chat_id} AND d.message_id = {self.message_id.format(row=row)}"
        documents = f"{self.table}, search_documents AS d" if row == self.table else "search_documents AS d"
        text = f"{row}.{self.column}"
        grams = Template(TEXT).substitute(text=text, indexed=INDEXED)
        return Template(statement).substitute(table=self.table, grams=grams, documents=f"{documents} WHERE {key}")


SOURCES = (
    Source("chats", "title", "id", "''", (NEW_OWNER, NEW_TITLE)),
    Source("messages", "content", "chat_id", "{row}.id", (NEW_MESSAGE,)),
)


def _sqlite() -> None:
    for statement in (*TABLES, *STORED):
        op.execute(statement)
    for source in SOURCES:
        add, remove = source.sql(ADD, "new"), source.sql(REMOVE, "old")
        forget = Template(FORGET).substitute(chat_id=source.chat_id, message_id=source.message_id.format(row="old"))
        changed = f"OF {source.column} ON {source.table} WHEN old.{source.column} <> new.{source.column}"
        op.execute(source.sql(ADD, source.table))
        _trigger(source.table, "insert", "", *source.numbers, add)
        _trigger(source.table, "update", changed, remove, add)
        _trigger(source.table, "delete", "", remove, forget)


def _trigger(table: str, event: str, when: str, *statements: str) -> None:
    text = Template(TRIGGER).substitute(
        table=table, event=event, when=when or f"ON {table}", statements="; ".join(statements)
    )
    op.execute(text)


# PostgreSQL. A chat's key is its user's id and how-manieth chat of the user it is; its messages have the same. The key
# without its last three, four and five digits, for a thousand chats and more, is in the index beside the characters.

FUNCTION = """
CREATE FUNCTION search_grams(content text, search_key text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$body$$
DECLARE
    text text := translate(left(content, $indexed), 'İ\N{KELVIN SIGN}\N{LATIN SMALL LETTER LONG S}', 'iks');
    x text[] := string_to_array(lower(text COLLATE "C"), NULL);
BEGIN
    RETURN array_to_tsvector(array_remove(x
        || ARRAY(SELECT a || b FROM unnest(x, x[2:]) AS u(a, b))
        || ARRAY(SELECT a || b || c || d FROM unnest(x, x[2:], x[3:], x[4:]) AS u(a, b, c, d))
        || ARRAY[left(search_key, -3), left(search_key, -4), left(search_key, -5)], NULL));
END $$body$$"""
CHAT_KEY = """
CREATE FUNCTION search_chats_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.search_key := NEW.user_id || '/' || to_char(1 + coalesce((
        SELECT right(max(search_key), 10)::bigint FROM chats WHERE user_id = NEW.user_id), 0), 'FM0000000000');
    RETURN NEW;
END $$"""
MESSAGE_KEY = """
CREATE FUNCTION search_messages_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.search_key := (SELECT search_key FROM chats WHERE id = NEW.chat_id);
    RETURN NEW;
END $$"""
STORED_KEYS = (
    "UPDATE chats SET search_key = user_id || '/' || to_char(number, 'FM0000000000') FROM (SELECT id AS chat_id,"
    " row_number() OVER (PARTITION BY user_id ORDER BY created_at, id) AS number FROM chats) AS n WHERE id = chat_id",
    "UPDATE messages SET search_key = chats.search_key FROM chats WHERE chats.id = chat_id",
)


def _postgresql() -> None:
    op.execute("SET LOCAL statement_timeout = 0")
    for table in ("chats", "messages"):
        op.execute(f'ALTER TABLE {table} ADD COLUMN search_key text COLLATE "C"')
    for statement in (*STORED_KEYS, Template(FUNCTION).substitute(indexed=INDEXED), CHAT_KEY, MESSAGE_KEY):
        op.execute(statement)
    op.execute("CREATE INDEX ix_search_chats_key ON chats (user_id, search_key)")
    for table, text in (("chats", "title"), ("messages", "content")):
        op.execute(
            f"CREATE TRIGGER search_{table}_insert BEFORE INSERT ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION search_{table}_insert()"
        )
        # Without "fastupdate", whose list of what is not yet in the index would be read again for each part of a search
        op.execute(
            f"CREATE INDEX ix_search_{table} ON {table} USING gin (search_grams({text}, search_key))"
            " WITH (fastupdate = off)"
        )
        op.execute(f"ALTER INDEX ix_search_{table} ALTER COLUMN 1 SET STATISTICS 0")  # ANALYZE would compute them all
