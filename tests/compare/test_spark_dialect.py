"""Statements of a comparison in Spark's words, without Spark. That the results are equal is proved by `tests/real`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pytest

from reconciler.compare import spark_dialect
from reconciler.compare.layout import layout_of, quote_identifier
from reconciler.compare.procedure import Procedure
from reconciler.compare.session import SqlParameter, SqlValue
from reconciler.compare.spark_dialect import DIFFERENCES, translated
from reconciler.compare.staged_sql import CREATE_CHOSEN_KEY, StagedSide
from reconciler.model.entities import FieldType, Side
from reconciler.model.findings import EntityRule, FieldRule

_ONLY_DUCKDB = re.compile(
    r"VARCHAR|TIMESTAMP WITH TIME ZONE| // |'g'|\$\w|\b(starts_with|strlen|epoch_us|regexp_matches|list_\w+|ltrim|rtrim"
    r"|json_extract\w*|json_keys|json_merge_patch|json_object|unnest|date_diff|read_parquet|regexp_full_match)\("
)
_RULE = EntityRule(
    "things",
    (
        FieldRule("code", FieldType.CODE),
        FieldRule("name", FieldType.TEXT),
        *(FieldRule(f"{kind.value}_{at}", kind, known_codes=frozenset({"A"})) for kind in FieldType for at in "ab"),
        FieldRule("cost", FieldType.DECIMAL, tolerance="0.01"),
        FieldRule("updated_at", FieldType.TIMESTAMP, compared=False),
    ),
    key=("code",),
)


class _Listening:
    """A session in which there is some of everything, so that every statement is made; it keeps them."""

    def __init__(self) -> None:
        self.said: list[tuple[str, Mapping[str, SqlParameter]]] = []

    def execute(self, sql: str, parameters: Mapping[str, SqlParameter] | None = None) -> None:
        self.said.append((sql, parameters or {}))

    def rows(self, sql: str, parameters: Mapping[str, SqlParameter] | None = None) -> list[tuple[SqlValue, ...]]:
        self.said.append((sql, parameters or {}))
        if "SELECT DISTINCT field" in sql:
            return [("name",), ("odd",)]
        if "$suspicious" in sql or "LIMIT" in sql:
            return [("K", "São", "SÃ£o")]
        return [tuple([1] * max(1, sql.count("count("), sql.count("sum(")))]

    def load(self, table: str, columns: Sequence[Sequence[str | int]]) -> None:
        assert len({len(column) for column in columns}) == 1


@pytest.fixture(scope="module")
def said() -> list[tuple[str, Mapping[str, SqlParameter]]]:
    """Every statement of a comparison that has to do everything."""
    session = _Listening()
    session.execute(CREATE_CHOSEN_KEY)
    layout = layout_of(_RULE)
    crm, erp = (StagedSide(side, layout, f"{side.value}_staged", restricted=True, parents="p") for side in Side)
    procedure = Procedure(session, layout, crm, erp, {})
    procedure.run()
    procedure.make_matched_parents()
    without_files = StagedSide(Side.CRM, layout, None)
    session.execute(without_files.rows())
    return session.said


def test_no_word_of_duckdb_alone_is_left(said: list[tuple[str, Mapping[str, SqlParameter]]]) -> None:
    for sql, parameters in said:
        text, used = translated(sql, parameters)
        assert _ONLY_DUCKDB.findall(text) == []
        assert set(re.findall(r"(?<![:\w]):(\w+)", text)) == set(used)


def test_every_difference_is_needed_and_has_a_reason(
    said: list[tuple[str, Mapping[str, SqlParameter]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that no statement has would be left behind by a change of the statements, and say nothing."""
    everything = [translated(sql, parameters) for sql, parameters in said]
    for difference in DIFFERENCES:
        others = tuple(other for other in DIFFERENCES if other is not difference)
        monkeypatch.setattr(spark_dialect, "DIFFERENCES", others)
        assert [translated(sql, parameters) for sql, parameters in said] != everything, difference.ours
        assert difference.reason


def test_names_and_values_are_left_as_they_are() -> None:
    """Whatever a field is called: no word of its name is translated, and none ends the name."""
    hostile = "starts_with(x) // $name_1 'VARCHAR' \"q\" `b` lower(crm_value)"
    text, used = translated(f"SELECT {quote_identifier(hostile)}, '$.cause' FROM t WHERE a = $b", {"b": "$c", "z": 1})
    assert text == f"SELECT `{hostile.replace('`', '``')}`, '$.cause' FROM t WHERE a = :b"
    assert used == {"b": "$c"}


def test_a_list_is_a_list_of_texts() -> None:
    """An empty one has no type of its own in Spark, and nothing could be looked for in it."""
    text, used = translated("SELECT list_contains($codes, x)", {"codes": []})
    assert (text, used) == ("SELECT array_contains(CAST(:codes AS ARRAY<STRING>), x)", {"codes": []})
