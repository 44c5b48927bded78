"""The tables as they are now. `migrations/` leads every older state here; a test proves that both agree.

Rows of `findings` are narrow on purpose: a million of them are written in a run. The fingerprint is the row number,
what findings have in common (entity, kind, field, cause, owner) is one number, and so are runs and decisions.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from reconciler.store.state.instant import Instant

REVISIONS: Final = ("v0001",)
"""Every migration there is, oldest first. A state that names another one was written by a newer version."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ROW_NUMBER: Final = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits everywhere; on SQLite the type that makes a primary key the row number itself."""

BYTEWISE_TEXT: Final = Text().with_variant(Text(collation="C"), "postgresql")
"""Text ordered by its bytes, so that a prefix is a range and every database gives the same order."""

runs = Table(
    "runs",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("status", String(16), nullable=False),
    Column("entities", Text, nullable=False),
    Column("full", Boolean, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("document", Text),
    Column("pid", Integer, nullable=False),
    Column("host", Text, nullable=False),
)

run_entities = Table(
    "run_entities",
    metadata,
    Column("run_number", ForeignKey("runs.number"), primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("crm_snapshot", Text),
    Column("erp_snapshot", Text),
    Column("new", Integer, nullable=False),
    Column("open", Integer, nullable=False),
    Column("closed", Integer, nullable=False),
    Column("reopened", Integer, nullable=False),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("side", String(8), nullable=False),
    Column("entity", Text, nullable=False),
    Column("run_number", ForeignKey("runs.number"), nullable=False),
    Column("files", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("records", Integer, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("watermark", Text),
    Column("sweep_at", Instant),
    Index(None, "side", "entity", "complete", "number"),
)

finding_groups = Table(
    "finding_groups",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("entity", Text, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("field", Text, nullable=False),
    Column("cause", String(32), nullable=False),
    Column("owner", String(8), nullable=False),
    UniqueConstraint("entity", "kind", "field", "cause", "owner"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("person", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("until", Date),
)

findings = Table(
    "findings",
    metadata,
    Column("id", ROW_NUMBER, primary_key=True, autoincrement=False),
    # Foreign keys are left out here alone: each would cost a look-up for every row of a run.
    Column("group_id", Integer, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("key", BYTEWISE_TEXT, nullable=False),
    Column("detail", Text, nullable=False),
    Column("crm_id", Text),
    Column("crm_value", Text),
    Column("crm_page", Integer),
    Column("crm_position", Integer),
    Column("erp_id", Text),
    Column("erp_value", Text),
    Column("erp_page", Integer),
    Column("erp_position", Integer),
    Column("first_run", Integer, nullable=False),
    Column("last_run", Integer, nullable=False),
    Column("occurrences", Integer, nullable=False),
    Column("decision_id", Integer),
)

by_group = Index(None, findings.c.group_id, findings.c.status, findings.c.last_run)
"""Entity, field, kind, cause, owner and status in any combination, and what a run did not see again."""
by_key = Index(None, findings.c.key)
by_last_run = Index(None, findings.c.last_run)

finding_counts = Table(
    "finding_counts",
    metadata,
    Column("group_id", ForeignKey("finding_groups.id"), primary_key=True),
    Column("status", SmallInteger, primary_key=True),
    Column("findings", Integer, nullable=False),
)

finding_events = Table(
    "finding_events",
    metadata,
    Column("number", ROW_NUMBER, primary_key=True),
    Column("finding_id", BigInteger, nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("run_number", Integer),
    Column("decision_id", Integer),
)

tokens = Table(
    "tokens",
    metadata,
    Column("name", Text, primary_key=True),
    Column("token", Text, nullable=False),
    Column("saved_at", Instant, nullable=False),
)
