"""Reads JSON documents that hold a list of records (`JsonFormat`), one record at a time.

With the decoder of the standard library on a sliding piece of text. Streaming parsers over YAJL were measured and left:
nesting without end takes memory without end, a whole number of 5,000 digits ends the process, and half of a surrogate
pair silently becomes a question mark.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

from pydantic import JsonValue

from reconciler.ports.files.encoding import text_chunks
from reconciler.ports.files.formats import JsonFormat
from reconciler.ports.files.layout_error import FileLayoutError
from reconciler.ports.files.layouts.json_text import JsonText


def read_json(path: Path, file_format: JsonFormat) -> Generator[dict[str, JsonValue], None, None]:
    """The records of a file, in order. Numbers keep every digit (`json_values`).

    Raises:
        FileLayoutError: not JSON (NaN and Infinity are not), cut off, nested too deeply, no list at `records`, or
            something in it that is no object. The row is the number of the record, from 1. Records before that place
            have been given by then.
        OSError: it cannot be read.
    """
    with path.open("rb") as stream:
        text = JsonText(text_chunks(stream, file_format.encoding), file_format.max_record_kib * 1024)
        wanted = file_format.records
        if wanted:
            found = yield from _inside(text, wanted)
            if not found:
                raise FileLayoutError(f"there is no list at {wanted}")
        elif text.next_character() in ("[", ""):
            yield from _elements(text)
        else:
            raise FileLayoutError("the document is not a list")
        text.check_at_end()


def _inside(text: JsonText, wanted: str) -> Generator[dict[str, JsonValue], None, bool]:
    """The records of the list at the path `wanted` of the object that begins here. Returns whether there is one."""
    found = False
    for name in _members(text):
        opening = text.next_character()
        if name == wanted and opening == "[":
            found = True
            yield from _elements(text)
        elif wanted.startswith(f"{name}.") and opening == "{":
            is_there = yield from _inside(text, wanted.removeprefix(f"{name}."))
            found = found or is_there
        else:
            text.value()
    return found


def _members(text: JsonText) -> Iterator[str]:
    """The names of the members of the object that begins here; whoever asks for the next has read the value."""
    text.take("{")
    if text.next_character() == "}":
        text.take("}")
        return
    while True:
        name = text.value()
        if not isinstance(name, str):
            raise FileLayoutError("not JSON: the name of a member is no text")
        text.take(":")
        yield name
        if text.take(",}") == "}":
            return


def _elements(text: JsonText) -> Iterator[dict[str, JsonValue]]:
    text.take("[")
    if text.next_character() == "]":
        text.take("]")
        return
    number = 0
    while True:
        number += 1
        try:
            record = text.value()
        except FileLayoutError as error:
            raise FileLayoutError(error.problem, hint=error.hint, row=number) from None
        if not isinstance(record, dict):
            raise FileLayoutError("not an object", row=number)
        yield record
        if text.take(",]") == "]":
            return
