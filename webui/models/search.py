"""The search index over titles and messages: how a text is folded, and which documents may hold it.

The index holds, for each title and message, runs of the first ``INDEXED`` characters ("grams"), made by the database
itself (migration 0004), so parts of words and texts without spaces are found. What has the grams of the text that is
searched is a candidate, which the caller looks at again.

On SQLite they are tokens of FTS5, of three characters; for one or two it is asked for those that begin with them, as
far as these are ``MAX_TERMS``. On PostgreSQL they are lexemes of a tsvector, of one, two and four characters: its index
takes ten times as long to walk through those that are common, as three characters are.

PostgreSQL folds ASCII alone in the same way everywhere (``lower()`` in the collation "C"), so there a query asks for
other letters in either case. FTS5 folds all letters of Unicode 6.1; cases that are
younger (Cherokee, Georgian capitals) it tells apart.

Candidates come as they are found, those of the chat that was made last first, so whoever has enough stops reading.
FTS5 gives documents in that order. A GIN index gives all or none, so it is asked for parts of a user's chats, the
larger the older they are.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from itertools import islice, product
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY

from webui.models.chat import Chat, Message

INDEXED = 32_768  # characters of a text that are indexed
MAX_GRAMS = 50  # of a long text; more of them would hardly find less
GRAM = 3  # characters, on SQLite
SHORT_GRAM, LONG_GRAM = 2, 4  # on PostgreSQL
MAX_TERMS = 500  # grams that are looked for when the text is shorter than one

_LAST = chr(sys.maxunicode)
_LAST_CASED = 0x1E943  # the highest character that has another case

# Small letters that FTS5 folds to others.
_VARIANTS = str.maketrans(
    "ſµ\N{COMBINING GREEK YPOGEGRAMMENI}\N{GREEK PROSGEGRAMMENI}ϐϵϑϰϖϱςϕẛ",
    "s\N{GREEK SMALL LETTER MU}\N{GREEK SMALL LETTER IOTA}\N{GREEK SMALL LETTER IOTA}βεθκπρ"
    "\N{GREEK SMALL LETTER SIGMA}φṡ",
)

Source = type[Chat] | type[Message]
Conditions = Sequence[sa.ColumnElement[bool]]
ChatIds = sa.Select[Any]

# SQLite. A document's number has its owner's and its chat's in its upper bits (migration 0004).
_OWNER_BITS, _CHAT_BITS = 43, 22
_OWNERS = sa.table("search_owners", sa.column("id"), sa.column("user_id"))
_DOCUMENTS = sa.table("search_documents", sa.column("id"), sa.column("chat_id"), sa.column("message_id"))
# For a text that is shorter than a gram: the grams that begin with it, of which nobody may make so many that others
# wait. An empty phrase finds nothing.
_TERMS = """(SELECT coalesce(group_concat('"' || replace(term, '"', '""') || '"', ' OR '), '""')
    FROM (SELECT term FROM {table}_terms WHERE term >= :grams AND term < :beyond LIMIT :terms))"""

# PostgreSQL. The parts by their keys (migration 0004): the last up to ten thousand chats by thousands, the ten thousand
# before them, and all before those by hundred thousands, of which the first may hold some a second time.
_PARTS = """
    WITH last AS (SELECT right(max(search_key), 10)::bigint AS n FROM chats WHERE user_id = :user_id)
    SELECT to_char(part, 'FM0000000') AS part FROM last, generate_series(n / 1000, n / 10000 * 10, -1) AS part
    UNION ALL SELECT to_char(n / 10000 - 1, 'FM000000') FROM last WHERE n >= 10000
    UNION ALL SELECT to_char(part, 'FM00000')
    FROM last, generate_series((n / 10000 - 1) / 10, 0, -1) AS part WHERE n >= 20000"""


def fold(text: str) -> str:
    """The text without differences of case; each character stands where it stood."""
    return text.replace("İ", "i").lower().translate(_VARIANTS)


def grams_of(dialect: str, needle: str) -> list[str]:
    """What of a folded text the index holds; of a text that is shorter than that on SQLite the text itself."""
    if len(needle) < GRAM:
        return [needle]
    size = GRAM if dialect == "sqlite" else LONG_GRAM if len(needle) >= LONG_GRAM else SHORT_GRAM
    grams = (needle[start : start + size] for start in range(len(needle) - size + 1))
    return list(islice(dict.fromkeys(grams), MAX_GRAMS))


def candidates(
    dialect: str, user_id: str, grams: Sequence[str], *, source: Source, where: Conditions, among: ChatIds | None
) -> sa.Select[Any]:
    """The user's chats whose title, or messages whose content, hold these runs of characters: ``chat_id``,
    ``message_id`` and ``text``.

    ``where`` is about chats and messages. Of a common text, reading on takes the longer the fewer chats pass; where
    they are few, ``among`` has their ids.
    """
    if dialect == "sqlite":
        return _in_fts5(user_id, grams, source, where, among)
    return _in_gin(user_id, grams, source, where)


def _text(source: Source) -> sa.ColumnElement[str]:
    text = Chat.title if source is Chat else sa.func.substr(Message.content, 1, INDEXED)
    return text.label("text")


def _in_fts5(
    user_id: str, grams: Sequence[str], source: Source, where: Conditions, among: ChatIds | None
) -> sa.Select[Any]:
    index = sa.table(f"search_{source.__tablename__}", sa.column("rowid"))
    number, document = index.c.rowid, _DOCUMENTS.c
    owner = sa.select(_OWNERS.c.id).where(_OWNERS.c.user_id == user_id).scalar_subquery()
    own = (number > owner.op("<<")(_OWNER_BITS), number < (owner + 1).op("<<")(_OWNER_BITS))
    matches = sa.literal_column(index.name).op("MATCH")(_match(index.name, grams))
    find = sa.select(document.chat_id, document.message_id, _text(source)).select_from(index)
    # The plus keeps the planner from taking documents one by one and asking the index about each.
    find = find.join(_DOCUMENTS, document.id == sa.literal_column(f"+{index.name}.rowid")).join(
        Chat, Chat.id == document.chat_id
    )
    if source is Message:
        find = find.join(Message, (Message.chat_id == document.chat_id) & (Message.id == document.message_id))
    if among is not None:
        title = _DOCUMENTS.alias("title").c
        numbers = sa.select(_chat_number(title.id)).where(title.chat_id.in_(among), title.message_id == "")
        find = find.where(_chat_number(number).in_(numbers))
    return find.where(matches, *own, *where).order_by(number.desc())


def _chat_number(number: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return number.op(">>")(_CHAT_BITS)


def _match(index: str, grams: Sequence[str]) -> sa.ColumnElement[Any] | sa.TextClause:
    if len(grams[0]) == GRAM:
        return sa.literal(" AND ".join('"{}"'.format(gram.replace('"', '""')) for gram in grams))
    [short] = grams
    return sa.text(_TERMS.format(table=index)).bindparams(grams=short, beyond=f"{short}{_LAST}", terms=MAX_TERMS)


def _in_gin(user_id: str, grams: Sequence[str], source: Source, where: Conditions) -> sa.Select[Any]:
    parts = sa.text(_PARTS).bindparams(user_id=user_id).columns(part=sa.Text).subquery("parts")
    key: sa.ColumnElement[str] = sa.literal_column(f"{source.__tablename__}.search_key", sa.Text)
    part = sa.cast(sa.literal(_quoted(f"{user_id}/")[:-1]).concat(parts.c.part).concat("'"), TSQUERY)
    query = part.op("&&")(sa.cast(sa.literal(_tsquery(grams)), TSQUERY))
    place: sa.ColumnElement[Any] = sa.literal_column(f"{source.__tablename__}.ctid")
    if source is Chat:
        keys, text, order = (Chat.id.label("chat_id"), sa.literal("").label("message_id")), Chat.title, (key.desc(),)
    else:
        keys, text = (Message.chat_id, Message.id.label("message_id")), Message.content
        order = (key.desc(), Message.position.desc())
    matches = sa.func.search_grams(text, key).op("@@")(query)
    found = sa.select(*keys, place.label("place")).where(matches).order_by(*order).lateral("found")
    # Long texts are not sorted but looked up; the offset is how PostgreSQL is told to do that row by row.
    row = sa.select(_text(source)).where(place == found.c.place, Chat.id == found.c.chat_id, *where).offset(0)
    if source is Message:
        row = row.join_from(Message, Chat, Chat.id == Message.chat_id)
    told = row.lateral("told")
    find = sa.select(found.c.chat_id, found.c.message_id, told.c.text)
    return find.select_from(parts.join(found, sa.true()).join(told, sa.true()))


def _spellings(gram: str) -> list[str]:
    """The gram in all ways of case that the index tells apart."""
    return ["".join(letters) for letters in product(*((letter, *_other_cases()[letter]) for letter in gram))]


@cache
def _other_cases() -> defaultdict[str, list[str]]:
    """The letters beyond ASCII that are folded to a letter beyond ASCII."""
    cases = defaultdict(list)
    for letter in map(chr, range(0x80, _LAST_CASED + 1)):
        folded = fold(letter)
        if folded != letter and not folded.isascii():
            cases[folded].append(letter)
    return cases


def _tsquery(grams: Sequence[str]) -> str:
    return " & ".join(f"({' | '.join(map(_quoted, _spellings(gram)))})" for gram in grams)


def _quoted(lexeme: str) -> str:
    escaped = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
