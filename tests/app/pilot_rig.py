"""The rig of corrections in a project on its way to production: named people, secrets in files, a declared pilot."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from reconciler.app.correct import Acting, person_of_user
from reconciler.app.pilot.standing import standing_of
from reconciler.app.wire import Workspace, open_workspace
from reconciler.model.pilot import Stage, StageChange
from reconciler.pilot.stages import Standing
from reconciler.project import load_project
from tests.app.corrections_rig import Clock, Rig, rig

ZONE = ZoneInfo("America/Sao_Paulo")
PEOPLE = """
[people]
ana = { roles = ["reviewer"] }
bia = { roles = ["operator"] }
caio = { roles = ["admin"] }
dora = { roles = ["reviewer"] }
"""
SCOPE = 'entities = ["customers"]\nfields = { customers = ["credit_limit"] }\n'


def declared(now: datetime, scope: str = SCOPE, writes_per_day: int = 100, more: str = "") -> str:
    """`[pilot]`, which began yesterday and lasts six days more."""
    today = now.astimezone(ZONE).date()
    return f"""
[pilot]
starts = "{today - timedelta(days=1)}"
ends = "{today + timedelta(days=6)}"
technical_lead = "caio"
scope_owner = "dora"
writes_per_day = {writes_per_day}
noise_minutes = 0
participants = {{ eva = {{ crm_user = "7" }} }}

[pilot.scope]
{scope}
[pilot.criteria]
unknown_outcomes = 0
{more}"""


def staged(text: str, folder: Path, stage: str, more: str) -> str:
    """The project file in another stage, where a secret may not be written down."""

    def kept(found: re.Match[str]) -> str:
        (folder / f"{found[1]}.secret").write_text(found[2])
        return f'{found[1]} = {{ file = "{folder / found[1]}.secret" }}'

    lines = text.replace('stage = "sandbox"', f'stage = "{stage}"').splitlines()
    lines = [re.sub(r'(\w+) = "([^"]*)"', kept, each) if each.startswith("credentials") else each for each in lines]
    return "\n".join([*lines, PEOPLE, more])


@asynccontextmanager
async def project_in(folder: Path, stage: str, pilot: str | None = None, more: str = "") -> AsyncIterator[Rig]:
    """A project whose file names a stage that nobody promoted it to yet."""
    section = declared(Clock().now) if pilot is None else pilot
    async with rig(folder, lambda text: staged(text, folder, stage, f"{more}\n{section}")) as running:
        yield running


def person(workspace: Workspace, name: str, clock: Clock) -> Acting:
    """A person at work, by their operating-system user."""
    return Acting.begin(workspace, person_of_user(workspace.project, name), clock)


async def let(running: Rig, stage: Stage) -> None:
    """The project is promoted, whatever stands against it, for the systems it names now."""
    standing = await standing_of(running.workspace)
    change = StageChange(running.clock(), stage, standing.granted, "caio", "for this test", standing.systems)
    await running.workspace.state.stages.move(change, expected=standing.reached)


async def standing_in(running: Rig, environment: Mapping[str, str], project_file: Path | None = None) -> Standing:
    """How far the project is let in a run with this environment, or with this project file."""
    project = load_project(project_file or running.project_file, environment)
    async with open_workspace(project) as workspace:
        return await standing_of(workspace)


def open_quotes(crm: dict[str, list[dict[str, Any]]], clean: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The ERP holds no quotes here: what is compared are customers, and of quotes the taxes."""
    ours = {each["Id"] for each in clean.values()}
    quotes = [each for each in crm["Quotes"] if each["ContactId"] in ours and each["LastReview"]]
    return [
        each
        for each in quotes
        if any((own["FieldKey"], own.get("StringValue")) == ("quote_status", "open") for own in each["OtherProperties"])
    ]


def ipi_amounts(quotes: list[dict[str, Any]]) -> Iterator[tuple[int, list[dict[str, Any]], dict[str, Any]]]:
    """Id of the quote, its lines, and the field with the amount, wherever that is more than nothing."""
    for quote in quotes:
        for line in quote["Products"]:
            for own in line["OtherProperties"]:
                if own["FieldKey"] == "quote_product_ipi" and own.get("DecimalValue"):
                    yield quote["Id"], quote["Products"], own
