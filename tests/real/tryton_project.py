"""The project that reconciles a sandbox CRM with a real Tryton server, and its commands."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Final

import orjson

from tests.processes import Command, Sandbox, run_command
from tests.real.tryton_server import TrytonServer

_TIMEOUT_S: Final = 600.0
_DONE: Final = (0, 1)
_PROJECT: Final = """
[project]
name = "tryton"
stage = "sandbox"
locale = "en"

[crm]
vendor = "ploomes"
base_url = "{crm_url}"
rates = []
credentials = {{ user_key = "{user_key}" }}

[erp]
vendor = "tryton"
base_url = "{erp_url}"
credentials = {{ login = {{ env = "TRYTON_LOGIN" }}, password = {{ env = "TRYTON_PASSWORD" }} }}

[scope.customers]
key = ["tax_id"]
[scope.customers.fields]
city = {{ crm = "OtherProperties[contact_city].StringValue" }}
state = {{ crm = "OtherProperties[contact_state].StringValue" }}
credit_limit = {{ owner = "erp", crm = "OtherProperties[contact_credit_limit].DecimalValue" }}
active = {{ crm = "OtherProperties[contact_active].BoolValue" }}

[scope.products]
key = ["sku"]
[scope.products.fields]
ncm = {{ owner = "erp", crm = "OtherProperties[product_ncm].StringValue" }}

[scope.orders]
key = ["number"]
[scope.orders.fields]
status = {{ crm = {{ path = "StageId", codes = {{ 1 = "open", 2 = "invoiced", 3 = "cancelled" }} }} }}

[scope.quotes]
key = ["number"]
[scope.quotes.fields]
status = {{ crm = "OtherProperties[quote_status].StringValue" }}
taxes = {{ owner = "erp", crm = "OtherProperties[quote_taxes].DecimalValue" }}
"""


class TrytonProject:
    """The project file and its commands, each a process of its own.

    Args:
        erp_url: address of the server, or of what stands in front of it.
    """

    def __init__(self, folder: Path, server: TrytonServer, erp_url: str, sandbox: Sandbox) -> None:
        crm = sandbox.systems["crm"]
        self._file = folder / "reconciler.toml"
        user_key = crm["credentials"]["user_key"]
        self._file.write_text(_PROJECT.format(crm_url=crm["base_url"], user_key=user_key, erp_url=erp_url))
        login, password = server.integration
        self._environment = {**os.environ, "TRYTON_LOGIN": login, "TRYTON_PASSWORD": password}

    def document(self, *arguments: str | Path) -> Any:
        """Its JSON document, or None when it failed; what it says meanwhile is told on."""
        code, document, _ = self.ended(*arguments)
        return document if code in _DONE else None

    def ended(self, *arguments: str | Path) -> tuple[int, Any, str]:
        """Exit code, JSON document (None without one) and what was said meanwhile, which is told on."""
        ended = run_command(
            "--project", self._file, *arguments, "--json", environment=self._environment, timeout_s=_TIMEOUT_S
        )
        sys.stderr.write(ended.stderr)
        return ended.returncode, orjson.loads(ended.stdout) if ended.stdout.strip() else None, ended.stderr

    def started(self, *arguments: str | Path, output: Path) -> Command:
        """The command, under way. What it writes goes into files of the folder `output`."""
        return Command("--project", self._file, *arguments, output=output, environment=self._environment)
