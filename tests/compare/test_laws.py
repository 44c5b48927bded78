"""Laws that hold for any input: the accounting, equality with a plain definition, no influence of order or side."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.compare.engine import ComparisonEngine
from reconciler.model.entities import FieldType
from reconciler.model.findings import EntityRule, FieldRule, FindingRow
from tests.compare.engines import ON_SPARK
from tests.compare.plain_comparison import compare_plainly, essence
from tests.compare.staged import Comparer, FieldValue, Record, Result

T = FieldType
RULE = EntityRule(
    "things",
    (
        FieldRule("code", T.CODE),
        FieldRule("number", T.CODE, known_codes=frozenset({"A1", "A2"})),
        FieldRule("title", T.TEXT, owner="crm"),
        FieldRule("folded", T.TEXT, exact=False),
        FieldRule("mail", T.EMAIL),
        FieldRule("phone", T.DIGITS),
        FieldRule("fax", T.DIGITS),
        FieldRule("price", T.DECIMAL, owner="erp"),
        FieldRule("cost", T.DECIMAL, tolerance="0.01"),
        FieldRule("active", T.BOOLEAN),
        FieldRule("since", T.DATE),
        FieldRule("seen", T.TIMESTAMP),
        FieldRule("updated_at", T.TIMESTAMP, compared=False),
    ),
    key=("code",),
)

_TEXTS = [
    "São João",
    "SAO JOAO",
    "são  joão",
    "SÃ£o JoÃ£o",
    "S?o Jo?o",
    "São João Ltda",
    "São João, Ltda.",
    "007",
    "7",
    "Saojoao",
]
_AMOUNTS = [
    "0",
    "1",
    "-1",
    "10",
    "1000000",
    "0.1",
    "1.005",
    "1.01",
    "1.00",
    "1.015",
    "-1.005",
    "0.0000000001",
    "999999999999999999.9999999999",
]
_MOMENTS = [
    datetime(2026, 3, 4, 12, tzinfo=UTC),
    datetime(2026, 3, 4, 15, 30, tzinfo=UTC),
    datetime(2026, 4, 3, 12, tzinfo=UTC),
    datetime(2026, 3, 6, 12, 0, 1, tzinfo=UTC),
]
_POOLS: dict[FieldType, st.SearchStrategy[FieldValue]] = {
    T.TEXT: st.sampled_from(_TEXTS) | st.text("aá .Z", min_size=1, max_size=6).filter(lambda text: bool(text.strip())),
    T.CODE: st.sampled_from(["A1", "A2", "A-1", "A 1", "00A1", "B1234", "B12345"]),
    T.EMAIL: st.sampled_from(["ana@example.com", "an.a@example.com", "bia@example.com"]),
    T.DIGITS: st.sampled_from(["0", "00", "01310", "1310", "013101", "999"]),
    T.DECIMAL: st.sampled_from([Decimal(text) for text in _AMOUNTS]) | st.decimals(min_value=-2, max_value=2, places=3),
    T.BOOLEAN: st.booleans(),
    T.DATE: st.sampled_from([date(2026, 3, 4), date(2026, 3, 5), date(2026, 4, 3), date(2025, 4, 3)]),
    T.TIMESTAMP: st.sampled_from(_MOMENTS),
}
_WHY = st.fixed_dictionaries(
    {
        "cause": st.sampled_from(["unreadable_value", "invalid_document"]),
        "reason": st.sampled_from(["no number", "odd"]),
    },
    optional={"value": st.sampled_from(["x", "y", "ç"])},
)


@st.composite
def _record(draw: st.DrawFn, side: str, index: int) -> Record:
    other = "erp" if side == "crm" else "crm"
    rejected: dict[str, str | None] | None = None
    if draw(st.integers(0, 9)) == 0:
        rejected = {"field": draw(st.sampled_from([None, "price"])), **draw(_WHY)}
    key = draw(st.sampled_from("ABCDEF"))
    fields = {rule.name: draw(st.none() | _POOLS[rule.type]) for rule in RULE.fields if rule.name != "code"}
    invalid: dict[str, dict[str, str]] | None = None
    if draw(st.integers(0, 5)) == 0:
        names = draw(st.sets(st.sampled_from(["title", "price", "updated_at", "un/known~"]), min_size=1))
        invalid = {name: draw(_WHY) for name in sorted(names)}
        fields |= dict.fromkeys(names & fields.keys())
    return Record(
        id=f"{side}{index}",
        key=None if rejected is not None and draw(st.booleans()) else key,
        fields={} if rejected is not None else fields,
        link=draw(st.none() | st.sampled_from([f"{other}{number}" for number in range(6)])),
        rejected=rejected,
        invalid=None if rejected is not None else invalid,
        position=index,
    )


@st.composite
def _side(draw: st.DrawFn, side: str) -> list[Record]:
    return [draw(_record(side, index)) for index in range(draw(st.integers(0, 5)))]


def _sorted(findings: Sequence[dict[str, str | None]]) -> list[dict[str, str | None]]:
    return sorted(findings, key=lambda finding: str(finding["id"]))


_FEWER = 5 if ON_SPARK and not os.environ.get("RECONCILER_FULL_PROOFS") else 1
"""Each takes some seconds on Spark."""
_EXAMPLES = settings(max_examples=60 // _FEWER, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def run(engine: ComparisonEngine, tmp_path_factory: pytest.TempPathFactory) -> Comparer:
    return Comparer(engine, tmp_path_factory.mktemp("laws"))


@_EXAMPLES
@given(crm=_side("crm"), erp=_side("erp"))
def test_the_comparison_is_the_plain_definition_and_every_record_is_accounted_for(
    run: Comparer, crm: list[Record], erp: list[Record]
) -> None:
    """Same accounting, same findings, and the identity exactly on both sides."""
    result = run(RULE, crm, erp)
    plain = compare_plainly(RULE, crm, erp)
    assert (result.crm, result.erp) == (plain.crm, plain.erp)
    assert result.crm.balances
    assert result.erp.balances
    assert result.crm.matched == result.erp.matched
    assert _sorted([essence(row) for row in result.rows]) == _sorted(plain.findings)
    assert len({row.id for row in result.rows}) == len(result.rows)


@settings(_EXAMPLES, max_examples=12 // _FEWER)
@given(crm=_side("crm"), erp=_side("erp"), seed=st.integers(0, 1000))
def test_the_order_of_records_changes_nothing(run: Comparer, crm: list[Record], erp: list[Record], seed: int) -> None:
    """Also when a side comes in several files."""
    first = run(RULE, crm, erp)
    Random(seed).shuffle(crm)
    Random(seed + 1).shuffle(erp)
    again = run(RULE, crm, erp)
    assert (again.crm, again.erp, again.rows) == (first.crm, first.erp, first.rows)


_MIRRORED = {"crm": "erp", "erp": "crm", "only_in_crm": "only_in_erp", "only_in_erp": "only_in_crm"}


def _mirror(row: FindingRow) -> tuple[str | None, ...]:
    detail = row.detail.replace('"crm', '"ERP').replace('"erp', '"CRM').lower()
    parts = tuple(sorted(detail.strip("{}").split(",")))
    kind = _MIRRORED.get(row.kind, row.kind)
    return (row.key, kind, row.field, row.cause, *parts, row.erp_id, row.erp_value, row.crm_id, row.crm_value)


def _as_is(row: FindingRow) -> tuple[str | None, ...]:
    parts = tuple(sorted(row.detail.lower().strip("{}").split(",")))
    return (row.key, row.kind, row.field, row.cause, *parts, row.crm_id, row.crm_value, row.erp_id, row.erp_value)


def _without_links_between_keys(records: Sequence[Record]) -> list[Record]:
    """A pair made by a link carries the CRM's key, and a key made of a side's id carries its side: neither mirrors."""
    return [
        Record(one.id, one.key or "Z", one.fields, None, None, one.rejected, one.invalid, one.page, one.position)
        for one in records
    ]


@settings(_EXAMPLES, max_examples=12 // _FEWER)
@given(crm=_side("crm"), erp=_side("erp"))
def test_exchanging_the_sides_exchanges_the_findings(run: Comparer, crm: list[Record], erp: list[Record]) -> None:
    """Neither side is treated in a way of its own, but that of two unknown codes the CRM's is named."""
    crm, erp = _without_links_between_keys(crm), _without_links_between_keys(erp)
    rule = replace(RULE, fields=tuple(replace(field, known_codes=None) for field in RULE.fields))
    forth = run(rule, crm, erp)
    back = run(rule, erp, crm)
    assert (back.erp, back.crm) == (forth.crm, forth.erp)
    assert sorted(map(repr, map(_mirror, back.rows))) == sorted(map(repr, map(_as_is, forth.rows)))


def test_several_files_are_one_side(engine: ComparisonEngine, tmp_path: Path) -> None:
    """The files of a side are read together, whatever record is in which."""
    records = [Record(f"c{index}", f"K{index % 7}", {"number": "A1"}, position=index) for index in range(20)]
    whole = _compare_parts(engine, tmp_path, [records])
    parted = _compare_parts(engine, tmp_path, [records[10:], [], records[:10]])
    assert (parted.crm, parted.erp, parted.rows) == (whole.crm, whole.erp, whole.rows)


def _compare_parts(engine: ComparisonEngine, folder: Path, parts: Sequence[Sequence[Record]]) -> Result:
    with TemporaryDirectory(dir=folder) as name:
        files: list[Path] = []
        for index, part in enumerate(parts):
            inside = Path(name) / str(index)
            inside.mkdir()
            files += Comparer(engine, inside).stage(RULE, part, [])[0]
        with engine.compare(RULE, files, []) as comparison:
            rows = [row for batch in comparison.batches() for row in batch]
            return Result(comparison.crm, comparison.erp, rows, comparison.by_kind, comparison.by_cause)
