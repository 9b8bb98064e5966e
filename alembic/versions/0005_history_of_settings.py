"""The history of stored settings, and the secret keys that a database was used with."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "setting_changes",
        sa.Column("version", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("old", sa.JSON),
        sa.Column("new", sa.JSON),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("changed_by", sa.Text),
        sa.PrimaryKeyConstraint("version", "name", name="pk_setting_changes"),
        sa.ForeignKeyConstraint(
            ["changed_by"], ["users.id"], name="fk_setting_changes_changed_by_users", ondelete="SET NULL"
        ),
    )
    op.create_table(
        "secret_keys",
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("first_used_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_secret_keys"),
    )


def downgrade() -> None:
    op.drop_table("secret_keys")
    op.drop_table("setting_changes")
