"""A person's data: all of it is told, all of it is erased but the trail, and nobody else's (LGPD)."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio

from reconciler.app.correct import Choice
from reconciler.app.pilot.feedback import add_feedback
from reconciler.app.privacy.erase import Erased, erase_person
from reconciler.app.privacy.export import export_person
from reconciler.app.privacy.identifiers import Identifiers
from reconciler.errors import RefusedError
from reconciler.model.corrections import Correction, CorrectionAction, CorrectionState
from reconciler.model.findings import Finding
from reconciler.store.state.records import FindingFilter
from tests.app.corrections_rig import Rig, rig


@pytest_asyncio.fixture
async def box(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig(tmp_path) as opened:
        yield opened


def _admin(box: Rig) -> Any:
    acting = box.acting()
    return replace(acting, person=replace(acting.person, roles=frozenset({"admin", "reviewer", "operator"})))


async def _person(box: Rig) -> tuple[Finding, Identifiers, dict[str, Any]]:
    """A customer of both systems with an open finding, and the record of the CRM."""
    findings = await box.findings(entity="customers")
    finding = next(each for each in findings.values() if each.owner and each.crm.id and each.erp.id and each.field)
    contact = await box.contact(finding.key)
    return finding, Identifiers.of([finding.key, contact["Email"]]), contact


async def _proposed(box: Rig) -> tuple[Correction, Identifiers]:
    """A proposal for a customer whose document is well formed."""
    proposed = await box.propose(FindingFilter(entity="customers"))
    correction = next(each for each in proposed.corrections if each.action is CorrectionAction.UPDATE)
    return correction, Identifiers.of([correction.key])


async def _erase(box: Rig, who: Identifiers, **options: Any) -> Erased:
    return await erase_person(_admin(box), who, request="LGPD-7", reason="asked for by the customer", **options)


async def test_an_export_tells_records_of_both_systems_findings_and_what_was_said(box: Rig, tmp_path: Path) -> None:
    finding, who, contact = await _person(box)
    await add_feedback(box.acting(), "the street is right in the CRM", entity="customers", key=finding.key)
    out = tmp_path / "person.json"
    done = await export_person(_admin(box), who, out, "LGPD-7")
    told = orjson.loads(out.read_bytes())
    customers = [each for each in told["records"] if each["entity"] == "customers"]
    assert {each["system"] for each in customers} == {"crm", "erp"}
    assert contact["Name"] in {each["record"].get("Name") for each in customers}
    assert finding.id in {each["id"] for each in told["findings"]}
    assert [each["text"] for each in told["feedback"]] == ["the street is right in the CRM"]
    assert done.counts["records"] >= 2
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    (act,) = [each async for each in box.workspace.state.audit.iterate() if each.act == "privacy.exported"]
    assert (act.person, act.subject) == ("ana", "LGPD-7")
    assert finding.key not in str(act)


async def test_an_export_tells_nothing_of_other_people(box: Rig, tmp_path: Path) -> None:
    finding, who, _ = await _person(box)
    await export_person(_admin(box), who, tmp_path / "person.json", "LGPD-7")
    told = (tmp_path / "person.json").read_text()
    others = {each.key for each in (await box.findings(entity="customers")).values()} - {finding.key}
    assert others
    assert not [key for key in others if key in told]


async def test_an_export_never_replaces_a_file(box: Rig, tmp_path: Path) -> None:
    (tmp_path / "person.json").write_text("mine")
    _, who, _ = await _person(box)
    with pytest.raises(RefusedError, match="there already"):
        await export_person(_admin(box), who, tmp_path / "person.json", "LGPD-7")
    assert (tmp_path / "person.json").read_text() == "mine"


def _evidence(box: Rig, who: Identifiers) -> list[Path]:
    """Of one playing that shows the person in its page, and of one that does not."""
    folder = box.workspace.project.data / "scenarios"
    folder.mkdir()
    files = [folder / "new-customer-20260101T000000000001.json"]
    files += [files[0].with_suffix(".html"), folder / "new-customer-20260101T000000000002.json"]
    for each, text in zip(files, ("nobody", f"<td>{who.forms()[0]}</td>", "nobody"), strict=True):
        each.write_text(text)
    return files


async def test_an_erasure_leaves_no_byte_of_the_person_on_this_machine(box: Rig) -> None:
    _, who, _ = await _person(box)
    await box.run_again("customers")
    reports = list((box.workspace.project.data / "reports").iterdir())
    evidence = _evidence(box, who)
    before = _files_with(box, who)
    assert before
    done = await _erase(box, who)
    assert done.full_run_needed
    assert _files_with(box, who) == [], "the person never was in the trail"
    assert done.counts["reports"] == len(reports), "a spreadsheet cannot be read as it lies there"
    assert not list((box.workspace.project.data / "reports").iterdir())
    assert (done.counts["evidence"], [each.exists() for each in evidence]) == (2, [False, False, True])
    assert (await box.workspace.state.audit.verify()).is_whole


async def test_after_an_erasure_the_next_run_reads_anew_and_finds_what_the_systems_still_hold(box: Rig) -> None:
    finding, who, _ = await _person(box)
    await _erase(box, who)
    assert finding.id not in await box.findings(entity="customers")
    await box.run_again("customers")
    assert finding.id in await box.findings(entity="customers")


async def test_an_erasure_keeps_the_findings_of_other_people(box: Rig) -> None:
    finding, who, _ = await _person(box)
    before = await box.findings(entity="customers")
    await _erase(box, who)
    after = await box.findings(entity="customers")
    assert {each.key for each in before.values()} - {each.key for each in after.values()} == {finding.key}


async def test_what_was_written_to_a_system_stays_in_the_trail_and_nowhere_else(box: Rig) -> None:
    correction, who = await _proposed(box)
    _, plan = await box.planned(Choice([correction.id]))
    await box.apply(plan)
    done = await _erase(box, who)
    assert done.kept_in_trail >= 1
    (left,) = await box.corrections(ids=frozenset({correction.id}))
    assert (left.id, left.state, left.changes) == (correction.id, CorrectionState.VERIFIED, ())
    assert left.key == "(erased)"
    assert {path.name for path in _files_with(box, who)} == {"state.db", plan.name}
    (act,) = [each async for each in box.workspace.state.audit.iterate() if each.act == "privacy.erased"]
    assert orjson.loads(act.details)["erased"]["corrections"] == 1
    assert (await box.workspace.state.audit.verify()).is_whole


async def test_nothing_is_erased_while_a_correction_may_still_be_written(box: Rig) -> None:
    correction, who = await _proposed(box)
    with pytest.raises(RefusedError, match="may still be written"):
        await _erase(box, who)
    (left,) = await box.corrections(ids=frozenset({correction.id}))
    assert left == correction


async def test_nothing_is_erased_while_a_run_goes_on(box: Rig) -> None:
    finding, who, _ = await _person(box)
    assert await box.workspace.state.run_lock.acquire()
    with pytest.raises(RefusedError, match="a run goes on"):
        await _erase(box, who)
    await box.workspace.state.run_lock.release()
    assert finding.id in await box.findings(entity="customers")


async def test_looking_first_erases_nothing(box: Rig) -> None:
    finding, who, _ = await _person(box)
    done = await _erase(box, who, only_look=True)
    assert done.counts["findings"] >= 1
    assert finding.id in await box.findings(entity="customers")


@pytest.mark.parametrize("act", ["export", "erase"])
async def test_only_an_admin_may(box: Rig, tmp_path: Path, act: str) -> None:
    _, who, _ = await _person(box)
    acting = box.acting()
    reviewer = replace(acting, person=replace(acting.person, roles=frozenset({"reviewer", "operator"})))
    export = export_person(reviewer, who, tmp_path / "person.json", "LGPD-7")
    erase = erase_person(reviewer, who, request="LGPD-7", reason="asked for")
    asked, not_asked = (export, erase) if act == "export" else (erase, export)
    not_asked.close()
    with pytest.raises(RefusedError, match="may not"):
        await asked
    assert not (tmp_path / "person.json").exists()


@pytest.mark.parametrize(
    ("given", "value", "theirs"),
    [
        ("529.982.247-25", "52998224725", True),
        ("52998224725", "529.982.247-25", True),
        ("02998224725", 2998224725, True),
        ("Rita@Example.com", "rita@example.com", True),
        ("rita@example.com", "write to <rita@example.com>.", True),
        ("rita@example.com", "margarita@example.com", False),
        ("r.ita@example.com", "rita@example.com", False),
        ("52998224725", "CPF 529.982.247-25, paid", True),
        ("52998224725", "752998224725", False),
        ("(11) 98888-7777", "+55 11 98888-7777", True),
        ("+55 (11) 98888-7777", "11988887777", True),
        ("12ABC34501DE35", {"deep": [{"CNPJ": "12.abc.345/01de-35"}]}, True),
        ("52998224725", True, False),
    ],
    ids=[
        "marks", "no-marks", "number", "case", "in-text", "longer-address", "other-address", "document-in-text",
        "longer-number", "country-code", "no-country-code", "alphanumeric-deep", "flag",
    ],
)  # fmt: skip
def test_a_value_is_theirs_whatever_marks_are_in_it(given: str, value: object, theirs: bool) -> None:
    assert Identifiers.of([given]).are_in(value) is theirs


@pytest.mark.parametrize("given", ["", "Rita", "1234567", "@"], ids=["nothing", "name", "short", "no-address"])
def test_what_would_be_found_in_the_data_of_others_names_nobody(given: str) -> None:
    with pytest.raises(RefusedError):
        Identifiers.of([given])


def _files_with(box: Rig, who: Identifiers) -> list[Path]:
    """What is kept, where an identifier can be read; snapshots are compressed, and looked through elsewhere."""
    needles = [form.encode() for form in who.forms()]
    kept = [box.project_file.with_name("state.db"), box.workspace.project.data]
    files = [path for top in kept for path in (top, *top.rglob("*"), *top.parent.glob("plan*")) if path.is_file()]
    return [path for path in files if any(needle in path.read_bytes().lower() for needle in needles)]
