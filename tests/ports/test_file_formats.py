"""Settings of layouts: contradictions are refused when the description is read."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.ports.layout_reading import file_format

_COLUMN = {"name": "a", "start": 1, "width": 5}
_FIXED: dict[str, Any] = {"kind": "fixed_width", "columns": [_COLUMN]}
_DELIMITED: dict[str, Any] = {"kind": "delimited", "delimiter": ";"}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"kind": "csv"}, "kind"),
        ({"kind": "delimited"}, "delimiter"),
        ({**_DELIMITED, "delimiter": ";;"}, "delimiter"),
        ({**_DELIMITED, "delimiter": "\n"}, "neither a space nor the end of a line"),
        ({**_DELIMITED, "quote": ";"}, "two characters"),
        ({**_DELIMITED, "encoding": "ebcdic"}, "encoding"),
        ({**_DELIMITED, "columns": ["a", "b", "a"]}, "different names"),
        ({**_DELIMITED, "columns": []}, "columns"),
        ({**_DELIMITED, "header": True}, "header"),
        ({**_DELIMITED, "skip_rows": -1}, "skip_rows"),
        ({**_FIXED, "columns": [_COLUMN, _COLUMN]}, "different names"),
        ({**_FIXED, "columns": [{**_COLUMN, "start": 0}]}, "start"),
        ({**_FIXED, "line_length": 4}, "ends at 5"),
        ({**_FIXED, "line_length": 9, "short_lines": True}, "contradict"),
        ({**_FIXED, "trailer": {"marker": "9", "count_start": 2}}, "go together"),
        ({"kind": "workbook", "header_row": 0}, "columns must be given"),
        ({"kind": "workbook", "sheet": 0}, "sheet"),
        ({"kind": "workbook", "sheet": ""}, "sheet"),
        ({"kind": "xml"}, "records"),
        ({"kind": "json", "records": 1}, "records"),
        ({"kind": "jsonl", "max_record_kib": 0}, "max_record_kib"),
    ],
)
def test_contradiction_is_an_error(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        file_format(**settings)
