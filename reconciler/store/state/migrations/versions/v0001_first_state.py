"""The first state: runs, snapshot manifest, findings with their groups, decisions and events, tokens."""

import sqlalchemy as sa
from alembic import op

revision = "v0001"
down_revision = None

_ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_BYTEWISE_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    _create_runs()
    _create_findings()
    _create_decisions()
    op.create_table(
        "tokens",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("saved_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_tokens"),
    )


def _create_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("entities", sa.Text, nullable=False),
        sa.Column("full", sa.Boolean, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("finished_at", sa.BigInteger),
        sa.Column("document", sa.Text),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_runs"),
        sa.UniqueConstraint("id", name="uq_runs_id"),
    )
    op.create_table(
        "run_entities",
        sa.Column("run_number", sa.Integer, nullable=False),
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("crm_snapshot", sa.Text),
        sa.Column("erp_snapshot", sa.Text),
        sa.Column("new", sa.Integer, nullable=False),
        sa.Column("open", sa.Integer, nullable=False),
        sa.Column("closed", sa.Integer, nullable=False),
        sa.Column("reopened", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("run_number", "entity", name="pk_run_entities"),
        sa.ForeignKeyConstraint(["run_number"], ["runs.number"], name="fk_run_entities_run_number"),
    )
    op.create_table(
        "snapshots",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("side", sa.String(8), nullable=False),
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("run_number", sa.Integer, nullable=False),
        sa.Column("files", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("records", sa.Integer, nullable=False),
        sa.Column("complete", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("watermark", sa.Text),
        sa.Column("sweep_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("number", name="pk_snapshots"),
        sa.UniqueConstraint("id", name="uq_snapshots_id"),
        sa.ForeignKeyConstraint(["run_number"], ["runs.number"], name="fk_snapshots_run_number"),
    )
    op.create_index("ix_snapshots_side_entity_complete_number", "snapshots", ["side", "entity", "complete", "number"])


def _create_findings() -> None:
    op.create_table(
        "finding_groups",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("cause", sa.String(32), nullable=False),
        sa.Column("owner", sa.String(8), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_finding_groups"),
        sa.UniqueConstraint(
            "entity", "kind", "field", "cause", "owner", name="uq_finding_groups_entity_kind_field_cause_owner"
        ),
    )
    op.create_table(
        "findings",
        sa.Column("id", _ROW_NUMBER, nullable=False, autoincrement=False),
        sa.Column("group_id", sa.Integer, nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("key", _BYTEWISE_TEXT, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("crm_id", sa.Text),
        sa.Column("crm_value", sa.Text),
        sa.Column("crm_page", sa.Integer),
        sa.Column("crm_position", sa.Integer),
        sa.Column("erp_id", sa.Text),
        sa.Column("erp_value", sa.Text),
        sa.Column("erp_page", sa.Integer),
        sa.Column("erp_position", sa.Integer),
        sa.Column("first_run", sa.Integer, nullable=False),
        sa.Column("last_run", sa.Integer, nullable=False),
        sa.Column("occurrences", sa.Integer, nullable=False),
        sa.Column("decision_id", sa.Integer),
        sa.PrimaryKeyConstraint("id", name="pk_findings"),
    )
    op.create_index("ix_findings_group_id_status_last_run", "findings", ["group_id", "status", "last_run"])
    op.create_index("ix_findings_key", "findings", ["key"])
    op.create_index("ix_findings_last_run", "findings", ["last_run"])
    op.create_table(
        "finding_counts",
        sa.Column("group_id", sa.Integer, nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("findings", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("group_id", "status", name="pk_finding_counts"),
        sa.ForeignKeyConstraint(["group_id"], ["finding_groups.id"], name="fk_finding_counts_group_id"),
    )


def _create_decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("until", sa.Date),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
    )
    op.create_table(
        "finding_events",
        sa.Column("number", _ROW_NUMBER, nullable=False),
        sa.Column("finding_id", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("run_number", sa.Integer),
        sa.Column("decision_id", sa.Integer),
        sa.PrimaryKeyConstraint("number", name="pk_finding_events"),
    )
    op.create_index("ix_finding_events_finding_id", "finding_events", ["finding_id"])
