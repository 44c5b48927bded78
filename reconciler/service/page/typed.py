"""A would-be quote as somebody typed it: kept as text, so that a form with a mistake comes back as it was."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import zip_longest
from typing import Any, Final

from reconciler.service.page.figures import AmbiguousNumberError, Figures
from reconciler.service.page.texts import PageTexts

LINE_FIELDS: Final = ("sku", "quantity", "unit_price", "discount")
NUMBERS: Final = ("quantity", "unit_price", "discount")
_NUMBER: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?")
CHOICES: Final[Mapping[str, bool | None]] = {"": None, "yes": True, "no": False}

Fields = Sequence[tuple[str, str]]
"""Names and values of a form, in its order."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A field that cannot be used.

    Attributes:
        place: of the field in the would-be quote, such as `lines[0].sku`.
        message: for the person who typed it.
    """

    place: str
    message: str


@dataclass(frozen=True, slots=True)
class TypedLine:
    """One line. Each is the text of its field, "" when left empty."""

    sku: str = ""
    quantity: str = ""
    unit_price: str = ""
    discount: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed into it."""
        return not (self.sku or self.quantity or self.unit_price or self.discount)

    def text(self, field: str) -> str:
        """What was typed into one of `LINE_FIELDS`."""
        return str(getattr(self, field))


@dataclass(frozen=True, slots=True)
class TypedQuote:
    """A form. `lines` has at least one.

    Attributes:
        final_consumer, taxpayer: keys of `CHOICES`.
        date: as a date field of a browser writes it; "" for today.
    """

    tax_id: str = ""
    prospect: bool = False
    final_consumer: str = ""
    taxpayer: str = ""
    state: str = ""
    city_ibge: str = ""
    date: str = ""
    lines: tuple[TypedLine, ...] = (TypedLine(),)

    @classmethod
    def from_fields(cls, fields: Fields, *, keep_blank: bool = False) -> TypedQuote:
        """What a form sent. Fields of lines are repeated in the order of the lines; those left blank are left out."""
        found = {name: one_line(value) for name, value in fields}
        columns = [[one_line(value) for name, value in fields if name == field] for field in LINE_FIELDS]
        lines = [TypedLine(*texts) for texts in zip_longest(*columns, fillvalue="")]
        kept = tuple(line for line in lines if keep_blank or not line.is_blank)
        return cls(
            tax_id=found.get("tax_id", ""),
            prospect="prospect" in found,
            final_consumer=found.get("final_consumer", ""),
            taxpayer=found.get("taxpayer", ""),
            state=found.get("state", ""),
            city_ibge=found.get("city_ibge", ""),
            date=found.get("date", ""),
            lines=kept or (TypedLine(),),
        )

    @classmethod
    def of_quote(cls, would_be: Mapping[str, Any], figures: Figures) -> TypedQuote:
        """A quote of the CRM as it would be typed, to ask what a change of it would cost."""
        lines = [
            TypedLine(str(line.get("sku") or ""), *(_as_typed(line.get(name), figures) for name in NUMBERS))
            for line in would_be["lines"]
        ]
        tax_id = str(would_be["customer"].get("tax_id") or "")
        ship_to = would_be.get("ship_to") or {}
        state, city = (str(ship_to.get(name) or "") for name in ("state", "city_ibge"))
        return cls(tax_id=tax_id, state=state, city_ibge=city, lines=tuple(lines) or (TypedLine(),))

    def retyped(self, before: Figures, now: Figures) -> TypedQuote:
        """The same form for readers of another language. A number without one meaning stays as it is."""
        lines = [
            TypedLine(line.sku, *(_retyped(line.text(name), before, now) for name in NUMBERS)) for line in self.lines
        ]
        return replace(self, lines=tuple(lines))

    def ambiguous(self, texts: PageTexts, figures: Figures) -> list[Mistake]:
        """The numbers that have two meanings. In `document` they are none."""
        return [
            Mistake(f"lines[{place}].{name}", _two_ways(line.text(name), texts))
            for place, line in enumerate(self.lines)
            for name in NUMBERS
            if _read(line.text(name), figures) is None
        ]

    def document(self, figures: Figures) -> dict[str, Any]:
        """The JSON that `taxes.request` reads, which checks it."""
        return {
            "customer": {
                "tax_id": self.tax_id or None,
                "prospect": self.prospect,
                "final_consumer": CHOICES.get(self.final_consumer),
                "taxpayer": CHOICES.get(self.taxpayer),
            },
            "ship_to": {"state": self.state or None, "city_ibge": self.city_ibge or None},
            "date": self.date or None,
            "lines": [_line_document(line, figures) for line in self.lines],
        }


def _line_document(line: TypedLine, figures: Figures) -> dict[str, str | None]:
    found: dict[str, str | None] = {"sku": line.sku}
    for name in NUMBERS:
        typed = line.text(name)
        found[name] = _read(typed, figures) or "" if typed or name != "discount" else None
    return found


def _read(typed: str, figures: Figures) -> str | None:
    """The number as JSON has it, or what was typed where it is none; None where it could be either of two."""
    try:
        return figures.read(typed)
    except AmbiguousNumberError:
        return None


def _two_ways(typed: str, texts: PageTexts) -> str:
    digits = "".join(each for each in typed if each.isdigit())
    decimal = typed.replace("." if texts.decimal_mark == "," else ",", texts.decimal_mark)
    return texts.ambiguous_number.format(typed=typed, plain=digits, decimal=decimal)


def one_line(value: str, longest: int | None = None) -> str:
    """Pasted text often brings spaces of several kinds with it; of a longer one the beginning."""
    return " ".join(value.split())[:longest]


def _retyped(typed: str, before: Figures, now: Figures) -> str:
    try:
        return _as_typed(before.read(typed), now) if typed else ""
    except AmbiguousNumberError:
        return typed


def _as_typed(value: object, figures: Figures) -> str:
    """What is no plain number stays as it is."""
    text = "" if value is None else str(value)
    return figures.typed(Decimal(text)) if _NUMBER.fullmatch(text) else text
