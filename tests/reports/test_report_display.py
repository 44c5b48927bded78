"""Numbers and dates in the page, in both languages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reconciler.model.entities import FieldType
from reconciler.reports.html.display import Display
from tests.reports.report_samples import usual_report

_LONG = "12,345,678,901,234,567.0000000001"
_EXACT = "4 Mar 2026 09:00:00.250000 -03:00"
_AT_NIGHT = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)


def _display(locale: str) -> Display:
    return Display.of(usual_report(locale))


@pytest.mark.parametrize(("locale", "shown"), [("pt-BR", "1.234.567"), ("en", "1,234,567")])
def test_counts_have_their_thousands_separated(locale: str, shown: str) -> None:
    assert _display(locale).count(1_234_567) == shown


@pytest.mark.parametrize(
    ("locale", "shown"),
    [("pt-BR", "21/11/2026, 22:02 (America/Sao_Paulo)"), ("en", "21 Nov 2026, 22:02 (America/Sao_Paulo)")],
)
def test_moments_are_on_the_clock_of_the_readers(locale: str, shown: str) -> None:
    assert _display(locale).moment(_AT_NIGHT) == shown
    assert _display(locale).day(_AT_NIGHT) == shown.split(",")[0]


@pytest.mark.parametrize(
    ("value", "kind", "portuguese", "english"),
    [
        ("4928.8400", FieldType.DECIMAL, "4.928,8400", "4,928.8400"),
        ("-0.50", FieldType.DECIMAL, "-0,50", "-0.50"),
        ("1234567", FieldType.DECIMAL, "1.234.567", "1,234,567"),
        ("12345678901234567.0000000001", FieldType.DECIMAL, "12.345.678.901.234.567,0000000001", _LONG),
        ("NaN", FieldType.DECIMAL, "NaN", "NaN"),
        ("1e999999", FieldType.DECIMAL, "1e999999", "1e999999"),
        ("12 reais", FieldType.DECIMAL, "12 reais", "12 reais"),
        ("2026-03-04", FieldType.DATE, "04/03/2026", "4 Mar 2026"),
        ("04/03/2026", FieldType.DATE, "04/03/2026", "04/03/2026"),
        ("2026-03-04T12:00:00+00:00", FieldType.TIMESTAMP, "04/03/2026 09:00:00 -03:00", "4 Mar 2026 09:00:00 -03:00"),
        ("2026-03-04T12:00:00.25+00:00", FieldType.TIMESTAMP, "04/03/2026 09:00:00.250000 -03:00", _EXACT),
        ("0012", FieldType.CODE, "0012", "0012"),
        ("1234.5", None, "1234.5", "1234.5"),
    ],
)  # fmt: skip
def test_values_keep_every_digit(value: str, kind: FieldType | None, portuguese: str, english: str) -> None:
    assert _display("pt-BR").value(value, kind) == portuguese
    assert _display("en").value(value, kind) == english
