"""A commented `reconciler.toml` for two systems, written from their descriptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.connectors.description import Description, EntitySource
from reconciler.connectors.load import load_description
from reconciler.errors import RefusedError
from reconciler.model.entities import ENTITIES, Entity, Side
from reconciler.toml_text import quoted


@dataclass(frozen=True, slots=True)
class NewProject:
    """What `init` was told.

    Attributes:
        vendors: a shipped description or a path, by side.
        base_urls: address of each system; "" takes the description's own.
    """

    name: str
    vendors: Mapping[Side, str]
    base_urls: Mapping[Side, str]
    locale: str


def write_project(path: Path, wanted: NewProject) -> None:
    """Write the file.

    Raises:
        ConfigurationError: a description is unknown or wrong.
        RefusedError: the file is already there.
    """
    descriptions = {side: load_description(wanted.vendors[side], path.parent) for side in Side}
    text = project_text(wanted, descriptions)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise RefusedError(
            f"{path} is already there and was left as it is.", hint="Name another file with --project."
        ) from None


def project_text(wanted: NewProject, descriptions: Mapping[Side, Description]) -> str:
    """The text of the file, with a comment at every choice."""
    parts = [_head(wanted)]
    parts += [_system(side, wanted, descriptions[side]) for side in Side]
    for entity in ENTITIES.values():
        sources = {side: description.entities.get(entity.name) for side, description in descriptions.items()}
        crm, erp = sources[Side.CRM], sources[Side.ERP]
        if crm is not None and erp is not None:
            parts.append(_entity(entity, crm, erp))
    parts += [_approvals(), _run()]
    return "\n".join(parts)


def _head(wanted: NewProject) -> str:
    return f"""[project]
name = {quoted(wanted.name)}
locale = {quoted(wanted.locale)}                  # "pt-BR" or "en"
timezone = "America/Sao_Paulo"    # of dates and times that carry no offset
currency = "BRL"
stage = "homologation"            # sandbox | homologation | pilot | live; secrets may be written here only in "sandbox"
state = "sqlite:///state.db"      # runs and findings
data = "data/"                    # snapshots and reports
"""


def _system(side: Side, wanted: NewProject, description: Description) -> str:
    lines = [f"[{side.value}]", f"vendor = {quoted(wanted.vendors[side])}    # {description.vendor.title}"]
    address = wanted.base_urls[side] or description.default_address
    example = '# base_url = "https://…"' if description.files is None else '# base_url = "sftp://host/folder"'
    lines.append(f"base_url = {quoted(address)}" if address else example)
    if description.vendor.credentials:
        secrets = ", ".join(
            f'{name} = {{ env = "{side.value.upper()}_{name.upper()}" }}' for name in description.vendor.credentials
        )
        lines.append(f"credentials = {{ {secrets} }}    # env, file or keyring")
        lines += [f"#   {name}: {meaning}" for name, meaning in description.vendor.credentials.items()]
    if description.vendor.context:
        values = ", ".join(f'{name} = ""' for name in description.vendor.context)
        lines.append(f"context = {{ {values} }}")
        lines += [f"#   {name}: {meaning}" for name, meaning in description.vendor.context.items()]
    return "\n".join(lines) + "\n"


def _entity(entity: Entity, crm: EntitySource, erp: EntitySource) -> str:
    lines = [f"[scope.{entity.name}]", f"key = [{', '.join(quoted(name) for name in entity.key)}]", ""]
    lines += [f"[scope.{entity.name}.fields]"]
    lines.append(
        '# owner = "crm" or "erp" says which side is right; tolerance = "0.01" allows a difference in an amount.'
    )
    for field in entity.fields:
        if not field.compared:
            continue
        here = [side.value for side, source in ((Side.CRM, crm), (Side.ERP, erp)) if field.name in source.fields]
        if len(here) == 2:
            lines.append(f"{field.name} = {{}}")
        elif here:
            missing = "erp" if here == ["crm"] else "crm"
            place = f'{{ {missing} = "path.in.the.{missing}.record" }}'
            lines.append(f"# {field.name} = {place}    # only the {here[0]} is described")
    return "\n".join(lines) + "\n"


def _approvals() -> str:
    return """# [people]                        # without it every user of this machine may do everything
# ana = { roles = ["reviewer"] }  # proposes, approves; "operator" plans and applies, "admin" does all

[approvals]
required = 1                      # people who approve a correction; 2 = four eyes
expires_h = 24                    # an approval counts for so long
"""


def _run() -> str:
    return """[run]
fail_on = { findings = 1 }        # exit code 1 from this many new findings on
recheck = 200                     # records read again before a finding is reported
sweep_every_h = 24                # how often deleted records are looked for
"""
