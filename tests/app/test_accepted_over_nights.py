"""Accepted differences: left alone night after night, until a value changes or their last day has passed."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import orjson
from python_calamine import load_workbook

from reconciler.model.findings import Finding, FindingStatus
from reconciler.store.state.records import FindingFilter
from tests.app.nights import ANA, EVA, FIRST_NIGHT, RUI, Company
from tests.ports.notice_rig import SECRET, receiving


async def test_an_acceptance_ends_in_the_night_after_its_last_day_or_when_a_value_changes(tmp_path: Path) -> None:
    async with receiving(204) as receiver:
        company = Company(
            tmp_path, f'[notify]\nwebhook = {{ url = "{receiver.url}", secret = {{ env = "HOOK_SECRET" }} }}'
        )
        company.names["crm"] |= {ANA: "AÇO FORTE LTDA", RUI: "Padaria  do Rui", EVA: "EVA TECIDOS"}
        environment = {"HOOK_SECRET": SECRET}
        assert (await company.night(notify=False)).exit_code == 1
        await _accept(company, RUI, "combinado com vendas", until=None)
        await _accept(company, EVA, "nome de fantasia", until=None)
        await _accept(company, ANA, "vai ser corrigido <no sábado>", until=date(2026, 11, 22))

        same_day = await company.night(FIRST_NIGHT + timedelta(hours=2), environment=environment)
        assert same_day.exit_code == 0
        assert (receiver.received, same_day.document.get("notifications")) == ([], None)
        counts = same_day.document["entities"]["customers"]["findings"]
        assert (counts["open"], counts["accepted"]) == (0, 3)
        _check_report(company, same_day.document["reports"])

        company.names["crm"][RUI] = "PADARIA DO RUI"
        next_day = await company.night(FIRST_NIGHT + timedelta(days=1), environment=environment)
        assert next_day.exit_code == 1
        counts = next_day.document["entities"]["customers"]["findings"]
        assert (counts["new"], counts["open"], counts["accepted"]) == (2, 2, 1)
        assert counts["reopened"] == {"expired": 1, "value_changed": 1}
        assert {finding.key for finding in await _findings(company, FindingStatus.OPEN)} == {ANA, RUI}
    page = Path(next_day.document["reports"]["html"]).read_text()
    assert "Reabertas nesta execução: 1 porque um valor mudou, 1 porque o último dia passou." in page
    (told,) = (orjson.loads(sent.body)["data"] for sent in receiver.received)
    assert (told["new"], told["accepted"], told["reopened"]) == (2, 1, 2)


def _check_report(company: Company, reports: dict[str, str]) -> None:
    """Every form of the report tells what is accepted, by whom, why and until when."""
    page = Path(reports["html"]).read_text()
    accepted = page[page.index('id="accepted"') : page.index('id="accounting"')]
    assert "vai ser corrigido &lt;no sábado&gt;" in accepted
    assert "<td>22/11/2026</td>" in accepted
    assert "enquanto os valores não mudarem" in accepted
    told = orjson.loads(Path(reports["json"]).read_bytes())["accepted"]
    assert [(each["reason"], each["by"], each["until"], each["findings"]) for each in told] == [
        ("vai ser corrigido <no sábado>", "ana", "2026-11-22", 1),
        ("combinado com vendas", "ana", None, 1),
        ("nome de fantasia", "ana", None, 1),
    ]
    rows = load_workbook(reports["xlsx"]).get_sheet_by_name("Divergências aceitas").to_python()
    assert rows[1] == ["Clientes", 1.0, "2026-11-22", "ana", "vai ser corrigido <no sábado>"]


async def _accept(company: Company, key: str, reason: str, until: date | None) -> None:
    async with company.opened() as workspace:
        chosen = FindingFilter(key=key)
        assert await workspace.state.findings.accept(chosen, reason=reason, person="ana", until=until) == 1


async def _findings(company: Company, status: FindingStatus) -> list[Finding]:
    async with company.opened() as workspace:
        return await workspace.state.findings.page(FindingFilter(status=status), limit=10)
