"""What the runs say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str]] = {
    "runs.none": "There was no run yet.",
    "runs.none_to_do": "Press s to start one: both systems are read, neither is written to.",
    "runs.column.started": "Started",
    "runs.column.status": "Status",
    "runs.column.seconds": "Seconds",
    "runs.column.new": "New",
    "runs.column.open": "Open",
    "runs.kind_full": "everything was read",
    "runs.kind_changes": "changes were read",
    "runs.took": "took {seconds} s",
    "runs.by_process": "process {pid} on {host}",
    "runs.head.side": "System",
    "runs.head.pulled": "Read",
    "runs.head.matched": "= matched",
    "runs.head.only_here": "+ only here",
    "runs.head.duplicate": "+ duplicate",
    "runs.head.rejected": "+ rejected",
    "runs.head.check": "Check",
    "runs.counts": "{new} new, {open} open, {closed} closed",
    "runs.adds_up": "adds up",
    "runs.does_not_add_up": "does NOT add up",
    "runs.causes": "Open findings by cause",
    "runs.reports": "Reports",
}
