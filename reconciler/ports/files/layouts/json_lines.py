"""Reads files with one JSON object per line (`JsonLinesFormat`)."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from pydantic import JsonValue

from reconciler.ports.files.formats import JsonLinesFormat
from reconciler.ports.files.layout_error import FileLayoutError
from reconciler.ports.files.layouts.json_values import EXACT_DECODER, JsonRefusedError, check_value
from reconciler.ports.files.layouts.lines import Lines


def read_json_lines(path: Path, file_format: JsonLinesFormat) -> Generator[dict[str, JsonValue], None, None]:
    """The records of a file, in order. Numbers keep every digit (`json_values`).

    Raises:
        FileLayoutError: a line that is no JSON object (NaN and Infinity are not JSON), or is too long; names the row.
            Records before that place have been given by then.
        OSError: it cannot be read.
    """
    with path.open("rb") as stream:
        lines = Lines(stream, file_format.encoding, file_format.max_record_kib)
        for line in lines:
            lines.begin_record()
            if line.isspace():
                continue
            record = _decoded(line, lines.number)
            if not isinstance(record, dict):
                raise FileLayoutError("not a JSON object", row=lines.number)
            yield record


def _decoded(line: str, row: int) -> JsonValue:
    try:
        value: JsonValue = EXACT_DECODER.decode(line)
        check_value(value, line)
    except JsonRefusedError as error:
        raise FileLayoutError(str(error), row=row) from None
    except (ValueError, ArithmeticError, RecursionError):
        # The decoders' messages may quote the line, so they must not travel further.
        pass
    else:
        return value
    raise FileLayoutError("not a JSON object, or cut off", row=row)
