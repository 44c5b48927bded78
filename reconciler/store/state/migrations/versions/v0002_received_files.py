"""The ledger of the file port: which files were noticed, taken in, and what became of them."""

import sqlalchemy as sa
from alembic import op

revision = "v0002"
down_revision = "v0001"

_ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "received_files",
        sa.Column("number", _ROW_NUMBER, nullable=False),
        sa.Column("system", sa.String(8), nullable=False),
        sa.Column("folder", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("stamp", sa.Text, nullable=False),
        sa.Column("delivered_at", sa.BigInteger, nullable=False),
        sa.Column("claimed_as", sa.Text),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64)),
        sa.Column("archive", sa.Text),
        sa.Column("problem", sa.Text),
        sa.Column("noticed_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_received_files"),
        sa.UniqueConstraint("system", "folder", "name", "digest", name="uq_received_files_system_folder_name_digest"),
    )
    op.create_index("ix_received_files_system_folder_state", "received_files", ["system", "folder", "state"])
