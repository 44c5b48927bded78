"""The project file that is ready to use with a running sandbox, and the list of what was planted."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import orjson

from reconciler.errors import ConfigurationError, RefusedError
from reconciler.sandbox.tax_rules import tax_table

MARK: Final = "# Written by “reconciler sandbox”; it is written again whenever the sandbox starts in this folder.\n"

_SCOPE: Final = """
[scope.customers]
key = ["tax_id"]
link = { crm = "OtherProperties[contact_erp_code].StringValue" }

[scope.customers.fields]
legal_name = { owner = "erp" }
trade_name = { owner = "crm" }
state_registration = { owner = "erp", crm = "OtherProperties[contact_state_registration].StringValue" }
email = { owner = "crm" }
phone = { owner = "crm" }
street = { owner = "erp" }
city = { owner = "erp" }
state = { owner = "erp" }
zip = { owner = "erp" }
credit_limit = { owner = "erp", tolerance = "0.01", crm = "OtherProperties[contact_credit_limit].DecimalValue" }
special_discount = { owner = "erp", crm = "OtherProperties[contact_special_discount].DecimalValue" }
sales_volume = { owner = "erp", crm = "OtherProperties[contact_sales_volume].DecimalValue" }
active = { owner = "erp", crm = "OtherProperties[contact_active].BoolValue" }

[scope.products]
key = ["sku"]

[scope.products.fields]
name = { owner = "erp" }
unit = { owner = "erp" }
ncm = { owner = "erp", crm = "OtherProperties[product_ncm].StringValue" }
price = { owner = "erp" }
active = { owner = "erp" }

[scope.orders]
key = ["number"]

[scope.orders.fields]
customer = { owner = "crm" }
date = { owner = "crm" }
status = { owner = "erp", crm = { path = "StageId", codes = { 1 = "open", 2 = "invoiced", 3 = "cancelled" } } }
total = { owner = "erp" }

[scope.quotes]
key = ["number"]
taxes = true

[scope.quotes.fields]
revision = { owner = "crm" }
customer = { owner = "crm" }
date = { owner = "crm" }
valid_until = { owner = "crm" }
status = { owner = "crm", crm = "OtherProperties[quote_status].StringValue" }
total = { owner = "crm" }
taxes = { owner = "erp", crm = "OtherProperties[quote_taxes].DecimalValue" }

[scope.quotes.lines.fields]
taxes = { owner = "erp", crm = "OtherProperties[quote_product_taxes].DecimalValue" }

[scope.quotes.lines.taxes]
"""


_KINDS: Final = ("icms", "icms_st", "difal", "ipi", "pis", "cofins")


def project_text(
    systems: Mapping[str, tuple[str, str, Mapping[str, str]]], crm_calls_per_minute: int | None = None
) -> str:
    """The text of `reconciler.toml`. `systems` gives vendor, base URL and credentials of `crm` and `erp`.

    The limit on calls is the one this CRM really has, none when None: the vendor's own would only slow the sandbox.
    Every text in it is the sandbox's own, so nothing needs escaping.
    """
    parts = [
        MARK,
        '\n[project]\nname = "sandbox"\nlocale = "pt-BR"\ntimezone = "America/Sao_Paulo"\ncurrency = "BRL"\n'
        'stage = "sandbox"\nstate = "sqlite:///state.db"\ndata = "data/"\n',
    ]
    for side, (vendor, base_url, credentials) in systems.items():
        secrets = ", ".join(f'{name} = "{value}"' for name, value in credentials.items())
        parts.append(f'\n[{side}]\nvendor = "{vendor}"\nbase_url = "{base_url}"\ncredentials = {{ {secrets} }}\n')
        if side == "crm":
            parts.append(f"rates = {_rates(crm_calls_per_minute)}\n")
    # Where the stand-in ERP sells from, as the tax table of the fixtures has it.
    parts.append(f'\n[scenarios]\nin_state = "{tax_table().origin_state}"\n')
    return "".join([*parts, _SCOPE, *map(_carried_tax, _KINDS)])


def _carried_tax(kind: str) -> str:
    """Where a line of a quote carries one kind of tax."""
    members = {"amount": "", "rate": "_rate", "base": "_base"}
    paths = [f'{name} = "OtherProperties[quote_product_{kind}{end}].DecimalValue"' for name, end in members.items()]
    if kind == "ipi":
        paths.append('in_price = "OtherProperties[quote_product_ipi_in_price].BoolValue"')
    return f"{kind} = {{ {', '.join(paths)} }}\n"


def _rates(calls_per_minute: int | None) -> str:
    return "[]" if calls_per_minute is None else f"[{{ calls = {calls_per_minute}, per_s = 60 }}]"


def write_project(directory: Path, text: str, truth: Sequence[Mapping[str, str | None]]) -> tuple[Path, Path]:
    """Write `reconciler.toml` and `truth.json`; their paths, in that order. The folder is made if it is not there.

    Raises:
        RefusedError: the folder holds a project file that the sandbox did not write.
        ConfigurationError: the folder cannot be written.
    """
    project, planted = directory / "reconciler.toml", directory / "truth.json"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if project.exists() and not project.read_bytes().startswith(MARK.encode()):
            raise RefusedError(
                f"{project} was not written by the sandbox and is left alone.", hint="Name another folder with --dir."
            )
        _replace(project, text.encode())
        _replace(planted, orjson.dumps(truth, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    except OSError as error:
        raise ConfigurationError(f"{directory}: cannot be written: {error.strerror}.") from error
    return project, planted


def _replace(path: Path, content: bytes) -> None:
    """Write the whole file or nothing, so that a reader never meets half a project."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
