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

from reconciler.model.correction_records import LIVE_STATES
from reconciler.store.state.instant import Instant

REVISIONS: Final = ("v0001", "v0002", "v0003", "v0004", "v0005", "v0006", "v0007", "v0008", "v0009", "v0010")
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
    Column("kind", String(8), nullable=False, server_default="run"),
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

received_files = Table(
    "received_files",
    metadata,
    Column("number", ROW_NUMBER, primary_key=True),
    Column("system", String(8), nullable=False),
    Column("folder", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("stamp", Text, nullable=False),
    Column("delivered_at", Instant, nullable=False),
    Column("claimed_as", Text),
    Column("state", String(16), nullable=False),
    Column("digest", String(64)),
    Column("archive", Text),
    Column("problem", Text),
    Column("noticed_at", Instant, nullable=False),
    # Every database lets nulls repeat here: a file has no digest until it is taken, and a repeated one never has.
    UniqueConstraint("system", "folder", "name", "digest"),
    Index(None, "system", "folder", "state"),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("number", ROW_NUMBER, primary_key=True),
    Column("side", String(8), nullable=False),
    Column("identity", Text, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("times", Integer, nullable=False),
    UniqueConstraint("side", "identity"),
    Index(None, "last_at"),
)

webhook_hints = Table(
    "webhook_hints",
    metadata,
    Column("number", ROW_NUMBER, primary_key=True),
    Column("side", String(8), nullable=False),
    Column("entity", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("action", String(8), nullable=False),
    Column("dead", Boolean, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("deliveries", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("problem", Text, nullable=False),
    UniqueConstraint("side", "entity", "record_id"),
    Index(None, "dead", "due_at"),
)

correction_topics = Table(
    "correction_topics",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("topics", Text, nullable=False),
)
"""The few combinations of changed fields and causes behind them that many corrections share."""

corrections = Table(
    "corrections",
    metadata,
    Column("number", ROW_NUMBER, primary_key=True, autoincrement=False),
    Column("id", BigInteger, nullable=False, unique=True),
    Column("entity", Text, nullable=False),
    Column("key", BYTEWISE_TEXT, nullable=False),
    Column("side", String(8), nullable=False),
    Column("action", String(16), nullable=False),
    Column("record_id", Text),
    Column("source_id", Text),
    Column("changes", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("proposed_by", Text, nullable=False),
    Column("proposed_at", Instant, nullable=False),
    Column("problems", Text, nullable=False),
    Column("undoes", BigInteger),
    Column("words", Text, nullable=False),
    Column("plan", Text),
    # What it is about on its side: a record that is there, by its id, or one that is to be made, by its key.
    Column("makes_new", Boolean, nullable=False),
    Column("target", Text, nullable=False),
    # Of what was proposed, whatever was edited since.
    Column("offer", String(64), nullable=False),
    Column("topic", ForeignKey("correction_topics.id"), nullable=False, index=True),
    Index(None, "key"),
    Index(None, "state"),
    Index(None, "plan"),
)

_IS_LIVE: Final = corrections.c.state.in_(sorted(LIVE_STATES))
one_live_correction = Index(
    None,
    corrections.c.target,
    corrections.c.entity,
    corrections.c.side,
    corrections.c.makes_new,
    unique=True,
    sqlite_where=_IS_LIVE,
    postgresql_where=_IS_LIVE,
)
"""A record of a side has one correction that may still be written, whatever two processes do at once."""

approvals = Table(
    "approvals",
    metadata,
    Column("correction", ForeignKey("corrections.id"), primary_key=True),
    Column("person", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

correction_plans = Table(
    "correction_plans",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("document", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("corrections", Text, nullable=False),
    Column("owner", Text),
    Column("claimed_at", Instant),
    Column("finished_at", Instant),
)

journal_steps = Table(
    "journal_steps",
    metadata,
    Column("number", ROW_NUMBER, primary_key=True),
    Column("correction", ForeignKey("corrections.id"), nullable=False),
    Column("plan", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("at", Instant, nullable=False),
    Column("record_id", Text),
    Column("state", String(16)),
    Column("words", Text, nullable=False),
    Column("before", Text),
    Column("after", Text),
    Index(None, "correction", "number"),
)

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("number", ROW_NUMBER, primary_key=True, autoincrement=False),
    # Microseconds since 1970-01-01 UTC, as they are chained.
    Column("at", BigInteger, nullable=False),
    Column("person", Text, nullable=False),
    Column("act", String(64), nullable=False),
    Column("subject", Text, nullable=False, index=True),
    Column("details", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("number", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
)
"""One row: number and digest of the last audit entry, so that a shortened trail is noticed."""

record_changes = Table(
    "record_changes",
    metadata,
    Column("number", ROW_NUMBER, primary_key=True, autoincrement=False),
    # Both empty: anything may have changed.
    Column("entity", Text),
    Column("name", Text),
    Column("told_at", Instant, nullable=False, index=True),
)

record_change_head = Table(
    "record_change_head",
    metadata,
    Column("number", BigInteger, nullable=False),
    Column("dropped", BigInteger, nullable=False),
)
"""One row: number of the last change, and of the last one that was dropped, so that a reader knows what it missed."""

service_sessions = Table(
    "service_sessions",
    metadata,
    Column("number", ROW_NUMBER, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("token_mark", String(64), nullable=False, index=True),
    Column("begun_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
)

tax_drafts = Table(
    "tax_drafts",
    metadata,
    Column("number", ROW_NUMBER, primary_key=True),
    Column("mark", String(64), nullable=False, unique=True),
    Column("system", Text, nullable=False),
    # Empty until the ERP has told the id.
    Column("draft", Text),
    Column("begun_at", Instant, nullable=False),
    Column("told", Boolean, nullable=False),
)
"""Drafts that were saved in an ERP to ask for taxes, and are not surely gone."""

data_folder = Table(
    "data_folder",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("mark", String(32), nullable=False),
    Column("host", Text, nullable=False),
    Column("noted_at", Instant, nullable=False),
)
"""One row: which data folder belongs to a state that several machines share."""

revoked_tokens = Table(
    "revoked_tokens",
    metadata,
    Column("mark", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("revoked_at", Instant, nullable=False),
)
"""Tokens of the service that are refused, whatever a configuration says; nothing here leads back to one."""
