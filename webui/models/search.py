"""The search index over titles and messages: how a text is folded, and which documents may hold it.

The index holds, for each title and message, the runs of three characters of its first ``INDEXED`` characters
("grams"), made by the database itself (migration 0004): tokens of FTS5 on SQLite, lexemes of a tsvector on PostgreSQL.
So parts of words and texts without spaces are found, and both databases have the same candidates. What they share with
the text that is searched is looked at again by the caller. For one or two characters PostgreSQL's index has these
runs as well, and SQLite's is asked for its terms that begin with them, as far as these are ``MAX_TERMS``.

PostgreSQL folds ASCII alone in the same way everywhere (``lower()`` in the collation "C"), so there a query asks for
other letters in either case. FTS5 folds all letters of Unicode 6.1.

The newest ``MAX_CANDIDATES`` titles and messages are looked at: those of the chats that were made last. FTS5 gives them
in that order. A GIN index gives all, or none; so it is asked for a thousand chats after the other until there are
enough.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from functools import cache
from itertools import product
from string import Template

import sqlalchemy as sa

INDEXED = 32_768  # characters of a text that are indexed
MAX_CANDIDATES = 1000  # titles, and as many messages
MAX_GRAMS = 12  # of one query; a longer one would hardly find less
GRAM = 3  # characters
MAX_TERMS = 500  # grams that are looked for when the text is shorter than one

_LAST = chr(sys.maxunicode)
_LAST_CASED = 0x1E943  # the highest character that has another case
_SQLITE = Template("""
    SELECT d.chat_id, nullif(d.message_id, '') AS message_id, g.rowid AS place
    FROM (SELECT rowid FROM search_$table WHERE search_$table MATCH $match
        AND rowid > (SELECT id << 43 FROM search_owners WHERE user_id = :user_id)
        AND rowid < (SELECT (id + 1) << 43 FROM search_owners WHERE user_id = :user_id)
        ORDER BY rowid DESC LIMIT :most) AS g
    JOIN search_documents AS d ON d.id = g.rowid""")
# For a text that is shorter than a gram: the grams that begin with it, of which nobody may make so many that others
# wait. An empty phrase finds nothing.
_TERMS = Template("""(SELECT coalesce(group_concat('"' || replace(term, '"', '""') || '"', ' OR '), '""')
        FROM (SELECT term FROM search_${table}_terms WHERE term >= :grams AND term < :beyond LIMIT :terms))""")
_POSTGRESQL = Template("""
    SELECT * FROM (SELECT found.* FROM generate_series(
        (SELECT right(max(search_key), 10)::bigint / 1000 FROM chats WHERE user_id = :user_id), 0, -1) AS part
    CROSS JOIN LATERAL (
        SELECT $columns FROM $table
        WHERE search_grams($text, search_key)
            @@ ((:owner || to_char(part, 'FM0000000') || '''')::tsquery && (:grams)::tsquery)
        ORDER BY search_key DESC, place DESC) AS found
    LIMIT :most) AS $table""")
_TABLES = ("chats", "messages")
_SQLITE_LONG = " UNION ALL ".join(_SQLITE.substitute(table=table, match=":grams") for table in _TABLES)
_SQLITE_SHORT = " UNION ALL ".join(
    _SQLITE.substitute(table=table, match=_TERMS.substitute(table=table)) for table in _TABLES
)
_POSTGRESQL_ALL = " UNION ALL ".join(
    (
        _POSTGRESQL.substitute(columns="id AS chat_id, NULL AS message_id, 0 AS place", table="chats", text="title"),
        _POSTGRESQL.substitute(
            columns="chat_id, id AS message_id, position AS place", table="messages", text="content"
        ),
    )
)


def fold(text: str) -> str:
    """The text without differences of case; each character stands where it stood."""
    return text.replace("İ", "i").lower().replace("ς", "\N{GREEK SMALL LETTER SIGMA}")


def candidates(dialect: str, user_id: str, needle: str) -> sa.TextualSelect:
    """The user's titles (``message_id`` is null) and messages that may hold the folded text: ``chat_id``,
    ``message_id``, and ``place``, which is the higher the later a message of a chat is.
    """
    if dialect != "sqlite":
        own = {"grams": _tsquery(_grams(needle)), "owner": _quoted(f"{user_id}/")[:-1]}
        text = sa.text(_POSTGRESQL_ALL).bindparams(**own)
    elif len(needle) < GRAM:
        text = sa.text(_SQLITE_SHORT).bindparams(grams=needle, beyond=f"{needle}{_LAST}", terms=MAX_TERMS)
    else:
        text = sa.text(_SQLITE_LONG).bindparams(grams=_fts5(_grams(needle)))
    return text.bindparams(user_id=user_id, most=MAX_CANDIDATES).columns(
        chat_id=sa.Text, message_id=sa.Text, place=sa.BigInteger
    )


def _grams(needle: str) -> list[str]:
    """Of a longer text some, from all over it."""
    last = max(len(needle) - GRAM, 0)
    grams = list(dict.fromkeys(needle[start : start + GRAM] for start in range(last + 1)))
    return grams[:: -(-len(grams) // MAX_GRAMS)]


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


def _fts5(grams: list[str]) -> str:
    return " AND ".join('"{}"'.format(gram.replace('"', '""')) for gram in grams)


def _tsquery(grams: list[str]) -> str:
    return " & ".join(f"({' | '.join(map(_quoted, _spellings(gram)))})" for gram in grams)


def _quoted(lexeme: str) -> str:
    escaped = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
