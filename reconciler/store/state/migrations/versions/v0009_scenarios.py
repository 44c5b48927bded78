"""What came of test scenarios."""

import sqlalchemy as sa
from alembic import op

revision = "v0009"
down_revision = "v0008"

_ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "pilot_scenarios",
        sa.Column("number", _ROW_NUMBER, nullable=False),
        sa.Column("scenario", sa.String(32), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("milliseconds", sa.Integer, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("expected", sa.Text, nullable=False),
        sa.Column("seen", sa.Text, nullable=False),
        sa.Column("exit_code", sa.Integer, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_pilot_scenarios"),
    )
    op.create_index("ix_pilot_scenarios_scenario", "pilot_scenarios", ["scenario"])
