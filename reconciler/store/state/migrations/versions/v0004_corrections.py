"""Corrections with their approvals, plans and journal, and the audit trail with its head."""

import sqlalchemy as sa
from alembic import op

revision = "v0004"
down_revision = "v0003"

_ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_BYTEWISE_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_LIVE = "state IN ('applying', 'approved', 'failed', 'planned', 'proposed', 'unknown')"


def upgrade() -> None:
    _create_corrections()
    _create_what_belongs_to_corrections()
    _create_audit_trail()


def _create_corrections() -> None:
    op.create_table(
        "correction_topics",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("topics", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_correction_topics"),
    )
    op.create_table(
        "corrections",
        sa.Column("number", _ROW_NUMBER, nullable=False, autoincrement=False),
        sa.Column("id", sa.BigInteger, nullable=False),
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("key", _BYTEWISE_TEXT, nullable=False),
        sa.Column("side", sa.String(8), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("record_id", sa.Text),
        sa.Column("source_id", sa.Text),
        sa.Column("changes", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("proposed_by", sa.Text, nullable=False),
        sa.Column("proposed_at", sa.BigInteger, nullable=False),
        sa.Column("problems", sa.Text, nullable=False),
        sa.Column("undoes", sa.BigInteger),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("plan", sa.Text),
        sa.Column("makes_new", sa.Boolean, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("offer", sa.String(64), nullable=False),
        sa.Column("topic", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_corrections"),
        sa.UniqueConstraint("id", name="uq_corrections_id"),
        sa.ForeignKeyConstraint(["topic"], ["correction_topics.id"], name="fk_corrections_topic"),
    )
    for column in ("key", "state", "plan", "topic"):
        op.create_index(f"ix_corrections_{column}", "corrections", [column])
    op.create_index(
        "ix_corrections_target_entity_side_makes_new",
        "corrections",
        ["target", "entity", "side", "makes_new"],
        unique=True,
        sqlite_where=sa.text(_LIVE),
        postgresql_where=sa.text(_LIVE),
    )


def _create_what_belongs_to_corrections() -> None:
    op.create_table(
        "approvals",
        sa.Column("correction", sa.BigInteger, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("correction", "person", "digest", name="pk_approvals"),
        sa.ForeignKeyConstraint(["correction"], ["corrections.id"], name="fk_approvals_correction"),
    )
    op.create_table(
        "correction_plans",
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("corrections", sa.Text, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("claimed_at", sa.BigInteger),
        sa.Column("finished_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("digest", name="pk_correction_plans"),
    )
    op.create_table(
        "journal_steps",
        sa.Column("number", _ROW_NUMBER, nullable=False),
        sa.Column("correction", sa.BigInteger, nullable=False),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("record_id", sa.Text),
        sa.Column("state", sa.String(16)),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("before", sa.Text),
        sa.Column("after", sa.Text),
        sa.PrimaryKeyConstraint("number", name="pk_journal_steps"),
        sa.ForeignKeyConstraint(["correction"], ["corrections.id"], name="fk_journal_steps_correction"),
    )
    op.create_index("ix_journal_steps_correction_number", "journal_steps", ["correction", "number"])


def _create_audit_trail() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("number", _ROW_NUMBER, nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("act", sa.String(64), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_entries"),
    )
    op.create_index("ix_audit_entries_subject", "audit_entries", ["subject"])
    head = op.create_table(
        "audit_head",
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
    )
    # Without this row nothing is ever appended: a trail whose head was taken away must not begin anew.
    op.bulk_insert(head, [{"number": 0, "digest": "0" * 64}])
