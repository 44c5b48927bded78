"""Stages, and the pilot week."""

import sqlalchemy as sa
from alembic import op

revision = "v0008"
down_revision = "v0007"

_ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_stages()
    _create_days()
    _create_what_people_say()


def _create_stages() -> None:
    op.create_table(
        "stage_changes",
        sa.Column("number", _ROW_NUMBER, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("previous", sa.String(16), nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("systems", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_stage_changes"),
    )
    op.create_table(
        "pilot_freezes",
        sa.Column("number", _ROW_NUMBER, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("lifted_at", sa.BigInteger),
        sa.Column("lifted_by", sa.Text),
        sa.Column("why_lifted", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_pilot_freezes"),
    )
    op.create_table(
        "pilot_writes",
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("writes", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_pilot_writes"),
    )


def _create_days() -> None:
    op.create_table(
        "pilot_declarations",
        sa.Column("number", _ROW_NUMBER, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_pilot_declarations"),
    )
    op.create_table(
        "pilot_days",
        sa.Column("declaration", _ROW_NUMBER, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("measure", sa.String(32), nullable=False),
        sa.Column("value", sa.Text),
        sa.Column("sample", sa.Integer, nullable=False),
        sa.Column("measured_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("declaration", "day", "measure", name="pk_pilot_days"),
        sa.ForeignKeyConstraint(["declaration"], ["pilot_declarations.number"], name="fk_pilot_days_declaration"),
    )


def _create_what_people_say() -> None:
    op.create_table(
        "pilot_feedback",
        sa.Column("number", _ROW_NUMBER, nullable=False),
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("severity", sa.String(8), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("closed_at", sa.BigInteger),
        sa.Column("closed_by", sa.Text),
        sa.Column("answer", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_pilot_feedback"),
        sa.UniqueConstraint("id", name="uq_pilot_feedback_id"),
    )
    op.create_index("ix_pilot_feedback_entity_key", "pilot_feedback", ["entity", "key"])
    op.create_table(
        "pilot_signatures",
        sa.Column("number", _ROW_NUMBER, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("content", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_pilot_signatures"),
        sa.UniqueConstraint("content", "role", name="uq_pilot_signatures_content_role"),
    )
