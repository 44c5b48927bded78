"""What a quote of the CRM carries, against the answer."""

from __future__ import annotations

from reconciler.reports.html.markup import EMPTY, Html, Part, element, fill, isolated, join
from reconciler.reports.languages import texts_of
from reconciler.service.page.answer_view import money_words
from reconciler.service.page.asking import Answered
from reconciler.service.page.view import GOOD_GLYPH, WARNING_GLYPH, View, glyph
from reconciler.taxes.drift import Member, QuoteDrift, StatedTax, TaxDifference


def drift_section(answered: Answered, view: View) -> Html:
    """Nothing where no quote of the CRM was asked about."""
    if answered.quote is None:
        return EMPTY
    return element("section", element("h3", view.texts.drift), *_parts(answered, view), class_="card drift")


def _parts(answered: Answered, view: View) -> list[Html]:
    texts, quote = view.texts, answered.quote
    if quote is None:
        return []
    drift = quote.drift
    if drift is None:
        if not answered.keeps_taxes:
            return [element("p", texts.not_kept_anywhere)]
        carried = quote.quote.carried
        if isinstance(carried, str):
            return [_said(WARNING_GLYPH, fill(texts.carried_unreadable, place=isolated(carried)))]
        return [_said(WARNING_GLYPH, texts.drift_needs_answer)]
    parts = [_verdict(drift, answered, view)]
    if drift.carries_none and drift.differences:
        parts.append(element("p", texts.carries_none))
    if drift.not_kept:
        kinds = ", ".join(texts.kinds[kind] for kind in drift.not_kept)
        parts.append(element("p", texts.not_kept.format(kinds=kinds)))
    if drift.differences:
        parts.append(_table(drift, view))
    return parts


def _verdict(drift: QuoteDrift, answered: Answered, view: View) -> Html:
    texts = view.texts
    if not drift.differences:
        return _said(GOOD_GLYPH, texts.no_drift)
    sign = "+" if drift.owed > 0 else ""
    sums = element(
        "dl",
        _tile(texts.at_stake, money_words(drift.at_stake, answered, view)),
        _tile(texts.owed, f"{sign}{money_words(drift.owed, answered, view)}"),
        class_="tiles",
    )
    return join((_said(WARNING_GLYPH, texts.has_drift), sums))


def _said(sign: str, words: Part) -> Html:
    return element(
        "p", glyph(sign), " ", element("strong", words), class_="verdict" if sign == GOOD_GLYPH else "verdict warned"
    )


def _tile(name: str, value: str) -> Html:
    return element("div", element("dt", name), element("dd", value), class_="tile")


def _table(drift: QuoteDrift, view: View) -> Html:
    texts = view.texts
    columns = (texts.kind, texts.why, texts.carried, texts.erp, texts.at_stake)
    head = element("thead", element("tr", *(element("th", name, scope="col") for name in columns)))
    bodies: list[Html] = []
    label: str | None = None
    rows: list[Html] = []
    for each in drift.differences:
        if each.label != label:
            if rows:
                bodies.append(element("tbody", *rows))
            rows, label = [_title(each, view)], each.label
        rows.append(_row(each, view))
    bodies.append(element("tbody", *rows))
    return element("table", head, *bodies, class_="taxes")


def _title(each: TaxDifference, view: View) -> Html:
    name = fill(view.texts.line, line=isolated(each.label))
    cell = element("th", name, " · ", element("strong", isolated(each.sku)), colspan="5", scope="rowgroup")
    return element("tr", cell, class_="line-title")


def _row(each: TaxDifference, view: View) -> Html:
    texts = view.texts
    kind = texts.sum_of_taxes if each.kind is None else texts.kinds[each.kind]
    cause = texts_of(texts.language).causes[each.cause]
    return element(
        "tr",
        element("th", kind, scope="row"),
        element("td", cause, class_="why", data_label=texts.why),
        element("td", _stated(each.carried, each, view), class_="carried", data_label=texts.carried),
        element("td", _stated(each.answered, each, view), class_="erp", data_label=texts.erp),
        element("td", view.figures.amount(each.at_stake), class_="number amount", data_label=texts.at_stake),
    )


def _stated(tax: StatedTax | None, difference: TaxDifference, view: View) -> Html:
    """What one side says, marked where the other one says something else."""
    if tax is None:
        return element("em", view.texts.nothing)
    said = []
    for member in (Member.RATE, Member.BASE, Member.AMOUNT, Member.IN_PRICE):
        shown = _value(tax, member, view)
        if shown is not None:
            words = f"{view.texts.members[member]} {shown}"
            both = difference.carried is not None and difference.answered is not None
            said.append(element("mark", words) if both and member in difference.members else element("span", words))
    return join(said, "; ") if said else element("em", view.texts.nothing)


def _value(tax: StatedTax, member: Member, view: View) -> str | None:
    value = tax.value(member)
    if value is None:
        return None
    if isinstance(value, bool):
        return view.texts.yes if value else view.texts.no
    return view.figures.rate(value) if member is Member.RATE else view.figures.amount(value)
