"""The main job on real input: a sandbox CRM with perturbed copies of what a real Tryton server holds, against it.

    TRYTON_PASSWORD=… python -m tests.real.reconcile_tryton --url http://127.0.0.1:8069/DATABASE --login LOGIN

Reads the server, writes nothing to it. Prints one JSON document; exits 0 when the findings equal what was planted.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import orjson

from tests.processes import Sandbox, run_command
from tests.real.perturbations import Copies, copies_of
from tests.real.tryton_rpc import TrytonRpc

_PARTY_FIELDS = [
    "name",
    "active",
    "last_modified_at",
    "identifiers.type",
    "identifiers.code_compact",
    "addresses.street",
    "addresses.city",
    "addresses.postal_code",
    "addresses.subdivision.code",
    "credit_limit_amount",
    "contact_mechanisms.type",
    "contact_mechanisms.value",
]
_PRODUCT_FIELDS = ["code", "name", "active", "list_price_used", "default_uom.symbol", "last_modified_at"]
_PROJECT = """
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
"""

Planted = tuple[str, str, str | None, str, str]


def _planted(records: list[dict[str, Any]]) -> Counter[Planted]:
    return Counter((each["entity"], each["key"], each["field"], each["kind"], each["cause"]) for each in records)


async def _copies(url: str, login: str, password: str) -> Copies:
    async with TrytonRpc(url, login, password) as server:
        parties = await server.records("party.party", _PARTY_FIELDS)
        products = await server.records("product.product", _PRODUCT_FIELDS)
    return copies_of(parties, products)


def _reconcile(folder: Path, url: str, login: str, password: str, copies: Copies) -> dict[str, Any]:
    load = folder / "load.json"
    load.write_bytes(orjson.dumps({"crm": {"Contacts": copies.contacts, "Products": copies.products}, "erp": {}}))
    environment = {**os.environ, "TRYTON_LOGIN": login, "TRYTON_PASSWORD": password}
    with Sandbox(folder / "box", "--load", str(load)) as sandbox:
        crm = sandbox.systems["crm"]
        project = folder / "reconciler.toml"
        user_key = crm["credentials"]["user_key"]
        project.write_text(_PROJECT.format(crm_url=crm["base_url"], user_key=user_key, erp_url=url))
        ran = run_command("--project", project, "run", "--full", "--json", environment=environment, timeout_s=600)
        sys.stderr.write(ran.stderr)
        listed = run_command("--project", project, "findings", "list", "--json", environment=environment)
        again = run_command("--project", project, "run", "--json", environment=environment, timeout_s=600)
    found, planted = _planted(orjson.loads(listed.stdout)), _planted(copies.truth)
    document: dict[str, Any] = orjson.loads(ran.stdout)
    return {
        "equal": found == planted and ran.returncode == 1,
        "planted": sum(planted.values()),
        "found": sum(found.values()),
        "planted_by_cause": dict(Counter(each["cause"] for each in copies.truth)),
        "missing": sorted(map(repr, (planted - found).elements())),
        "unexpected": sorted(map(repr, (found - planted).elements())),
        "run": {name: document[name] for name in ("status", "seconds", "entities")},
        "second_run": {"exit_code": again.returncode, "seconds": orjson.loads(again.stdout)["seconds"]},
    }


def main() -> int:
    """Read the server, plant, reconcile, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True, help="address with the database, such as http://127.0.0.1:8069/erp")
    parser.add_argument("--login", required=True)
    options = parser.parse_args()
    password = os.environ["TRYTON_PASSWORD"]
    copies = asyncio.run(_copies(options.url, options.login, password))
    with tempfile.TemporaryDirectory() as folder:
        result = _reconcile(Path(folder), options.url, options.login, password, copies)
    print(orjson.dumps(result, option=orjson.OPT_INDENT_2).decode())
    return 0 if result["equal"] else 1


if __name__ == "__main__":
    sys.exit(main())
