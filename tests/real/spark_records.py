"""Two staged systems of any size in which everything occurs that a comparison can say, made by DuckDB itself.

Most values are equal on both sides. The others are the pairs of `tests/compare/test_causes.py`, which show every cause
of every type, and more at the edges. Keys have two parts. Some records are on one side only, in the same and in other
words; some share a key; links pair records, say the same of several, or contradict a key; records and fields are
unreadable. A third of the records have lines.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import duckdb

from reconciler.mapping.canonical_plain import fold_plain
from reconciler.model import staging
from reconciler.model.entities import FieldType, Side
from reconciler.model.findings import EntityRule, FieldRule
from tests.compare.staged import FieldValue
from tests.compare.test_causes import CASES, ORDER

T = FieldType
HOSTILE: Final = 'odd `name` with "quotes", $entity and lower(x)'

THINGS: Final = EntityRule(
    "things",
    (
        FieldRule("code", T.CODE),
        FieldRule("branch", T.DIGITS),
        FieldRule("legal_name", T.TEXT),
        FieldRule("folded", T.TEXT, exact=False),
        FieldRule(HOSTILE, T.TEXT, owner="crm"),
        FieldRule("status", T.CODE, known_codes=frozenset({"ABCD", "AB10", "K0", "K1", "K2"})),
        FieldRule("group", T.CODE),
        FieldRule("tax_id", T.DOCUMENT),
        FieldRule("registration", T.REGISTRATION),
        FieldRule("mail", T.EMAIL, owner="erp"),
        FieldRule("phone", T.DIGITS),
        FieldRule("fax", T.DIGITS),
        FieldRule("price", T.DECIMAL, owner="erp"),
        FieldRule("cost", T.DECIMAL, tolerance="0.01"),
        FieldRule("active", T.BOOLEAN),
        FieldRule("since", T.DATE),
        FieldRule("seen", T.TIMESTAMP),
        FieldRule("updated_at", T.TIMESTAMP, compared=False),
    ),
    key=("code", "branch"),
)
LINES: Final = EntityRule(
    "things.lines",
    (
        FieldRule("parent_code", T.CODE),
        FieldRule("parent_branch", T.DIGITS),
        FieldRule("sequence", T.CODE),
        FieldRule("product", T.CODE),
        FieldRule("description", T.TEXT),
        FieldRule("quantity", T.DECIMAL, tolerance="0"),
        FieldRule("delivery", T.DATE),
    ),
    key=("parent_code", "parent_branch", "sequence"),
)

_EDGES: Final[Mapping[FieldType, Sequence[tuple[FieldValue, FieldValue]]]] = {
    T.TEXT: [
        ("ΟΔΟΣ Σ", "οδος ς"),
        ("İstanbul", "istanbul"),
        ("Straße", "STRASSE"),
        ("😀 Loja", "Loja"),
        ("x" * 499 + "😀ç", "x" * 501 + "ç"),
        ("é" * 501, "É" * 501),
        ("e\u0301 a", "é b"),
        ('a "b" \\ c/d', "a 'b' $x ‘c’"),
        ("ﬁm", "fim"),
        ("...", "---"),
        ("\u2028x", "x\u00ad"),
    ],
    T.DECIMAL: [
        (Decimal("999999999999999999.9999999999"), Decimal("-999999999999999999.9999999999")),
        (Decimal("999999999999999999.9999999999"), Decimal("0.0000000001")),
        (Decimal("0.0000000001"), Decimal("-0.0000000002")),
        (Decimal("1.005"), Decimal("1.015")),
        (Decimal("0"), Decimal("0.01")),
        (Decimal("0.5"), Decimal("0")),
        (Decimal("1.5"), Decimal("2")),
        (Decimal("2.5"), Decimal("2")),
    ],
    T.DATE: [
        (date(1, 1, 1), date(9999, 12, 31)),
        (date(1582, 10, 15), date(1582, 10, 4)),
        (date(9999, 12, 31), date(9999, 12, 30)),
        (date(1, 1, 1), date(1, 1, 2)),
    ],
    T.TIMESTAMP: [
        (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
        (datetime(1883, 11, 18, 12, 3, 58, tzinfo=UTC), datetime(1883, 11, 18, 12, 4, tzinfo=UTC)),
        (datetime(2026, 3, 4, 12, 0, 0, 500000, tzinfo=UTC), datetime(2026, 3, 4, 12, 0, 0, 1, tzinfo=UTC)),
    ],
}
_SQL_TYPES: Final = {
    T.DECIMAL: "DECIMAL(28, 10)",
    T.BOOLEAN: "BOOLEAN",
    T.DATE: "DATE",
    T.TIMESTAMP: "TIMESTAMP WITH TIME ZONE",
}
_CLEAN: Final = {
    T.TEXT: "'Casa ' || hex(hash(i + {0}) % 1048576) || ' Çedilha ' || hex(hash(i + {0} + 7) % 65536)",
    T.CODE: "'K' || hash(i + {0}) % 3",
    T.DOCUMENT: "printf('%014d', hash(i + {0}) % 100000000000000)",
    T.REGISTRATION: "printf('%09d', hash(i + {0}) % 1000000000)",
    T.EMAIL: "'a' || i || '@example.com'",
    T.DIGITS: "printf('%011d', hash(i + {0}) % 100000000000)",
    T.DECIMAL: "CAST(CAST(hash(i + {0}) % 10000000 AS DECIMAL(28, 10)) / 10000 AS DECIMAL(28, 10))",
    T.BOOLEAN: "hash(i + {0}) % 3 > 0",
    T.DATE: "DATE '2000-01-01' + (hash(i + {0}) % 9000)::INTEGER",
    T.TIMESTAMP: "TIMESTAMPTZ '2026-01-01 00:00:00+00' + to_hours((hash(i + {0}) % 200)::INTEGER)",
}
_ODD_PER_MILLE: Final = 25
_WHY: Final[Mapping[str, str | None]] = {"reason": "is not a number", "value": 'x"ç\\'}
_INVALID: Final[Sequence[Mapping[str, Mapping[str, str | None]]]] = [
    {"price": {"cause": "unreadable_value", **_WHY}},
    {"legal_name": {**_WHY, "value": None}, "price": {"cause": "unreadable_value", "reason": "odd"}},
    {HOSTILE: {"cause": "unreadable_value", "reason": "is not a text", "value": "😀"}},
    {"updated_at": {"cause": "unreadable_value", "reason": "odd", "value": "x" * 700}},
    {"un/known~ 'x'": {"cause": "invalid_document", "reason": "odd", "value": "z"}},
]
_REJECTED: Final = [
    {"field": "tax_id", "cause": "invalid_document", "reason": "is not a CNPJ", "value": "123"},
    {"field": None, "cause": "unreadable_record", "reason": "is not an object", "value": None},
    {"field": "price", "cause": None, "reason": "odd", "value": "ç"},
]
_FILES: Final = 3
_SALT: Final = {Side.CRM: 0, Side.ERP: 7001}


def write_things(folder: Path, rows: int) -> tuple[dict[Side, list[Path]], dict[Side, list[Path]]]:
    """Write about `rows` records for each side, and lines for a third of them; give the files of both."""
    connection = duckdb.connect(config={"preserve_insertion_order": False, "temp_directory": str(folder / "spill")})
    try:
        connection.execute("SET TimeZone = 'UTC'")
        pools = {kind: _make_pool(connection, kind) for kind in FieldType}
        for name, told in (("invalid_pool", _INVALID), ("rejected_pool", _REJECTED)):
            texts = [json.dumps(each, ensure_ascii=False) for each in told]
            connection.execute(
                f"CREATE TABLE {name} AS SELECT unnest($1) AS i, unnest($2) AS told", [_numbers(texts), texts]
            )
        records = {
            side: [
                _write(connection, folder / f"{side.value}-{part}.parquet", _records_sql(rows, part, side, pools))
                for part in range(_FILES)
            ]
            for side in Side
        }
        lines = {
            side: [_write(connection, folder / f"{side.value}.lines.parquet", _lines_sql(records[side], side, pools))]
            for side in Side
        }
    finally:
        connection.close()
    return records, lines


def _write(connection: duckdb.DuckDBPyConnection, path: Path, sql: str) -> Path:
    connection.sql(sql).write_parquet(str(path), compression="zstd")
    return path


def _numbers(items: Sequence[object]) -> list[int]:
    return list(range(len(items)))


def _pairs(kind: FieldType) -> Sequence[tuple[FieldValue, FieldValue]]:
    cases = [case[:3] for case in CASES.values()] + [case[:3] for case in ORDER.values()]
    return [*((crm, erp) for its_kind, crm, erp in cases if its_kind is kind), *_EDGES.get(kind, ())]


def _make_pool(connection: duckdb.DuckDBPyConnection, kind: FieldType) -> int:
    """Make `pool_<type>(i, crm, erp, crm_form, erp_form)`, the pairs of values of a type; say how many there are."""
    told = _pairs(kind)
    pairs = [*told, *((erp, crm) for crm, erp in told)]
    pairs.append((None, next((value for pair in pairs for value in pair if value is not None), None)))
    sides = [[pair[side] for pair in pairs] for side in range(2)]
    columns = [*sides, *([_form(kind, value) for value in side] for side in sides)]
    texts = [[None if value is None else str(value) for value in column] for column in columns]
    sql_type = _SQL_TYPES.get(kind, "VARCHAR")
    values = ", ".join(
        f"unnest(CAST(${index} AS {sql_type}[])) AS {name}"
        for index, name in enumerate(("crm", "erp", "crm_form", "erp_form"), 2)
    )
    connection.execute(f"CREATE TABLE pool_{kind.value} AS SELECT unnest($1) AS i, {values}", [_numbers(pairs), *texts])
    return len(pairs)


def _form(kind: FieldType, value: FieldValue) -> FieldValue:
    return (fold_plain(value) or None) if kind is T.TEXT and isinstance(value, str) else value


def _records_sql(rows: int, part: int, side: Side, pools: Mapping[FieldType, int]) -> str:
    """Of 1,000 records: one on each side only, eight under another key on each side, of which two or three are linked
    and two are linked to the same one, three twice, three that link to another record's partner, two rejected, one
    without a key and four with unreadable fields.
    """
    here, other, salt = side.value, side.other.value, _SALT[side]
    key = f"code || chr({ord(staging.KEY_SEPARATOR)}) || branch"
    apart = "(lot BETWEEN 10 AND 15 OR i % 1000 BETWEEN 500 AND 501)"
    first, last = rows * part // _FILES, rows * (part + 1) // _FILES
    fields = [(index, field) for index, field in enumerate(THINGS.fields) if field.name not in THINGS.key]
    return f"""
        WITH numbered AS (
            SELECT i, hash(i) % 1000 AS lot, hash(i + {salt}) % 1000 AS own, hash(i * 43 + {salt}) AS draw
            FROM range({first}, {last}) AS numbers(i)
        ), present AS (
            SELECT *, '' AS copy FROM numbered WHERE lot <> {5 if side is Side.CRM else 6}
            UNION ALL SELECT *, 'b' FROM numbered WHERE own < 3
        ), placed AS (
            SELECT *,
                'C' || i // 7 AS code,
                printf('%03d', i % 7) || CASE WHEN {apart} THEN '{here[0]}' ELSE '' END AS branch,
                '{here}' || i || copy AS id,
                CASE
                    WHEN lot BETWEEN 10 AND 11 THEN '{other}' || i
                    WHEN lot = 12 AND i % 2 = 0 THEN '{other}' || i
                    WHEN i % 1000 BETWEEN 500 AND 501 AND '{here}' = 'crm' THEN '{other}' || (i - i % 1000 + 500)
                    WHEN lot = 14 THEN '{other}missing'
                    WHEN own BETWEEN 10 AND 12 THEN '{other}' || (i + 1)
                    WHEN own BETWEEN 13 AND 60 THEN '{other}' || i
                END AS link,
                CASE WHEN own BETWEEN 70 AND 71 THEN draw % {len(_REJECTED)} END AS pick_rejected,
                CASE WHEN own BETWEEN 80 AND 83 THEN draw % {len(_INVALID)} END AS pick_invalid,
                {_drawn(fields, pools, side)}
            FROM present
        )
        SELECT
            CASE WHEN pick_rejected IS NULL OR draw % 4 > 0 THEN id END AS {staging.ID},
            CASE WHEN own <> 75 AND (pick_rejected IS NULL OR draw % 2 > 0) THEN {key} END AS {staging.KEY},
            link AS {staging.LINK}, CAST(NULL AS VARCHAR) AS {staging.PARENT},
            (placed.i // 500)::INTEGER AS {staging.PAGE}, (placed.i % 500)::INTEGER AS {staging.POSITION},
            rejected_pool.told AS {staging.REJECTED}, invalid_pool.told AS {staging.INVALID},
            {", ".join(_key_columns(THINGS))}, {_value_columns(fields, side)}
        FROM placed {_pool_joins(fields)}
            LEFT JOIN rejected_pool ON rejected_pool.i = pick_rejected
            LEFT JOIN invalid_pool ON invalid_pool.i = pick_invalid
        ORDER BY draw"""


def _lines_sql(parents: Sequence[Path], side: Side, pools: Mapping[FieldType, int]) -> str:
    """Two lines of each third usable record; of 100 lines one is missing."""
    here, salt = side.value, _SALT[side]
    separator = f"chr({ord(staging.KEY_SEPARATOR)})"
    fields = [(index, field) for index, field in enumerate(LINES.fields) if field.name not in LINES.key]
    files = ", ".join(f"'{path}'" for path in parents)
    return f"""
        WITH parent AS (
            SELECT {staging.ID} AS parent_id, {staging.KEY} AS parent_key, "form.code" AS parent_code,
                "form.branch" AS parent_branch, ({staging.PAGE} * 500 + {staging.POSITION})::UBIGINT AS number
            FROM read_parquet([{files}])
            WHERE {staging.REJECTED} IS NULL
        ), numbered AS (
            SELECT *, number * 2 + nth AS i, nth::VARCHAR AS sequence
            FROM parent, (SELECT unnest([0, 1])::UBIGINT AS nth)
            WHERE number % 3 = 0 AND hash(number * 2 + nth + {salt}) % 100 > 0
        ), placed AS (
            SELECT *, CAST(NULL AS BIGINT) AS pick_rejected, CAST(NULL AS BIGINT) AS pick_invalid,
                {_drawn(fields, pools, side)}
            FROM numbered
        )
        SELECT '{here}' || parent_id || '.' || sequence AS {staging.ID},
            parent_key || {separator} || sequence AS {staging.KEY},
            CAST(NULL AS VARCHAR) AS {staging.LINK}, parent_id AS {staging.PARENT},
            (number // 500)::INTEGER AS {staging.PAGE}, (number % 500)::INTEGER AS {staging.POSITION},
            CAST(NULL AS VARCHAR) AS {staging.REJECTED}, CAST(NULL AS VARCHAR) AS {staging.INVALID},
            {", ".join(_key_columns(LINES))}, {_value_columns(fields, side)}
        FROM placed {_pool_joins(fields)}"""


_Fields = Sequence[tuple[int, FieldRule]]


def _drawn(fields: _Fields, pools: Mapping[FieldType, int], side: Side) -> str:
    """`clean_<n>`, equal on both sides, and `pick_<n>`, the pair of the pool that is there instead, for each field."""
    columns = []
    for index, field in fields:
        salt = _SALT[side] if field.name == "updated_at" else 0
        clean = _CLEAN[field.type].format(index * 11 + salt)
        if field.name in ("phone", "fax") and side is Side.ERP:
            # Telephone and fax stand side by side in the rule; now and then the ERP has them exchanged.
            exchanged = _CLEAN[field.type].format((index + (1 if field.name == "phone" else -1)) * 11)
            clean = f"CASE WHEN i % 300 = 7 THEN {exchanged} ELSE {clean} END"
        is_odd = f"hash(i * 31 + {index}) % 1000 < {_ODD_PER_MILLE}"
        pick = f"CASE WHEN {is_odd} THEN hash(i * 37 + {index}) % {pools[field.type]} END"
        columns += [f"{clean} AS clean_{index}", f"{pick} AS pick_{index}"]
    return ", ".join(columns)


def _pool_joins(fields: _Fields) -> str:
    return " ".join(
        f"LEFT JOIN pool_{field.type.value} AS p{index} ON p{index}.i = pick_{index}" for index, field in fields
    )


def _key_columns(rule: EntityRule) -> list[str]:
    return [
        f"CASE WHEN pick_rejected IS NULL THEN {name} END AS {_quoted(staging.form_column(name))}" for name in rule.key
    ]


def _value_columns(fields: _Fields, side: Side) -> str:
    columns = []
    for index, field in fields:
        unreadable = [str(number) for number, told in enumerate(_INVALID) if field.name in told]
        is_null = f"pick_rejected IS NOT NULL OR coalesce(pick_invalid IN ({', '.join(unreadable) or 'NULL'}), FALSE)"
        clean, folded = f"clean_{index}", f"upper(replace(clean_{index}, 'Ç', 'C'))"
        for name, drawn, otherwise in (
            (staging.value_column(field.name), side.value, clean),
            (staging.form_column(field.name), f"{side.value}_form", folded if field.type is T.TEXT else clean),
        ):
            if name == staging.form_column(field.name) or staging.has_value_column(field.type):
                columns.append(
                    f"CASE WHEN {is_null} THEN NULL WHEN pick_{index} IS NOT NULL THEN p{index}.{drawn}"
                    f" ELSE {otherwise} END AS {_quoted(name)}"
                )
    return ", ".join(columns)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
