"""The tables of stages and of the pilot week; the others are in `schema.py`."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from reconciler.store.state.instant import Instant
from reconciler.store.state.schema import ROW_NUMBER, metadata

stage_changes = Table(
    "stage_changes",
    metadata,
    Column("number", ROW_NUMBER, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("stage", String(16), nullable=False),
    Column("previous", String(16), nullable=False),
    Column("person", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("systems", String(64), nullable=False),
)
"""Promotions and fall-backs; the last one says how far the project is let."""

pilot_declarations = Table(
    "pilot_declarations",
    metadata,
    Column("number", ROW_NUMBER, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("person", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("document", Text, nullable=False),
)

pilot_freezes = Table(
    "pilot_freezes",
    metadata,
    Column("number", ROW_NUMBER, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("rule", Text, nullable=False),
    Column("lifted_at", Instant),
    Column("lifted_by", Text),
    Column("why_lifted", Text, nullable=False),
)

pilot_writes = Table(
    "pilot_writes",
    metadata,
    Column("day", Date, primary_key=True),
    Column("writes", Integer, nullable=False),
)
"""How many records were begun to be written on a calendar day of the project, by all processes together."""

pilot_days = Table(
    "pilot_days",
    metadata,
    Column("declaration", ForeignKey("pilot_declarations.number"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("measure", String(32), primary_key=True),
    Column("value", Text),
    Column("sample", Integer, nullable=False),
    Column("measured_at", Instant, nullable=False),
)

pilot_feedback = Table(
    "pilot_feedback",
    metadata,
    Column("number", ROW_NUMBER, primary_key=True),
    Column("id", String(16), nullable=False, unique=True),
    Column("at", Instant, nullable=False),
    Column("who", Text, nullable=False),
    Column("severity", String(8), nullable=False),
    Column("text", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("closed_at", Instant),
    Column("closed_by", Text),
    Column("answer", Text, nullable=False),
    Index(None, "entity", "key"),
)

pilot_signatures = Table(
    "pilot_signatures",
    metadata,
    Column("number", ROW_NUMBER, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("person", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("content", String(64), nullable=False),
    UniqueConstraint("content", "role"),
)

pilot_scenarios = Table(
    "pilot_scenarios",
    metadata,
    Column("number", ROW_NUMBER, primary_key=True),
    Column("scenario", String(32), nullable=False),
    Column("at", Instant, nullable=False),
    Column("milliseconds", Integer, nullable=False),
    Column("person", Text, nullable=False),
    Column("stage", String(16), nullable=False),
    Column("status", String(8), nullable=False),
    Column("expected", Text, nullable=False),
    Column("seen", Text, nullable=False),
    Column("exit_code", Integer, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Index(None, "scenario"),
)
"""What came of each playing of a test scenario; the evidence itself is a file."""
