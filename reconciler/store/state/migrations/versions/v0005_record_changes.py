"""Records that changed in a system, for processes that remember something of them."""

import sqlalchemy as sa
from alembic import op

revision = "v0005"
down_revision = "v0004"

_ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "record_changes",
        sa.Column("number", _ROW_NUMBER, nullable=False, autoincrement=False),
        sa.Column("entity", sa.Text),
        sa.Column("name", sa.Text),
        sa.Column("told_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_record_changes"),
    )
    op.create_index("ix_record_changes_told_at", "record_changes", ["told_at"])
    head = op.create_table(
        "record_change_head",
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("dropped", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(head, [{"number": 0, "dropped": 0}])
