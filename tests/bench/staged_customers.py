"""Staged customers of two systems for benchmarks, made by DuckDB itself: no record passes through Python.

Both sides hold the same made-up customers but for 1 % missing on each side, 0.2 % with a key that occurs twice, and
values changed on the ERP's side in the ways that real systems differ.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb

from reconciler.model import staging
from reconciler.model.entities import FieldType, Side
from reconciler.model.findings import EntityRule, FieldRule

CUSTOMERS: Final = EntityRule(
    "customers",
    (
        FieldRule("tax_id", FieldType.DOCUMENT),
        FieldRule("legal_name", FieldType.TEXT),
        FieldRule("trade_name", FieldType.TEXT),
        FieldRule("street", FieldType.TEXT),
        FieldRule("city", FieldType.TEXT),
        FieldRule("email", FieldType.EMAIL),
        FieldRule("phone", FieldType.DIGITS),
        FieldRule("state", FieldType.CODE),
        FieldRule("zip", FieldType.DIGITS),
        FieldRule("credit_limit", FieldType.DECIMAL, tolerance="0.01"),
        FieldRule("sales_volume", FieldType.DECIMAL),
        FieldRule("active", FieldType.BOOLEAN),
        FieldRule("since", FieldType.DATE),
        FieldRule("updated_at", FieldType.TIMESTAMP, compared=False),
    ),
    key=("tax_id",),
)
"""Twelve compared fields beside the key."""

_PER_MILLE_MISSING: Final = 10
_PER_MILLE_TWICE: Final = 2
_PER_CENT_CHANGED: Final = 3
_RECORDS_PER_PAGE: Final = 500
_FILES: Final = 4

_WORDS = (
    "['Comércio', 'Indústria', 'Distribuidora', 'Açúcar', 'São', 'João', 'Conceição', 'Metalúrgica', 'Serviços', "
    "'Transportes', 'Alimentos', 'Têxtil', 'Química', 'Papéis', 'Móveis', 'Aços', 'Vidros', 'Máquinas', 'Plásticos', "
    "'Ferragens', 'Elétrica', 'Padaria', 'Farmácia', 'Construções', 'Gráfica']"
)
_CITIES = (
    "['São Paulo', 'Rio de Janeiro', 'Curitiba', 'Belo Horizonte', 'Florianópolis', 'Goiânia', 'Brasília', 'Maringá']"
)
_STATES = "['SP', 'RJ', 'PR', 'MG', 'SC', 'GO', 'DF']"

_MACROS = (
    "CREATE MACRO pick(options, seed) AS options[1 + (hash(seed) % len(options))::INTEGER]",
    f"CREATE MACRO name_of(seed) AS pick({_WORDS}, seed) || ' ' || upper(hex(hash(seed + 1) % 65536)::VARCHAR)",
    "CREATE MACRO fold(value) AS upper(strip_accents(value))",
)

_CLEAN: Final = {
    "legal_name": "name_of(i) || ' ' || name_of(i + 1000003) || ' Ltda'",
    "trade_name": "name_of(i + 5)",
    "street": "'Rua ' || name_of(i + 9) || ', ' || hash(i) % 3000",
    "city": f"pick({_CITIES}, i + 3)",
    "email": "'contato' || i || '@example.com'",
    "phone": "printf('%011d', hash(i + 11) % 100000000000)",
    "state": f"pick({_STATES}, i + 3)",
    "zip": "printf('%08d', hash(i + 29) % 100000000)",
    "credit_limit": "(hash(i + 13) % 100000000) / 100",
    "sales_volume": "(hash(i + 17) % 10000000000) / 10000",
    "active": "hash(i + 19) % 10 > 0",
    "since": "DATE '2015-01-01' + (hash(i + 23) % 4000)::INTEGER",
}

_TEXT_CHANGES = (
    "upper({0})",
    "strip_accents({0})",
    "substr({0}, 1, 8)",
    "{0} || ' Filial'",
    "replace({0}, ' ', '  ')",
    "replace(replace({0}, 'ã', 'Ã£'), 'ç', 'Ã§')",
    "CAST(NULL AS VARCHAR)",
)
_CHANGES: Final = {
    **dict.fromkeys(("legal_name", "trade_name", "street", "city"), _TEXT_CHANGES),
    "email": ("'x' || {0}", "replace({0}, 'contato', 'con.tato')"),
    "phone": ("substr({0}, 1, 10)", "ltrim({0}, '0') || '7'"),
    "state": ("'EX'",),
    "zip": ("ltrim({0}, '0')", "reverse({0})"),
    "credit_limit": ("{0} * 100", "-{0}", "{0} + 1"),
    "sales_volume": ("round({0}, 2)", "{0} + 1"),
    "active": ("NOT {0}",),
    "since": ("{0} + 1", "{0} + 40"),
}


def write_customers(folder: Path, rows: int, *, changed_of: str) -> dict[Side, list[Path]]:
    """Write about `rows` customers for each side and give the files.

    Args:
        changed_of: `values` changes 3 % of the values of every field, so that three records in ten differ somewhere;
            `records` changes one value in 3 % of the records.
    """
    connection = duckdb.connect(config={"preserve_insertion_order": False, "temp_directory": str(folder / "spill")})
    try:
        for macro in _MACROS:
            connection.execute(macro)
        return {
            side: [_write(connection, folder, rows, side, part, changed_of) for part in range(_FILES)] for side in Side
        }
    finally:
        connection.close()


def _write(
    connection: duckdb.DuckDBPyConnection, folder: Path, rows: int, side: Side, part: int, changed_of: str
) -> Path:
    path = folder / f"{side.value}-{part}.parquet"
    connection.sql(_side_sql(rows, side, part, changed_of)).write_parquet(str(path), compression="zstd")
    return path


def _side_sql(rows: int, side: Side, part: int, changed_of: str) -> str:
    salt = 50 if side is Side.ERP else 0
    clean = ", ".join(f"{text} AS {name}" for name, text in _CLEAN.items())
    values = ", ".join(_changed(name, number, side, changed_of) for number, name in enumerate(_CLEAN, 1))
    first, last = rows * part // _FILES, rows * (part + 1) // _FILES
    return f"""
        WITH customer AS (
            SELECT i, printf('%014d', i * 97 + 12345) AS tax_id, {clean} FROM range({first}, {last}) AS numbers(i)
        ), present AS (
            SELECT * FROM customer WHERE hash(i + {salt}) % 1000 >= {_PER_MILLE_MISSING}
            UNION ALL
            SELECT * REPLACE (i + 10000000000 AS i) FROM customer WHERE hash(i + {salt + 1}) % 1000 < {_PER_MILLE_TWICE}
        ), changed AS (SELECT i, tax_id, {values} FROM present)
        SELECT {_staged_columns(side, salt)} FROM changed ORDER BY hash(i + {salt})"""


def _changed(name: str, number: int, side: Side, changed_of: str) -> str:
    if side is Side.CRM:
        return name
    changes = _CHANGES[name]
    cases = " ".join(f"WHEN {index} THEN {change.format(name)}" for index, change in enumerate(changes))
    # Two seeds, so that which values change does not decide how they change.
    chosen = f"hash(i * 31 + {number}) % 100 < {_PER_CENT_CHANGED}"
    if changed_of == "records":
        chosen = f"hash(i * 31) % 100 < {_PER_CENT_CHANGED} AND hash(i * 37) % {len(_CLEAN)} = {number - 1}"
    return (
        f"CASE WHEN {chosen} THEN CASE hash(i * 41 + {number}) % {len(changes)} {cases} END ELSE {name} END AS {name}"
    )


def _staged_columns(side: Side, salt: int) -> str:
    columns = [
        f"'{side.value}' || i AS {staging.ID}",
        f"tax_id AS {staging.KEY}",
        *(f"CAST(NULL AS VARCHAR) AS {name}" for name in (staging.LINK, staging.PARENT)),
        f"(i // {_RECORDS_PER_PAGE})::INTEGER AS {staging.PAGE}",
        f"(i % {_RECORDS_PER_PAGE})::INTEGER AS {staging.POSITION}",
        *(f"CAST(NULL AS VARCHAR) AS {name}" for name in (staging.REJECTED, staging.INVALID)),
    ]
    for field in CUSTOMERS.fields:
        form = f'"{staging.form_column(field.name)}"'
        if field.type is FieldType.TEXT:
            columns += [f'{field.name} AS "{staging.value_column(field.name)}"', f"fold({field.name}) AS {form}"]
        elif field.type is FieldType.DECIMAL:
            columns.append(f"CAST({field.name} AS DECIMAL(28, 10)) AS {form}")
        elif field.type is FieldType.TIMESTAMP:
            hours = f"to_hours((hash(i + {salt + 37}) % 200)::INTEGER)"
            columns.append(f"TIMESTAMPTZ '2026-01-01 00:00:00+00' + {hours} AS {form}")
        else:
            columns.append(f"{field.name} AS {form}")
    return ", ".join(columns)
