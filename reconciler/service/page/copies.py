"""An answer as plain text and as CSV, to be carried into a message or a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO

from reconciler.reports.cells import safe_cell
from reconciler.reports.html.markup import visible
from reconciler.service.page.answer_view import goods_words, money_words, origin_words, status_words
from reconciler.service.page.asking import Answered
from reconciler.service.page.view import View
from reconciler.taxes.answer import Calculated
from reconciler.taxes.drift import percent


def as_text(answered: Answered, result: Calculated, view: View) -> str:
    """For a message: one line for each tax, and the totals. Always with its age and source."""
    texts, figures, totals = view.texts, view.figures, result.totals
    said = [quote_words(answered, view), f"{status_words(answered, view)}. {origin_words(answered, view)}"]
    for asked, line in zip(answered.question.lines, result.lines, strict=True):
        name = texts.line.format(line=visible(asked.label))
        said.append(f"{name} · {visible(asked.sku)}: {goods_words(asked, line, view)}")
        for tax in line.taxes:
            rate = "" if tax.rate is None else f" {figures.rate(tax.rate)}"
            base = "" if tax.base is None else f" × {figures.amount(tax.base)}"
            less = f" − {figures.amount(tax.deduction)}" if tax.deduction else ""
            amount = f"{figures.amount(tax.amount)} ({texts.charges[tax.charge]})"
            said.append(f"  {texts.kinds[tax.kind]}:{rate}{base}{less} = {amount}")
    sums = [
        (texts.goods, totals.goods),
        (texts.taxes_in_price, totals.in_price),
        (texts.taxes_added, totals.added),
        (texts.taxes_informative, totals.informative),
        (texts.total, totals.total),
    ]
    said += [f"{name}: {money_words(amount, answered, view)}" for name, amount in sums]
    return "\n".join(each for each in said if each)


def as_csv(answered: Answered, result: Calculated, view: View) -> str:
    """For a spreadsheet in this language: one row for each tax; nothing in it is calculated by the spreadsheet."""
    written = StringIO()
    rows = csv.writer(written, delimiter=view.texts.csv_delimiter, lineterminator="\r\n")
    rows.writerow(view.texts.csv_columns.values())
    for row in _rows(answered, result, view):
        rows.writerow([safe_cell(row[name]) for name in view.texts.csv_columns])
    return written.getvalue()


def quote_words(answered: Answered, view: View) -> str:
    """Which quote of the CRM it is; "" for typed lines."""
    if answered.quote is None:
        return ""
    quote, texts = answered.quote.quote, view.texts
    name = texts.result_of_quote.format(number=visible(quote.number))
    return name if quote.revision is None else f"{name}, {texts.revision.format(revision=visible(quote.revision))}"


def _rows(answered: Answered, result: Calculated, view: View) -> Iterator[dict[str, str]]:
    texts, figures = view.texts, view.figures
    whole = {
        "quote": "" if answered.quote is None else answered.quote.quote.number,
        "status": status_words(answered, view),
        "system": answered.system,
        "currency": answered.currency,
        "as_of": answered.delivery.as_of.isoformat(),
    }
    for asked, line in zip(answered.question.lines, result.lines, strict=True):
        of_line = {
            **whole,
            "line": asked.label,
            "sku": asked.sku,
            "quantity": figures.typed(asked.quantity),
            "unit_price": figures.typed(asked.unit_price),
            "discount": figures.typed(asked.discount),
            "goods": figures.plain_amount(line.goods),
        }
        if not line.taxes:
            yield {**of_line, **dict.fromkeys(("kind", "charge", "base", "rate", "amount", "code"), "")}
        for tax in line.taxes:
            yield {
                **of_line,
                "kind": texts.kinds[tax.kind],
                "charge": texts.charges[tax.charge],
                "base": "" if tax.base is None else figures.plain_amount(tax.base),
                "rate": "" if tax.rate is None else figures.typed(percent(tax.rate)),
                "amount": figures.plain_amount(tax.amount),
                "code": tax.code or "",
            }
