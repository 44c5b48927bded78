"""The history of runs as documents."""

from __future__ import annotations

from typing import Any

from reconciler.reports.documents import instant
from reconciler.store.state.records import RunRecord


def run_document(record: RunRecord) -> dict[str, Any]:
    """A run as `run --json` printed it; only its head while it goes on and after an interruption."""
    head = {"run": record.id, "status": record.status.value, "started_at": instant(record.started_at)}
    return {**head, **(record.document or {}), "status": record.status.value}
