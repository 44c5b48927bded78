"""An answer for people: how it stands, the totals, and every tax of every line."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from reconciler.model.taxes import Charge, QuoteLine, Tax
from reconciler.reports.html.markup import EMPTY, Html, Part, element, fill, isolated, join
from reconciler.service.page.asking import Answered
from reconciler.service.page.view import View, banner, unseen
from reconciler.taxes.answer import Calculated, Delivery, LineTaxes, Note, Source, Totals, Unavailable
from reconciler.taxes.sentences import sentence

CHARGE_GLYPHS: Final = {Charge.IN_PRICE: "⊂", Charge.ADDED: "+", Charge.INFORMATIVE: "i"}
_MOST_COLUMNS: Final = 6
_SIGNS: Final = {"BRL": "R$"}
_LONGEST_ON_SCREEN_S: Final = 900.0


def standing(answered: Answered, view: View) -> Html:
    """Green for what was calculated; yellow for what is old, or not there."""
    texts, delivery, result = view.texts, answered.delivery, answered.delivery.result
    origin = element("p", _origin(answered, view), class_="origin")
    if isinstance(result, Unavailable):
        said = element("p", isolated(sentence(result.reason.code, result.reason.details, texts.language)))
        code = element("p", texts.reason_code, ": ", element("code", result.reason.code), class_="origin")
        return banner(texts.unavailable, said, element("p", texts.no_amounts), _rates(answered, result, view), code)
    if delivery.stale:
        return banner(texts.stale, origin, _notes(answered, view))
    return banner(
        texts.calculated,
        origin,
        _notes(answered, view),
        good=True,
        data_fresh_s=f"{_fresh_s(delivery):.0f}",
        data_aged=texts.aged,
        data_aged_lead=texts.aged_lead,
    )


def status_words(answered: Answered, view: View) -> str:
    """The same in two or three words."""
    if isinstance(answered.delivery.result, Unavailable):
        return view.texts.unavailable
    return view.texts.stale if answered.delivery.stale else view.texts.calculated


def amounts(answered: Answered, result: Calculated, view: View) -> Html:
    """Totals and lines."""
    texts = view.texts
    has_codes = any(tax.code for line in result.lines for tax in line.taxes)
    columns = [texts.kind, texts.base, texts.rate, texts.amount, texts.charge, *([texts.code] if has_codes else [])]
    head = element("thead", element("tr", *(element("th", name, scope="col") for name in columns)))
    lines = [
        _line(asked, line, view, len(columns))
        for asked, line in zip(answered.question.lines, result.lines, strict=True)
    ]
    return join((_totals(result.totals, answered, view), element("table", head, *lines, class_="taxes amounts")))


def origin_words(answered: Answered, view: View) -> str:
    """Age and source, as one plain sentence."""
    texts, figures, delivery = view.texts, view.figures, answered.delivery
    if delivery.source is Source.LIVE:
        moment = figures.moment(delivery.as_of)
        return texts.live.format(system=answered.system, elapsed_ms=delivery.elapsed_ms, moment=moment)
    age, moment = figures.age(delivery.age_s), figures.moment(delivery.as_of)
    return texts.kept.format(age=age, system=answered.system, moment=moment)


def _origin(answered: Answered, view: View) -> Part:
    expires_at = answered.delivery.expires_at
    if expires_at is None:
        return origin_words(answered, view)
    until = fill(view.texts.valid_until, moment=view.figures.moment(expires_at))
    return join((origin_words(answered, view), until), " ")


def _fresh_s(delivery: Delivery) -> float:
    """How long the page may show it as calculated: until it would be asked again."""
    if delivery.expires_at is None:
        return _LONGEST_ON_SCREEN_S
    return max(0.0, (delivery.expires_at - delivery.as_of).total_seconds() - delivery.age_s)


def _notes(answered: Answered, view: View) -> Html:
    result = answered.delivery.result
    told: tuple[Note, ...] = (*getattr(result, "warnings", ()), *answered.delivery.warnings)
    if not told:
        return EMPTY
    items = [element("li", isolated(sentence(note.code, note.details, view.texts.language))) for note in told]
    return join((element("p", element("strong", view.texts.warnings)), element("ul", *items)))


def _rates(answered: Answered, result: Unavailable, view: View) -> Html:
    if not result.rates:
        return EMPTY
    texts = view.texts
    rows = []
    for asked, stated in zip(answered.question.lines, result.rates, strict=True):
        rates = "; ".join(f"{texts.kinds[each.kind]} {view.figures.rate(each.rate)}" for each in stated)
        name = fill(texts.line, line=isolated(asked.label))
        rows.append(element("li", name, " · ", isolated(asked.sku), ": ", rates or texts.no_taxes))
    return join((element("p", texts.rates_stated, ":"), element("ul", *rows)))


def _totals(totals: Totals, answered: Answered, view: View) -> Html:
    texts = view.texts
    shown = [
        (texts.goods, totals.goods, ""),
        (texts.taxes_in_price, totals.in_price, ""),
        (texts.taxes_added, totals.added, ""),
    ]
    if totals.informative:
        shown.append((texts.taxes_informative, totals.informative, ""))
    shown.append((texts.total, totals.total, texts.total_note))
    tiles = [
        element(
            "div",
            element("dt", name),
            element("dd", money_words(amount, answered, view), element("span", note, class_="hint") if note else EMPTY),
            class_="tile whole" if note else "tile",
        )
        for name, amount, note in shown
    ]
    return element("dl", *tiles, class_="tiles")


def _line(asked: QuoteLine, line: LineTaxes, view: View, columns: int) -> Html:
    texts, figures = view.texts, view.figures
    name = fill(texts.line, line=isolated(asked.label))
    sums = join(
        (goods_words(asked, line, view), texts.taxes_of_line.format(amount=figures.amount(line.taxes_total))), "; "
    )
    title = element(
        "th",
        element("span", name, " · ", element("strong", isolated(asked.sku))),
        element("span", sums, class_="sums"),
        colspan=str(columns),
        scope="rowgroup",
    )
    rows = [_tax(tax, view, has_code=columns == _MOST_COLUMNS) for tax in line.taxes]
    if not rows:
        rows = [element("tr", element("td", texts.no_taxes, colspan=str(columns), class_="none"))]
    return element("tbody", element("tr", title, class_="line-title"), *rows)


def money_words(amount: Decimal, answered: Answered, view: View) -> str:
    """An amount with its currency."""
    sign = _SIGNS.get(answered.currency, answered.currency)
    return f"{sign} {view.figures.amount(amount)}"


def goods_words(asked: QuoteLine, line: LineTaxes, view: View) -> str:
    """How the price of a line comes about."""
    figures = view.figures
    discount = f" − {figures.quantity(asked.discount)} %" if asked.discount else ""
    price = figures.amount(asked.unit_price)
    return f"{figures.quantity(asked.quantity)} × {price}{discount} = {figures.amount(line.goods)}"


def _tax(tax: Tax, view: View, *, has_code: bool) -> Html:
    texts, figures = view.texts, view.figures
    untold = join((element("span", "–", aria_hidden="true"), unseen(texts.not_told)))
    base: Part = untold if tax.base is None else figures.amount(tax.base)
    if tax.deduction:
        less = texts.less.format(amount=figures.amount(tax.deduction))
        base = join((base, " ", element("span", less, class_="hint")))
    code = element("td", isolated(tax.code or ""), class_="code", data_label=texts.code)
    charge = join(
        (element("span", CHARGE_GLYPHS[tax.charge], class_="glyph", aria_hidden="true"), " ", texts.charges[tax.charge])
    )
    return element(
        "tr",
        element("th", texts.kinds[tax.kind], scope="row"),
        element("td", base, class_="number base", data_label=texts.base),
        element(
            "td", untold if tax.rate is None else figures.rate(tax.rate), class_="number rate", data_label=texts.rate
        ),
        element("td", figures.amount(tax.amount), class_="number amount", data_label=texts.amount),
        element("td", charge, class_="charge", data_label=texts.charge),
        *([] if not has_code else [code]),
    )
