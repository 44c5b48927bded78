"""A JSON text that comes in pieces, read value by value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pydantic import JsonValue

from reconciler.ports.files.layout_error import FileLayoutError
from reconciler.ports.files.layouts.json_values import EXACT_DECODER, JsonRefusedError, check_value, too_deep

_SPACE: Final = re.compile("[ \t\r\n]*")
_NOT_JSON: Final = "not JSON, or cut off"


class JsonText:
    """Reads on from one place, keeping only what was not read yet.

    Args:
        chunks: the text in pieces.
        max_characters: longest value.

    Raises (every method):
        FileLayoutError: not JSON, ended too early, too long a value; and whatever the pieces raise.
    """

    def __init__(self, chunks: Iterator[str], max_characters: int) -> None:
        self._chunks = chunks
        self._max_characters = max_characters
        self._text = ""
        self._place = 0
        self._is_complete = False

    def next_character(self) -> str:
        """The next character that is no space; it stays there. "" at the end."""
        while True:
            found = _SPACE.match(self._text, self._place)
            self._place = found.end() if found else self._place
            if self._place < len(self._text):
                return self._text[self._place]
            if self._is_complete:
                return ""
            self._read_on()

    def take(self, wanted: str) -> str:
        """Pass over the next character, which must be one of those wanted, and give it."""
        character = self.next_character()
        if not character or character not in wanted:
            raise FileLayoutError(_NOT_JSON)
        self._place += 1
        return character

    def check_at_end(self) -> None:
        """Nothing may follow."""
        if self.next_character():
            raise FileLayoutError("something follows the end of the JSON document")

    def value(self) -> JsonValue:
        """The whole value that begins here."""
        self.next_character()
        while True:
            try:
                value, end = EXACT_DECODER.raw_decode(self._text, self._place)
                # A number at the end of the piece may go on in the next one.
                if self._is_complete or end < len(self._text) or self._text[end - 1] in '}]"':
                    check_value(value, self._text[self._place : end])
                    self._place = end
                    decoded: JsonValue = value
                    return decoded
            except JsonRefusedError as error:
                raise FileLayoutError(str(error)) from None
            except RecursionError:
                raise FileLayoutError(str(too_deep())) from None
            except (ValueError, ArithmeticError):
                # The decoder's message may quote the text, so it must not travel further.
                is_wrong = self._is_complete
            else:
                is_wrong = False
            if is_wrong:
                raise FileLayoutError(_NOT_JSON)
            self._read_more_of_value()

    def _read_more_of_value(self) -> None:
        """Twice as much, so that decoding anew costs no more than decoding once in the end."""
        unread = len(self._text) - self._place
        if unread > self._max_characters:
            raise FileLayoutError(f"a record of more than {self._max_characters} characters")
        while not self._is_complete and len(self._text) - self._place < 2 * unread:
            self._read_on()
        if not unread:
            self._read_on()

    def _read_on(self) -> None:
        chunk = next(self._chunks, None)
        self._is_complete = chunk is None
        self._text = self._text[self._place :] + (chunk or "")
        self._place = 0
