"""`/openapi.json` describes what there is, and schemathesis finds no fault in it."""

from __future__ import annotations

import copy
import json
import os
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.app.wire import open_workspace
from reconciler.project import load_project
from reconciler.service.callers import roles_for
from reconciler.service.exposure import exposure_of
from reconciler.service.openapi import openapi_document
from reconciler.service.opening import open_service
from tests.processes import Command, Sandbox, run_command
from tests.service.service_rig import PROJECT, TOKENS, routes_of

if TYPE_CHECKING:
    from schemathesis.config import SchemathesisConfig

FULL = os.environ.get("RECONCILER_FULL_PROOFS") == "1"
EXAMPLES = 200 if FULL else 2
SEED = 5
_FOR_PEOPLE = {"/", "/feedback"}
"""Pages are described nowhere: they change, and nobody programs against them."""


async def test_every_route_is_described_with_who_may_call_it_and_nothing_else_is(tmp_path: Path) -> None:
    (tmp_path / "reconciler.toml").write_text(PROJECT)
    project = load_project(tmp_path / "reconciler.toml", {})
    async with open_workspace(project) as workspace, open_service(workspace, exposure_of(project)) as service:
        routes = {(method, path) for method, path in routes_of(service.application) if _is_described(path)}
        open_to_all = {
            (route.method, route.resource.canonical)
            for route in service.application.router.routes()
            if route.resource is not None and roles_for(route.handler) == frozenset()
        }
        told = {roles_for(route.handler) is not None for route in service.application.router.routes()}
    described = {
        (method.upper(), path): operation
        for path, operations in openapi_document()["paths"].items()
        for method, operation in operations.items()
    }
    assert set(described) == routes
    assert {each for each, operation in described.items() if operation.get("security") == []} == open_to_all & routes
    assert told == {True}


def _is_described(path: str) -> bool:
    return path not in _FOR_PEOPLE and not path.startswith(("/page", "/static"))


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The service as users start it, over a sandbox; its address, and all records of the ERP."""
    with Sandbox(folder / "box", "--customers", "4") as sandbox:
        (folder / "tokens").write_text("\n".join(f"{role}:{role}:{token}" for role, token in TOKENS.items()))
        project = sandbox.project
        project.write_text(f'{project.read_text()}\n[service]\ntokens = {{ file = "../tokens" }}\naccess_log = false\n')
        run_command("--project", project, "run", "customers")
        output = folder / "service"
        output.mkdir()
        command = Command("--project", project, "serve", "--port", "0", output=output)
        try:
            said = output / "stdout"
            for _ in range(6000):
                if said.exists() and said.read_text().endswith("\n"):
                    break
                command.process.join(0.01)
            yield json.loads(said.read_text())["url"], _records(sandbox)
        finally:
            command.process.terminate()
            command.process.join(20)
            assert command.process.exitcode == 0, (output / "stderr").read_text()


def _records(sandbox: Sandbox) -> dict[str, Any]:
    request = urllib.request.Request(f"{sandbox.systems['erp']['base_url']}/_sandbox/state", b"{}", method="POST")  # noqa: S310  # loopback address of the sandbox
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310  # as above
        found: dict[str, Any] = json.load(answer)
        return found


def _with_known_names(document: dict[str, Any], records: dict[str, Any]) -> dict[str, Any]:
    """The description, with customers and products that exist: a made-up name alone would only ever be refused."""
    known = copy.deepcopy(document)
    quote = known["components"]["schemas"]["WouldBeQuote"]["properties"]
    customers = [each["cpf_cnpj"] for each in records["clientes"] if len(each["cpf_cnpj"]) in (11, 14)]
    quote["customer"]["properties"]["tax_id"] = {"enum": customers[:3]}
    quote["customer"]["required"] = ["tax_id"]
    quote["lines"]["items"]["properties"]["sku"] = {"enum": [each["codigo"] for each in records["produtos"][:3]]}
    number = known["paths"]["/v1/quotes/{number}/taxes"]["get"]["parameters"][0]
    number["schema"]["examples"] = [str(each["numero"]) for each in records["orcamentos"][:1]]
    return known


def _config(url: str) -> SchemathesisConfig:
    from schemathesis.config import SchemathesisConfig

    return SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "base-url": url,
            "headers": {"Authorization": f"Bearer {TOKENS['admin']}"},
            "generation": {"max-examples": EXAMPLES, "deterministic": True, "database": "none"},
            # No schema can say that two lines have different names, or that a percentage is at most 100.
            "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "3xx", "401", "403", "404", "422"]}},
        }
    )


@pytest.mark.timeout(3600 if FULL else 120)
def test_schemathesis_finds_no_fault(tmp_path: Path) -> None:
    """All its checks: status codes, types, schemas, headers, methods, authorization, what is accepted and refused."""
    # Loaded here and not by every process that only collects tests: it takes seconds.
    import schemathesis.openapi
    from schemathesis.engine import events, from_schema

    failures: list[str] = []
    statuses: dict[str, set[int]] = {}
    with served(tmp_path) as (url, records):
        document = schemathesis.openapi.from_url(f"{url}/openapi.json").raw_schema
        config = _config(url)
        schema = schemathesis.openapi.from_dict(_with_known_names(document, records), config=config)
        for event in from_schema(schema).execute():
            if isinstance(event, events.NonFatalError | events.FatalError):
                failures.append(str(event.info if isinstance(event, events.NonFatalError) else event.exception))
            if isinstance(event, events.ScenarioFinished):
                label = event.recorder.label
                for case_id, checks in event.recorder.checks.items():
                    response = event.recorder.find_response(case_id=case_id)
                    statuses.setdefault(label, set()).add(0 if response is None else response.status_code)
                    failures += [f"{label}: {check.failure_info.failure}" for check in checks if check.failure_info]
    assert failures == []
    assert {"POST /v1/taxes", "GET /v1/findings", "GET /v1/runs", "GET /v1/quotes/{number}/taxes"} <= set(statuses)
    for label in ("POST /v1/taxes", "GET /v1/findings", "GET /v1/runs"):
        assert 200 in statuses[label], label
