"""The one error of reading a file: it is not laid out as its description says."""

from __future__ import annotations


class FileLayoutError(ValueError):
    """A file is not laid out as its description says. Names the place, never what is written there.

    Attributes:
        problem: what is wrong, without the place and the end of the sentence.
        hint: what to do, one sentence, or "".
        sheet: name of the sheet as the description gives it, or None.
        row: from 1. In text files the line on which the record begins; in a sheet the row number people see; in XML
            the line; in a JSON document the number of the record. None when the place is the whole file.
        column: from 1, or None.
    """

    def __init__(
        self,
        problem: str,
        *,
        hint: str = "",
        sheet: str | None = None,
        row: int | None = None,
        column: int | None = None,
    ) -> None:
        self.problem = problem
        self.hint = hint
        self.sheet = sheet
        self.row = row
        self.column = column
        super().__init__(problem)

    def __str__(self) -> str:
        places = (("sheet", self.sheet), ("row", self.row), ("column", self.column))
        place = ", ".join(f"{name} {value}" for name, value in places if value is not None)
        sentence = f"{place}: {self.problem}" if place else self.problem
        return f"{sentence.rstrip('.')}. {self.hint}".strip()
