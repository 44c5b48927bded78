"""`GET /v1/findings` and `GET /v1/runs`: filters of the command line, in pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from reconciler.store.state.records import RunStatus
from tests.service.service_rig import Service, service_in
from tests.store.state_cases import many


async def filled(service: Service, count: int = 23) -> list[str]:
    """A run with that many findings; their ids in the order of the pages."""
    run_id = await service.state.runs.start(["customers"], full=True)
    rows = many(count)
    await service.state.findings.record(run_id, "customers", _batches(rows))
    document = {"run": run_id, "reports": {"html": "/var/lib/acme/report.html"}, "seconds": 1.5, "entities": {}}
    await service.state.runs.finish(run_id, RunStatus.COMPLETE, document)
    return sorted(row.id for row in rows)


async def _batches(rows: list[Any]) -> Any:
    yield rows


async def pages(service: Service, name: str, query: str) -> list[list[dict[str, Any]]]:
    """Every page of a list."""
    found, cursor = [], ""
    while True:
        answer = await service.call("GET", f"/v1/{name}?{query}{cursor}", role="reviewer")
        assert answer.status == 200, answer.body
        found.append(answer.document[name])
        if answer.document["next_cursor"] is None:
            return found
        cursor = f"&cursor={answer.document['next_cursor']}"


async def test_findings_come_whole_and_once_however_the_pages_are_cut(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        ids = await filled(service)
        for limit in (1, 7, 22, 23, 24, 200):
            cut = await pages(service, "findings", f"limit={limit}")
            assert [len(page) for page in cut[:-1]] == [limit] * (len(cut) - 1)
            assert [finding["id"] for page in cut for finding in page] == ids
        (first, *_), *_ = await pages(service, "findings", "limit=200")
        assert set(first) >= {"id", "entity", "key", "kind", "field", "crm", "erp", "cause", "explanation", "status"}


CHOSEN: dict[str, Callable[[dict[str, Any]], bool]] = {
    "field=email": lambda each: each["field"] == "email",
    "field=email&field=phone": lambda each: each["field"] in ("email", "phone"),
    "field=": lambda each: each["field"] is None,
    "kind=only_in_crm": lambda each: each["kind"] == "only_in_crm",
    "cause=case&kind=differs": lambda each: (each["cause"], each["kind"]) == ("case", "differs"),
    "key=*3": lambda each: each["key"].endswith("3"),
    "entity=products": lambda each: False,
    "status=closed": lambda each: False,
    "status=open&status=closed": lambda each: True,
}


async def test_the_filters_are_those_of_the_command_line(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        await filled(service)
        (everything,) = await pages(service, "findings", "limit=200")
        for query, chosen in CHOSEN.items():
            (found,) = await pages(service, "findings", f"limit=200&{query}")
            assert found == [each for each in everything if chosen(each)], query


async def test_runs_come_newest_first_and_without_paths_of_this_machine(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        for _ in range(3):
            await filled(service, 1)
            service.wall.move(seconds=5)
        cut = await pages(service, "runs", "limit=2")
        found = [run for page in cut for run in page]
        assert [len(page) for page in cut] == [2, 1]
        assert [run["run"] for run in found] == sorted((run["run"] for run in found), reverse=True)
        assert found[0]["status"] == "complete"
        assert "/var/lib" not in str(found)


async def test_a_query_that_cannot_be_meant_is_refused(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        await filled(service)
        first = await service.call("GET", "/v1/findings?limit=5&field=email", role="reviewer")
        cursor = first.document["next_cursor"]
        refused = {
            "kind=strange": 400,
            "cause=strange": 400,
            "status=strange": 400,
            "colour=red": 400,
            "limit=0": 400,
            "limit=201": 400,
            "limit=-1": 400,
            "limit=%D9%A3": 400,
            "limit=1&limit=2": 400,
            "key=a%00b": 400,
            f"key={'x' * 129}": 400,
            "&".join(["key=a"] * 21): 400,
            "cursor=x": 422,
            "cursor=%25": 422,
            f"cursor={cursor}": 422,
            f"field=phone&cursor={cursor}": 422,
            "cursor=bnVsbA": 422,
        }
        for query, status in refused.items():
            for name in ("findings", "runs") if query.startswith(("limit", "cursor")) else ("findings",):
                answer = await service.call("GET", f"/v1/{name}?{query}", role="reviewer")
                assert answer.problem == (status, "wrong_parameter"), (name, query)
        assert (await service.call("GET", f"/v1/findings?limit=9&cursor={cursor}&field=email")).status == 200
