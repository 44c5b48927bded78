"""What the stage of a project lets be written, whoever approved it."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from reconciler.connectors.description import Description
from reconciler.loopback import is_loopback
from reconciler.model.entities import Side
from reconciler.project import Project

_STAND_INS: Final = frozenset({"sandbox_erp", "sandbox_erp_soap", "sandbox_erp_files"})
"""Shipped descriptions of systems that only exist inside this product."""


def write_refusal(project: Project, side: Side, description: Description) -> str | None:
    """Why nothing may be written to a system in this stage, one clause, or None when it may.

    "sandbox" writes to this machine and to stand-in systems only, "homologation" to systems marked as test systems.
    """
    system = project.system(side)
    match project.file.project.stage:
        case "sandbox":
            address = urlsplit(system.base_url or description.default_address or "")
            if system.vendor in _STAND_INS or is_loopback(address.hostname or ""):
                return None
            return f"stage “sandbox” writes to this machine only, and the {side.value} is elsewhere"
        case "homologation":
            if system.test:
                return None
            return f"stage “homologation” writes to test systems only; the {side.value} is not marked `test = true`"
        case "pilot" | "live":
            return None
