"""Drafts that were saved in an ERP to ask for taxes."""

import sqlalchemy as sa
from alembic import op

revision = "v0007"
down_revision = "v0006"

_ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "tax_drafts",
        sa.Column("number", _ROW_NUMBER, nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("system", sa.Text, nullable=False),
        sa.Column("draft", sa.Text),
        sa.Column("begun_at", sa.BigInteger, nullable=False),
        sa.Column("told", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_tax_drafts"),
        sa.UniqueConstraint("mark", name="uq_tax_drafts_mark"),
    )
