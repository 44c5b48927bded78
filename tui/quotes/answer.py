"""An answer about taxes in lines of text: exact amounts to the right, their source, what the quote carries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from textual.content import Content

from reconciler.model.findings import Cause
from reconciler.model.taxes import plain_number
from reconciler.taxes.drift import percent
from tui.quotes.asking import Answered
from tui.review.graphemes import shortened
from tui.session import Session
from tui.status import Status, Tone, shown
from tui.text import amount, plain, width
from tui.widgets.sections import columns

_WORDS_CHARACTERS: Final = 300
_TOTALS: Final = ("goods", "taxes_added", "taxes_in_price", "taxes_informative", "total")
_RIGHT: Final = frozenset({2, 3, 4, 5, 6})
_LEFT_OUT: Final = (7, 6, 1, 2, 3)
"""Columns that go first where there is no room: a part of an amount would be another amount."""
_GAP_CELLS: Final = 2
_NONE: Final = "-"

Row = tuple[str, str, str, str, str, str, str, str]


class AnswerView:
    """Says it in the words of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._texts = session.texts

    def lines(self, answered: Answered, room: int) -> list[Content]:
        """The whole answer in lines of at most `room` cells."""
        document = answered.document
        head = [*self._head(document), *self._source(document)]
        if document["status"] != "calculated":
            return [*head, plain(""), *self._unavailable(document)]
        drift = list(self._drift(document))
        warnings = [
            plain(f"! {shortened(each['message'], _WORDS_CHARACTERS)} ({each['code']})", Tone.CAUTION)
            for each in document["warnings"]
        ]
        taxes = [plain(""), *self._taxes(answered, room)]
        return [*head, *warnings, *drift, *taxes, plain(""), *self._totals(document)]

    # Where it comes from.

    def _head(self, document: Mapping[str, Any]) -> Iterator[Content]:
        quote = document.get("quote")
        if quote is None:
            yield plain(self._texts("quotes.would_be"), "bold")
        elif quote["revision"] is None:
            yield plain(self._texts("quotes.quote", number=quote["number"]), "bold")
        else:
            yield plain(
                self._texts("quotes.quote_revision", number=quote["number"], revision=quote["revision"]), "bold"
            )

    def _source(self, document: Mapping[str, Any]) -> Iterator[Content]:
        texts = self._texts
        calculated = document["status"] == "calculated"
        status = Status.STALE if document["stale"] else Status.COMPLETE if calculated else Status.FAILED
        sign = shown(status, texts, ascii_only=self._session.ascii_only) if document["stale"] else plain("")
        age = texts.age(timedelta(seconds=document["age_s"]))
        said = texts(
            f"quotes.source.{document['source']}",
            system=document["system"],
            at=texts.moment(datetime.fromisoformat(document["as_of"])),
            age=age,
            took=str(document["elapsed_ms"]),
        )
        yield Content.assemble(sign, plain("  " if document["stale"] else ""), plain(said, Tone.MUTED))

    def _unavailable(self, document: Mapping[str, Any]) -> Iterator[Content]:
        texts = self._texts
        sign = "!" if self._session.ascii_only else "⊘"
        yield plain(f"{sign} {texts('quotes.unavailable')}", "bold $text-error")
        yield plain(texts("error.why", why=shortened(str(document["message"]), _WORDS_CHARACTERS)))
        yield plain(texts("error.code", code=document["reason"]), Tone.MUTED)
        yield plain(texts("quotes.no_amounts"), Tone.MUTED)
        for line in document.get("rates", ()):
            rates = ", ".join(f"{each['kind']} {_percent(each['rate'])}" for each in line["rates"]) or _NONE
            yield plain(texts("quotes.stated_rates", line=line["line"], rates=rates))

    def _drift(self, document: Mapping[str, Any]) -> Iterator[Content]:
        if "drift" not in document:
            return
        texts, drift = self._texts, document["drift"]
        if drift is None:
            yield plain(texts("quotes.not_compared"), Tone.CAUTION)
        elif drift["status"] == "none":
            yield shown(Status.EQUAL, texts, ascii_only=self._session.ascii_only) + plain(
                "  " + texts("quotes.no_drift"), Tone.GOOD
            )
        else:
            text_id = "quotes.carries_none" if drift["carries_none"] else "quotes.drifted"
            told = texts(text_id, stake=drift["value_at_stake"], owed=drift["owed"], currency=document["currency"])
            sign = shown(Status.DRIFTED, texts, ascii_only=self._session.ascii_only)
            yield sign + plain(f"  {told}", Tone.CAUTION)
        if drift is not None and drift["not_kept"]:
            yield plain(texts("quotes.not_kept", kinds=", ".join(drift["not_kept"])), Tone.MUTED)

    # Taxes by line.

    def _taxes(self, answered: Answered, room: int) -> Iterator[Content]:
        document = answered.document
        rows: list[Row] = [self._headings()]
        heads: dict[int, str] = {}
        tones: list[Tone] = [Tone.MUTED]
        for line in document["lines"]:
            label = line["line"]
            heads[len(rows)] = self._texts(
                "quotes.line", line=label, sku=answered.skus.get(label, ""), goods=line["goods"]
            )
            for row, tone in self._rows(document, line):
                rows.append(row)
                tones.append(tone)
        if all(not line["taxes"] for line in document["lines"]) and len(rows) == 1:
            yield plain(self._texts("quotes.no_taxes"), Tone.MUTED)
        for position, text in enumerate(_fitting(rows, room)):
            if position in heads:
                yield plain(heads[position], "bold")
            yield plain(text, "bold $text-muted" if position == 0 else tones[position])

    def _headings(self) -> Row:
        names = ("kind", "effect", "base", "rate", "amount", "carried", "stake", "cause")
        kind, effect, base, rate, sum_, carried, stake, cause = (self._texts(f"quotes.column.{name}") for name in names)
        return (f"  {kind}", effect, base, rate, sum_, carried, stake, cause)

    def _rows(self, document: Mapping[str, Any], line: Mapping[str, Any]) -> Iterator[tuple[Row, Tone]]:
        differences = _of_line(document.get("drift"), line["line"], "differences")
        by_kind = {each["kind"]: each for each in differences}
        carried = {each["kind"]: each for each in _of_line(document.get("carried"), line["line"], "taxes")}
        for tax in line["taxes"]:
            difference = by_kind.pop(tax["kind"], None)
            effect = "in_price" if tax["in_price"] else "informative" if tax["informative"] else "added"
            yield self._row(tax["kind"], effect, tax, carried.get(tax["kind"]), difference)
        for kind, difference in by_kind.items():
            yield self._row(kind, None, None, carried.get(kind) or difference["carried"], difference)

    def _row(
        self,
        kind: str | None,
        effect: str | None,
        tax: Mapping[str, Any] | None,
        carried: Mapping[str, Any] | None,
        difference: Mapping[str, Any] | None,
    ) -> tuple[Row, Tone]:
        texts = self._texts
        name = texts("quotes.sum") if kind is None else kind.upper()
        cause = "" if difference is None else self._session.words.causes[Cause(difference["cause"])]
        stake = "" if difference is None else difference["value_at_stake"]
        row = (
            f"  {name}",
            "" if effect is None else texts(f"quotes.effect.{effect}"),
            _NONE if tax is None or tax["base"] is None else tax["base"],
            _NONE if tax is None or tax["rate"] is None else _percent(tax["rate"]),
            _NONE if tax is None else tax["amount"],
            _NONE if carried is None or carried["amount"] is None else carried["amount"],
            stake,
            cause,
        )
        return row, Tone.NEUTRAL if difference is None else Tone.CAUTION

    def _totals(self, document: Mapping[str, Any]) -> Iterator[Content]:
        totals: Mapping[str, str] = document["totals"]
        labels = {name: self._texts(f"quotes.total.{name}") for name in _TOTALS}
        left = max(width(label) for label in labels.values())
        right = max(width(totals[name]) for name in _TOTALS)
        for name in _TOTALS:
            label = labels[name] + " " * (left - width(labels[name]))
            text = f"{label}  {amount(totals[name], right)} {document['currency']}"
            yield plain(text, "bold" if name == "total" else "")


def _fitting(rows: Sequence[Row], room: int) -> list[str]:
    """The rows as aligned lines. What has no room is left out as a whole column, and never cut within a number."""
    widths = [max(width(row[place]) for row in rows) for place in range(len(rows[0]))]
    shown_places = list(range(len(widths)))
    for place in _LEFT_OUT:
        if sum(widths[each] + _GAP_CELLS for each in shown_places) - _GAP_CELLS <= room:
            break
        shown_places.remove(place)
    right = frozenset(number for number, place in enumerate(shown_places) if place in _RIGHT)
    return columns([[row[place] for place in shown_places] for row in rows], right=right, room=room)


def _of_line(document: Mapping[str, Any] | None, label: str, name: str) -> Sequence[Mapping[str, Any]]:
    """What a document says of one line; nothing where it says nothing."""
    lines = () if document is None else document["lines"]
    return next((line[name] for line in lines if line["line"] == label), ())


def _percent(rate: str) -> str:
    return f"{plain_number(percent(Decimal(rate)))} %"
