"""Reads a file of given bytes through the one entrance, with settings as a description would give them."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from pydantic import JsonValue, TypeAdapter

from reconciler.ports.files.formats import FileFormat
from reconciler.ports.files.layout_error import FileLayoutError
from reconciler.ports.files.reading import read_batches

_FORMATS: TypeAdapter[FileFormat] = TypeAdapter(FileFormat)


def file_format(**settings: object) -> FileFormat:
    """Settings as strictly as a TOML file is read."""
    return _FORMATS.validate_json(orjson.dumps(settings), strict=True)


def records(path: Path, content: bytes, **settings: object) -> list[dict[str, JsonValue]]:
    """All records of a file at `path` with this content."""
    path.write_bytes(content)
    return records_at(path, **settings)


def records_at(path: Path, **settings: object) -> list[dict[str, JsonValue]]:
    """All records of a file; they must be what the snapshot can write as JSON."""
    found = [record for batch in read_batches(path, file_format(**settings), batch_size=3) for record in batch]
    orjson.dumps(found)
    return found


def refusal(path: Path, content: bytes, **settings: object) -> FileLayoutError:
    """The error that reading such a file ends with."""
    with pytest.raises(FileLayoutError) as caught:
        records(path, content, **settings)
    return caught.value
