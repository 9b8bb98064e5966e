"""Folders, tags, shared chats, the trash, imports; prompts, notes, memories and feedback."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
LISTED = "deleted_at IS NULL AND import_id IS NULL"
TABLES = ("feedbacks", "memories", "notes", "prompts", "chat_imports", "shared_chats", "chat_tags", "tags", "folders")
INDEXES = {
    "ix_chats_list": (["user_id", "archived", sa.text("updated_at DESC"), "id"], LISTED),
    "ix_chats_loose": (
        ["user_id", "archived", "pinned", sa.text("updated_at DESC"), "id"],
        f"{LISTED} AND archived IS false AND pinned IS false AND folder_id IS NULL",
    ),
    "ix_chats_pinned": (
        ["user_id", "archived", "pinned", sa.text("updated_at DESC"), "id"],
        f"{LISTED} AND pinned IS true",
    ),
    "ix_chats_folder": (["folder_id", sa.text("updated_at DESC")], "folder_id IS NOT NULL"),
    "ix_chats_trash": (["user_id", sa.text("deleted_at DESC"), "id"], "deleted_at IS NOT NULL"),
    "ix_chats_deleted_at": (["deleted_at"], "deleted_at IS NOT NULL"),
    "ix_chats_import": (["import_id"], "import_id IS NOT NULL"),
}


def upgrade() -> None:
    op.add_column("chats", sa.Column("deleted_at", MOMENT))
    op.add_column("chats", sa.Column("import_id", sa.Text))
    op.drop_index("ix_chats_list", "chats")
    for name, (columns, rows) in INDEXES.items():
        # SQLite's planner compares texts, and SQLAlchemy writes 0 and 1 for it.
        for_sqlite = sa.text(rows.replace("IS false", "IS 0").replace("IS true", "IS 1"))
        op.create_index(name, "chats", columns, sqlite_where=for_sqlite, postgresql_where=sa.text(rows))
    in_trash = sa.text("deleted_at IS NOT NULL")
    op.create_index(
        "ix_messages_deleted_at", "messages", ["deleted_at"], sqlite_where=in_trash, postgresql_where=in_trash
    )
    _conversations()
    _library()


def _conversations() -> None:
    op.create_table(
        "folders",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("parent_id", sa.Text),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("meta", sa.JSON),
        sa.Column("data", sa.JSON),
        sa.Column("is_expanded", sa.Boolean, nullable=False),
        *_moments(),
        sa.PrimaryKeyConstraint("id", name="pk_folders"),
        _owner("folders"),
        sa.ForeignKeyConstraint(["parent_id"], ["folders.id"], name="fk_folders_parent_id_folders", ondelete="CASCADE"),
    )
    op.create_index("ix_folders_user_id", "folders", ["user_id", "parent_id"])
    op.create_index("ix_folders_parent_id", "folders", ["parent_id"])
    op.create_table(
        "tags",
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("meta", sa.JSON),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_tags"),
        _owner("tags"),
    )
    op.create_table(
        "chat_tags",
        sa.Column("chat_id", sa.Text, nullable=False),
        sa.Column("tag_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("chat_id", "tag_id", name="pk_chat_tags"),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name="fk_chat_tags_chat_id_chats", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["user_id", "tag_id"],
            ["tags.user_id", "tags.id"],
            name="fk_chat_tags_user_id_tag_id_tags",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_chat_tags_tag", "chat_tags", ["user_id", "tag_id", "chat_id"])
    op.create_table(
        "shared_chats",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("chat_id", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("chat", sa.JSON, nullable=False),
        sa.Column("meta", sa.JSON, nullable=False),
        *_moments(),
        sa.PrimaryKeyConstraint("id", name="pk_shared_chats"),
        sa.UniqueConstraint("chat_id", name="uq_shared_chats_chat_id"),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name="fk_shared_chats_chat_id_chats", ondelete="CASCADE"),
    )
    op.create_table(
        "chat_imports",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("path", sa.Text),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("offset", sa.BigInteger, nullable=False),
        sa.Column("chats", sa.Integer, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("left_out", sa.JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_chat_imports"),
        _owner("chat_imports"),
    )
    op.create_index("ix_chat_imports_user_id", "chat_imports", ["user_id", "created_at"])


def _library() -> None:
    op.create_table(
        "prompts",
        sa.Column("command", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("access_control", sa.JSON),
        *_moments(),
        sa.PrimaryKeyConstraint("command", name="pk_prompts"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_prompts_user_id_users", ondelete="SET NULL"),
    )
    op.create_index("ix_prompts_updated_at", "prompts", [sa.text("updated_at DESC"), "command"])
    op.create_table(
        "notes",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("data", sa.JSON),
        sa.Column("meta", sa.JSON),
        sa.Column("access_control", sa.JSON),
        *_moments(),
        sa.PrimaryKeyConstraint("id", name="pk_notes"),
        _owner("notes"),
    )
    op.create_index("ix_notes_user_id", "notes", ["user_id", sa.text("updated_at DESC"), "id"])
    shared = sa.text("access_control IS NULL OR CAST(access_control AS TEXT) != '{}'")
    op.create_index("ix_notes_shared", "notes", ["id"], sqlite_where=shared, postgresql_where=shared)
    op.create_table(
        "memories",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        *_moments(),
        sa.PrimaryKeyConstraint("id", name="pk_memories"),
        _owner("memories"),
    )
    op.create_index("ix_memories_user_id", "memories", ["user_id", "created_at"])
    op.create_table(
        "feedbacks",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("data", sa.JSON),
        sa.Column("meta", sa.JSON),
        *_moments(),
        sa.Column("snapshot", sa.JSON),
        sa.PrimaryKeyConstraint("id", name="pk_feedbacks"),
        _owner("feedbacks"),
    )
    op.create_index("ix_feedbacks_user_id", "feedbacks", ["user_id", sa.text("updated_at DESC")])
    op.create_index("ix_feedbacks_updated_at", "feedbacks", [sa.text("updated_at DESC"), "id"])


def _moments() -> list[sa.Column]:
    return [sa.Column("created_at", MOMENT, nullable=False), sa.Column("updated_at", MOMENT, nullable=False)]


def _owner(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=f"fk_{table}_user_id_users", ondelete="CASCADE")


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_index("ix_messages_deleted_at", "messages")
    for name in INDEXES:
        op.drop_index(name, "chats")
    op.drop_column("chats", "deleted_at")
    op.drop_column("chats", "import_id")
    op.create_index("ix_chats_list", "chats", ["user_id", "archived", sa.text("updated_at DESC"), "id"])
