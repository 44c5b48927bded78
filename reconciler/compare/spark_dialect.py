"""The comparison's SQL, which is DuckDB's, said in Spark's.

Most of it both understand alike. What differs is in one table, each with its reason. Spark must run with the settings
`SPELLING`, which make it read quotes and backslashes as DuckDB does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from reconciler.compare.invalid_sql import MEMBER_NAMED_FIELD
from reconciler.compare.session import SqlParameter

SPELLING: Final[Mapping[str, str]] = {
    # Arithmetic that overflows is an error and never NULL; decimals read as plain text, never with an exponent.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.ansi.enforceReservedKeywords": "false",
    # Backslashes in a literal are themselves, as regular expressions need. Two quotes for one are not understood then.
    "spark.sql.parser.escapedStringLiterals": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
    # Days before 1582 and instants before 1900 as they are written, not as another calendar has them.
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.caseSensitive": "false",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """What is written otherwise: a pattern of ours, what Spark reads in its place, and why."""

    ours: re.Pattern[str]
    spark: str
    reason: str


def _word(ours: str, spark: str, reason: str) -> Difference:
    return Difference(re.compile(rf"\b{re.escape(ours)}\b"), spark, reason)


def _call(ours: str, spark: str, reason: str) -> Difference:
    return Difference(re.compile(rf"\b{re.escape(ours)}\("), f"{spark}(", reason)


def _text(ours: str, spark: str, reason: str) -> Difference:
    return Difference(re.compile(re.escape(ours)), spark.replace("\\", "\\\\"), reason)


DIFFERENCES: Final = (
    _word("VARCHAR", "STRING", "Spark's VARCHAR needs a length"),
    _word("TIMESTAMP WITH TIME ZONE", "TIMESTAMP", "Spark's TIMESTAMP is an instant; it knows no other words for it"),
    _text(" // ", " DIV ", "division of whole numbers"),
    _call("starts_with", "startswith", "another name"),
    _call("strlen", "octet_length", "another name: the length in bytes"),
    _call("epoch_us", "unix_micros", "another name"),
    _call("regexp_matches", "regexp_like", "another name"),
    _call("list_contains", "array_contains", "another name"),
    _call("json_extract_string", "get_json_object", "another name; a null of JSON is NULL for both"),
    _call("json_keys", "json_object_keys", "another name"),
    _call("unnest", "explode", "another name"),
    _text(", 'g')", ")", "Spark replaces every match, and its fourth argument is a position"),
    _text(
        "json_merge_patch('{}', json_object(",
        "to_json(named_struct(",
        "an object without its nulls: an empty patch drops them in DuckDB, to_json always does",
    ),
    _text(MEMBER_NAMED_FIELD, "from_json(invalid, 'MAP<STRING,STRING>')[field]", "Spark has no JSON pointers"),
    Difference(
        re.compile(r"list_extract\((.+?), list_position\((.+?), field\)\)"),
        r"get(\1, CAST(array_position(\2, field) AS INT) - 1)",
        "the place of what is not in a list is 0 in Spark and NULL in DuckDB, and asking for place 0 is an error",
    ),
    Difference(
        re.compile(r"(string_agg\(\w+, '[^']*') ORDER BY (\w+)\)"),
        r"\1) WITHIN GROUP (ORDER BY \2)",
        "the standard's place for the order",
    ),
    Difference(
        re.compile(r"string_agg\(DISTINCT (\w+), ('[^']*') ORDER BY \1\)"),
        r"CASE WHEN count(\1) > 0 THEN array_join(array_sort(collect_set(\1)), \2) END",
        "Spark 4.0 cannot plan a distinct string_agg beside others",
    ),
    Difference(
        re.compile(r"\blower\((\w+)\)"),
        r"lower(replace(replace(\1, 'Σ', 'σ'), 'İ', 'i'))",
        "Spark's lower knows the final sigma and makes two characters of İ; DuckDB's goes character by character",
    ),
)

_PIECES: Final = re.compile(r"""(?P<literal>'[^']*')|"(?P<name>(?:[^"]|"")*)"|\$(?P<parameter>[a-z_0-9]+)""")


def translated(sql: str, parameters: Mapping[str, SqlParameter]) -> tuple[str, dict[str, SqlParameter]]:
    """A statement as Spark reads it, and those of the parameters that it names.

    Quoted names are left as they are, whatever they hold: only the quotes become Spark's. A list is a list of texts.
    """
    used: dict[str, SqlParameter] = {}
    said: list[str] = []
    plain: list[str] = []
    end = 0
    for piece in _PIECES.finditer(sql):
        plain.append(sql[end : piece.start()])
        end = piece.end()
        if (name := piece["name"]) is not None:
            said += (_plain(plain), "`", name.replace('""', '"').replace("`", "``"), "`")
            plain = []
        elif (parameter := piece["parameter"]) is not None:
            used[parameter] = parameters[parameter]
            # An empty list has no type of its own in Spark.
            a_list = isinstance(used[parameter], list)
            plain.append(f"CAST(:{parameter} AS ARRAY<STRING>)" if a_list else f":{parameter}")
        else:
            plain.append(piece["literal"])
    plain.append(sql[end:])
    said.append(_plain(plain))
    return "".join(said), used


def _plain(parts: list[str]) -> str:
    text = "".join(parts)
    for difference in DIFFERENCES:
        text = difference.ours.sub(difference.spark, text)
    return text
