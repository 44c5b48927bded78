"""What several machines have to agree on: which data folder is theirs, and tokens that none of them takes any more."""

import sqlalchemy as sa
from alembic import op

revision = "v0010"
down_revision = "v0009"


def upgrade() -> None:
    op.create_table(
        "data_folder",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("mark", sa.String(32), nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("noted_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_data_folder"),
    )
    op.create_table(
        "revoked_tokens",
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("revoked_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("mark", name="pk_revoked_tokens"),
    )
