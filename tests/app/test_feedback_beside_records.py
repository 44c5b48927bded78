"""What participants of the pilot said about a record stands beside what is found about it."""

from __future__ import annotations

from pathlib import Path

from reconciler.app.findings import explained_finding
from reconciler.app.pilot.feedback import add_feedback
from reconciler.app.review.records import RecordReader
from tests.app.corrections_rig import rig


async def test_feedback_about_a_record_or_its_document_is_told_with_its_findings_and_no_other(tmp_path: Path) -> None:
    async with rig(tmp_path) as box:
        found = (await box.findings()).values()
        customer, other = [each for each in found if each.entity == "customers"][:2]
        line = next((each for each in found if each.entity == "orders.lines"), None)
        await add_feedback(box.acting(), "the ERP is right", entity="customers", key=customer.key)
        (said,) = (await explained_finding(box.workspace, customer.id)).feedback
        assert (said.who, said.text) == ("ana", "the ERP is right")
        reader = RecordReader(box.acting())
        assert list((await reader.read(customer.id)).feedback) == [said]
        assert list((await reader.read(other.id)).feedback) == []
        assert line is not None
        await add_feedback(box.acting(), "one was lost", entity="orders", key=line.key.partition("|")[0])
        assert [each.text for each in (await reader.read(line.id)).feedback] == ["one was lost"]
