"""Every cause, on the smallest pair that shows it, and the order in which causes are tried."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from reconciler.compare.engine import ComparisonEngine
from reconciler.model.entities import FieldType
from reconciler.model.findings import FieldRule, FindingRow
from tests.compare.staged import Comparer, FieldValue, Record, record, rule_of

T = FieldType
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def _decimals(one: str, other: str) -> tuple[Decimal, Decimal]:
    return Decimal(one), Decimal(other)


CASES: dict[str, tuple[FieldType, FieldValue, FieldValue, str, dict[str, str]]] = {
    "missing in the CRM": (T.TEXT, None, "Ana", "missing_value", {"side": "crm"}),
    "missing in the ERP": (T.DECIMAL, Decimal(0), None, "missing_value", {"side": "erp"}),
    "case": (T.TEXT, "Comércio Ágil", "COMÉRCIO ÁGIL", "case", {}),
    "a double space": (T.TEXT, "Casa  Nova", "Casa Nova", "spacing", {}),
    "a no-break space and case": (T.TEXT, "Casa\u00a0Nova", "CASA NOVA", "spacing", {}),
    "a missing space": (T.TEXT, "CasaNova", "Casa Nova", "spacing", {}),
    "an invisible character": (T.TEXT, "Casa\u200bNova", "CasaNova", "spacing", {}),
    "a space inside a code": (T.CODE, "AB 10", "AB10", "spacing", {}),
    "accents": (T.TEXT, "Comércio São João", "Comercio Sao Joao", "accents", {}),
    "accents, case and spaces": (T.TEXT, "Açúcar  União", "ACUCAR UNIAO", "accents", {}),
    "compatibility characters": (T.TEXT, "Loja nº 3", "Loja no 3", "accents", {}),
    "full-width digits": (T.TEXT, "Loja １２", "Loja 12", "accents", {}),
    "UTF-8 read as Windows-1252": (T.TEXT, "São João", "SÃ£o JoÃ£o", "mojibake", {"side": "erp"}),
    "a control character dropped": (T.TEXT, "Ãndice", "Índice", "mojibake", {"side": "crm"}),
    "UTF-8 read as Latin-1": (T.TEXT, "FÃ¡cil", "Fácil", "mojibake", {"side": "crm"}),
    "damaged twice": (T.TEXT, "Café", "CafÃƒÂ©", "mojibake", {"side": "erp"}),
    "a quotation mark damaged": (T.TEXT, "Bar “Sol”", "Bar â€œSolâ€", "mojibake", {"side": "erp"}),
    "one mark per character": (T.TEXT, "Jos? da Concei??o", "José da Conceição", "mojibake", {"side": "crm"}),
    "one mark per byte": (T.TEXT, "Jos?? Gra??a", "José Graça", "mojibake", {"side": "crm"}),
    "replacement characters": (T.TEXT, "Jos\ufffd Silva", "José Silva", "mojibake", {"side": "crm"}),
    "a question mark in both is no damage": (T.TEXT, "Que tal? Sim", "Que tal? Nao", "unexplained", {}),
    "punctuation": (T.TEXT, "Silva & Cia. Ltda.", "Silva Cia Ltda", "punctuation", {}),
    "punctuation and accents": (T.TEXT, "São-João S/A", "SAO JOAO SA", "punctuation", {}),
    "punctuation in a code": (T.CODE, "AB-10", "AB10", "punctuation", {}),
    "punctuation in an address": (T.EMAIL, "ana.lima@example.com", "analima@example.com", "punctuation", {}),
    "truncated in the ERP": (T.TEXT, "Casa Horizonte", "Casa Hor", "truncated", {"length": "8", "side": "erp"}),
    "truncated in the CRM": (T.TEXT, "Açúcar", "Açúcar União", "truncated", {"length": "6", "side": "crm"}),
    "five characters are enough": (T.CODE, "ABCDE", "ABCDEF", "truncated", {"length": "5", "side": "crm"}),
    "four characters are not": (T.CODE, "ABCD", "ABCDEF", "unexplained", {}),
    "truncated telephone": (T.DIGITS, "1199998888", "11999988887", "truncated", {"length": "10", "side": "crm"}),
    "leading zeros of a code": (T.CODE, "0042", "42", "leading_zeros", {"side": "erp"}),
    "leading zeros of digits": (T.DIGITS, "1310100", "01310100", "leading_zeros", {"side": "crm"}),
    "leading zeros of a registration": (T.REGISTRATION, "0123", "123", "leading_zeros", {"side": "erp"}),
    "leading zeros of a document": (T.DOCUMENT, "00123", "123", "leading_zeros", {"side": "erp"}),
    "leading zeros of a number in text": (T.TEXT, "007", "7", "leading_zeros", {"side": "erp"}),
    "a zero before a word in text": (T.TEXT, "0Sul", "Sul", "unexplained", {}),
    "sign": (T.DECIMAL, *_decimals("-12.50", "12.5"), "sign", {}),
    "scale ×100": (T.DECIMAL, *_decimals("1250", "12.50"), "scale", {"factor": "100", "larger": "crm"}),
    "scale ÷10⁶": (T.DECIMAL, *_decimals("0.000012", "12"), "scale", {"factor": "1000000", "larger": "erp"}),
    "scale of the largest amount": (
        T.DECIMAL, *_decimals("999999999999000000", "999999999999"), "scale", {"factor": "1000000", "larger": "crm"},
    ),
    "scale ×10⁷ is no mistake of scale": (T.DECIMAL, *_decimals("12", "120000000"), "unexplained", {}),
    "scale of a negative amount": (T.DECIMAL, *_decimals("-5", "-50"), "scale", {"factor": "10", "larger": "erp"}),
    "zero is not a power of ten times anything": (T.DECIMAL, *_decimals("0", "40"), "unexplained", {}),
    "rounded half up": (T.DECIMAL, *_decimals("10.13", "10.125"), "rounding", {"decimals": "2", "side": "crm"}),
    "rounded half even": (T.DECIMAL, *_decimals("10.125", "10.12"), "rounding", {"decimals": "2", "side": "erp"}),
    "rounded toward zero": (T.DECIMAL, *_decimals("10.129", "10.12"), "rounding", {"decimals": "2", "side": "erp"}),
    "negative rounded toward zero": (
        T.DECIMAL, *_decimals("-10.129", "-10.12"), "rounding", {"decimals": "2", "side": "erp"},
    ),
    "rounded away from zero": (T.DECIMAL, *_decimals("10.121", "10.13"), "unexplained", {}),
    "rounded to a trailing zero": (T.DECIMAL, *_decimals("1.196", "1.2"), "rounding", {"decimals": "2", "side": "erp"}),
    "rounded to a whole number": (T.DECIMAL, *_decimals("7", "7.4999"), "rounding", {"decimals": "0", "side": "crm"}),
    "ten places rounded to nine": (
        T.DECIMAL, *_decimals("0.1234567890", "0.1234567891"), "rounding", {"decimals": "9", "side": "crm"},
    ),
    "same number of places": (T.DECIMAL, *_decimals("10.12", "10.13"), "unexplained", {}),
    "one day later": (T.DATE, date(2026, 3, 1), date(2026, 2, 28), "time_zone", {"days": "1", "later": "crm"}),
    "two days later": (T.DATE, date(2026, 3, 2), date(2026, 2, 28), "unexplained", {}),
    "three hours": (T.TIMESTAMP, NOON, NOON + timedelta(hours=3), "time_zone", {"hours": "3", "later": "erp"}),
    "five and a half hours": (
        T.TIMESTAMP, NOON, NOON - timedelta(hours=5.5), "time_zone", {"hours": "5.5", "later": "crm"},
    ),
    "fourteen hours": (T.TIMESTAMP, NOON, NOON + timedelta(hours=14), "time_zone", {"hours": "14", "later": "erp"}),
    "more than fourteen hours": (T.TIMESTAMP, NOON, NOON + timedelta(hours=14.5), "unexplained", {}),
    "hours and a second": (T.TIMESTAMP, NOON, NOON + timedelta(hours=3, seconds=1), "unexplained", {}),
    "day and month": (T.DATE, date(2026, 3, 4), date(2026, 4, 3), "day_month_swapped", {}),
    "day and month of another year": (T.DATE, date(2026, 3, 4), date(2025, 4, 3), "unexplained", {}),
    "day and month of an instant": (T.TIMESTAMP, NOON, NOON.replace(month=4, day=3), "day_month_swapped", {}),
    "booleans": (T.BOOLEAN, True, False, "unexplained", {}),
    "other text": (T.TEXT, "Ana", "Bia", "unexplained", {}),
}  # fmt: skip


ORDER: dict[str, tuple[FieldType, FieldValue, FieldValue, str]] = {
    "case before accents": (T.TEXT, "É", "é", "case"),
    "spacing before accents": (T.TEXT, "é  a", "É a", "spacing"),
    "accents before mojibake": (T.TEXT, "SÃO", "SÁO", "accents"),
    "mojibake before punctuation": (T.TEXT, "Ana €", "Ana â‚¬", "mojibake"),
    "punctuation before truncated": (T.TEXT, "Silva e Filhos", "Silva e Filhos.", "punctuation"),
    "truncated before leading zeros": (T.DIGITS, "00000", "0000000", "truncated"),
    "leading zeros before what nothing explains": (T.CODE, "00A", "A", "leading_zeros"),
    "sign before scale": (T.DECIMAL, Decimal(-1), Decimal(1), "sign"),
    "scale before rounding": (T.DECIMAL, Decimal("0.1"), Decimal("0.01"), "scale"),
}


@pytest.fixture(scope="module")
def explained(engine: ComparisonEngine, tmp_path_factory: pytest.TempPathFactory) -> dict[str, FindingRow]:
    """The finding of every case by its name, from one comparison with a field for each type."""
    rule = rule_of(*(FieldRule(f"{kind.value}_field", kind) for kind in FieldType))
    crm, erp = [], []
    pairs = {name: case[:3] for name, case in CASES.items()} | {name: case[:3] for name, case in ORDER.items()}
    for name, (kind, crm_value, erp_value) in pairs.items():
        crm.append(Record("1", name, {f"{kind.value}_field": crm_value}))
        erp.append(Record("2", name, {f"{kind.value}_field": erp_value}))
    result = Comparer(engine, tmp_path_factory.mktemp("causes"))(rule, crm, erp)
    return {row.key: row for row in result.rows}


@pytest.mark.parametrize("name", CASES)
def test_a_difference_is_explained(explained: dict[str, FindingRow], name: str) -> None:
    """Each cause with what its sentence needs."""
    kind, _, _, cause, detail = CASES[name]
    found = explained[name]
    assert (found.kind, found.field, found.cause) == ("differs", f"{kind.value}_field", cause)
    assert json.loads(found.detail) == detail


SWAPS: dict[str, tuple[FieldType, FieldValue, FieldValue]] = {
    "texts": (T.TEXT, "Ana", "Bia"),
    "dates": (T.DATE, date(2026, 1, 5), date(2025, 9, 1)),
    "amounts": (T.DECIMAL, Decimal(3), Decimal(7)),
    "telephones": (T.DIGITS, "111", "222"),
}


@pytest.mark.parametrize(("kind", "one", "other"), SWAPS.values(), ids=SWAPS)
def test_exchanged_fields_name_each_other(
    compare: Comparer, kind: FieldType, one: FieldValue, other: FieldValue
) -> None:
    """The two findings name the other field."""
    rule = rule_of(FieldRule("left", kind), FieldRule("middle", kind), FieldRule("right", kind))
    result = compare(rule, [record("1", "K", left=one, right=other)], [record("2", "K", left=other, right=one)])
    assert {(row.field, row.cause, row.detail) for row in result.rows} == {
        ("left", "swapped_fields", '{"field":"right"}'),
        ("right", "swapped_fields", '{"field":"left"}'),
    }


def test_two_booleans_are_not_taken_for_exchanged(compare: Comparer) -> None:
    """Yes and no are exchanged by chance too often."""
    rule = rule_of(FieldRule("left", T.BOOLEAN), FieldRule("right", T.BOOLEAN))
    result = compare(rule, [record("1", "K", left=True, right=False)], [record("2", "K", left=False, right=True)])
    assert result.by_cause == {"unexplained": 2}


def test_fields_of_different_types_are_not_taken_for_exchanged(compare: Comparer) -> None:
    """A telephone and a code may be the same characters and are not the same thing."""
    rule = rule_of(FieldRule("left", T.DIGITS), FieldRule("right", T.CODE))
    result = compare(rule, [record("1", "K", left="12", right="34")], [record("2", "K", left="34", right="12")])
    assert result.by_cause == {"unexplained": 2}


@pytest.mark.parametrize(
    ("crm", "erp", "cause", "detail"),
    [
        ("OPEN", "X9", "unmapped_code", '{"side":"erp","code":"X9"}'),
        ("X9", "OPEN", "unmapped_code", '{"side":"crm","code":"X9"}'),
        ("OPEN", "DONE", "unexplained", "{}"),
    ],
    ids=["unknown in the ERP", "unknown in the CRM", "both known"],
)
def test_a_code_outside_the_list_is_unmapped(compare: Comparer, crm: str, erp: str, cause: str, detail: str) -> None:
    """Only codes that no translation leads to."""
    rule = rule_of(FieldRule("status", T.CODE, known_codes=frozenset({"OPEN", "DONE"})))
    found = compare(rule, [record("1", "K", status=crm)], [record("2", "K", status=erp)]).only()
    assert (found.cause, json.loads(found.detail)) == (cause, json.loads(detail))


def test_without_a_code_list_no_code_is_unmapped(compare: Comparer) -> None:
    """An empty list would make every code unmapped; no list makes none."""
    rule = rule_of(FieldRule("status", T.CODE))
    assert compare(rule, [record("1", "K", status="A")], [record("2", "K", status="B")]).only().cause == "unexplained"


STAMPS: dict[str, tuple[datetime | None, datetime | None, str, dict[str, str]]] = {
    "ERP newer": (NOON, NOON + timedelta(hours=25), "stale_side", {"newer": "erp", "hours": "25"}),
    "CRM newer": (NOON + timedelta(days=3, minutes=59), NOON, "stale_side", {"newer": "crm", "hours": "72"}),
    "exactly a day": (NOON, NOON + timedelta(days=1), "unexplained", {}),
    "one stamp unknown": (NOON, None, "unexplained", {}),
}


@pytest.mark.parametrize(("crm", "erp", "cause", "detail"), STAMPS.values(), ids=STAMPS)
def test_a_side_changed_more_than_a_day_later_explains_what_nothing_else_does(
    compare: Comparer, crm: datetime | None, erp: datetime | None, cause: str, detail: dict[str, str]
) -> None:
    """The change stamps themselves are not compared."""
    rule = rule_of(FieldRule("name_of_it", T.CODE), FieldRule("updated_at", T.TIMESTAMP, compared=False))
    found = compare(
        rule,
        [record("1", "K", name_of_it="A", updated_at=crm)],
        [record("2", "K", name_of_it="B", updated_at=erp)],
    ).only()
    assert (found.field, found.cause, json.loads(found.detail)) == ("name_of_it", cause, detail)


@pytest.mark.parametrize("name", ORDER)
def test_the_first_cause_that_explains_wins(explained: dict[str, FindingRow], name: str) -> None:
    """In the order of `Cause`."""
    assert explained[name].cause == ORDER[name][-1]


def test_folded_comparison_sees_no_case_spaces_or_accents(compare: Comparer) -> None:
    """`exact=False` compares forms and still shows the values as written."""
    rule = rule_of(FieldRule("it", T.TEXT, exact=False))
    crm = [record("1", "K", it="São  João"), record("2", "L", it="Ana")]
    erp = [record("8", "K", it="SAO JOAO"), record("9", "L", it="Ána B")]
    found = compare(rule, crm, erp).only()
    assert (found.key, found.crm_value, found.erp_value, found.cause) == ("L", "Ana", "Ána B", "unexplained")
