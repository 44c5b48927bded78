"""Sessions of the service."""

import sqlalchemy as sa
from alembic import op

revision = "v0006"
down_revision = "v0005"

_ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "service_sessions",
        sa.Column("number", _ROW_NUMBER, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("token_mark", sa.String(64), nullable=False),
        sa.Column("begun_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_service_sessions"),
        sa.UniqueConstraint("digest", name="uq_service_sessions_digest"),
    )
    op.create_index("ix_service_sessions_token_mark", "service_sessions", ["token_mark"])
