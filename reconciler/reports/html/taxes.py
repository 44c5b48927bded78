"""How many open quotes carry other taxes than the ERP answers today, in one sentence."""

from __future__ import annotations

from reconciler.model.entities import FieldType
from reconciler.reports.html.display import Display
from reconciler.reports.html.markup import EMPTY, Html, element, fill
from reconciler.reports.report import Report, TaxReport


def taxes_section(report: Report, display: Display) -> Html:
    """The sentence, and why quotes could not be compared. Empty where the run did not compare them."""
    taxes = report.taxes
    if taxes is None:
        return EMPTY
    reasons = [
        element("li", element("code", reason), ": ", display.count(count)) for reason, count in taxes.reasons.items()
    ]
    return element(
        "section",
        element("h2", display.texts.taxes),
        element("p", _words(taxes, display), class_="lead"),
        element("ul", *reasons) if reasons else EMPTY,
        id="taxes",
    )


def _words(taxes: TaxReport, display: Display) -> Html | str:
    if taxes.value_at_stake is None:
        return display.texts.taxes_not_read
    numbers = {
        name: display.count(number or 0)
        for name, number in (
            ("quotes", taxes.quotes),
            ("calculated", taxes.calculated),
            ("unavailable", taxes.unavailable),
            ("drifted", taxes.drifted),
        )
    }
    value = display.value(str(taxes.value_at_stake), FieldType.DECIMAL)
    return fill(display.texts.taxes_lead, value=value, currency=taxes.currency, **numbers)
