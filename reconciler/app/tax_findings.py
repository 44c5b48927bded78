"""Drift of quotes as findings: one per line and kind of tax, of the entity `quotes.taxes`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

import orjson

from reconciler.app.quote_reading import Quote, UnusableQuote
from reconciler.app.tax_drift import ComparedQuote
from reconciler.corrections.tax_changes import LINE, LINE_RESTS_ON, QUOTE, SUM, member_name, rests_on_name
from reconciler.corrections.values import text_of
from reconciler.model import staging
from reconciler.model.entities import QUOTES, Side
from reconciler.model.findings import Cause, FindingKind, FindingRow
from reconciler.model.taxes import plain_number
from reconciler.taxes.answer import money
from reconciler.taxes.drift import Member, StatedTax, TaxDifference, percent, rounded_to

ENTITY: Final = f"{QUOTES.name}.taxes"
"""Its findings have the kind of tax as their field, or `SUM`."""

_FINGERPRINT_DIGITS: Final = 16


def rows_of(quotes: Iterable[ComparedQuote]) -> Iterator[FindingRow]:
    """The findings of quotes that drifted."""
    for each in quotes:
        if each.drift is not None and isinstance(each.quote, Quote):
            yield from (_row(each.quote, difference) for difference in each.drift.differences)


def shown_key_of(quote: Quote | UnusableQuote) -> str | None:
    """The key of a quote as findings show it, which is what the keys of its findings begin with; None without one."""
    return None if quote.key is None else staging.shown_key(quote.key)


def _row(quote: Quote, difference: TaxDifference) -> FindingRow:
    line = quote.line_keys.get(difference.label)
    # A line that shares its key with another one, or has none, is told by its place: it cannot be corrected alone.
    key = staging.KEY_SEPARATOR.join((quote.key, line or f"#{difference.label}"))
    field = SUM if difference.kind is None else difference.kind.value
    return FindingRow(
        id=_fingerprint(key, field),
        entity=ENTITY,
        key=staging.shown_key(key),
        kind=FindingKind.TAX_DRIFT.value,
        field=field,
        cause=difference.cause.value,
        detail=orjson.dumps(_detail(quote, difference, line)).decode(),
        owner=Side.ERP.value,
        crm_id=quote.id,
        crm_value=_shown(difference.carried),
        crm_page=None,
        crm_position=None,
        erp_id=None,
        erp_value=_shown(difference.answered),
        erp_page=None,
        erp_position=None,
    )


def _fingerprint(key: str, field: str) -> str:
    """As of any `FindingRow`."""
    text = staging.KEY_SEPARATOR.join((ENTITY, key, field, FindingKind.TAX_DRIFT.value))
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:_FINGERPRINT_DIGITS]


def _detail(quote: Quote, difference: TaxDifference, line: str | None) -> dict[str, str]:
    """Texts for the sentence, and for the correction: what each side says, rates as percentages."""
    detail = {
        "at_stake": money(difference.at_stake),
        "differing": " ".join(member.value for member in difference.members),
    }
    detail |= {rests_on_name(name): value for name, value in _asked(quote, difference.label).items()}
    if line is not None:
        detail |= {LINE: line, QUOTE: staging.shown_key(quote.key)}
    for side, tax in ((Side.CRM, difference.carried), (Side.ERP, difference.answered)):
        for member in Member:
            value = None if tax is None else _written(tax, member)
            if value is not None:
                detail[member_name(side, member.value)] = value
    if difference.cause is Cause.ROUNDING and difference.carried is not None and difference.answered is not None:
        detail |= {"side": Side.CRM.value, "decimals": str(rounded_to(difference.carried, difference.answered))}
    return detail


def _asked(quote: Quote, label: str) -> dict[str, str]:
    """What the answer was calculated from, canonical."""
    customer = quote.would_be["customer"]["tax_id"]
    found: dict[str, str] = {} if customer is None else {"customer": customer}
    asked: dict[str, str] = next((line for line in quote.would_be["lines"] if line["line"] == label), {})
    return found | {name: asked[name] for name in LINE_RESTS_ON if name in asked}


def _written(tax: StatedTax, member: Member) -> str | None:
    value = tax.value(member)
    if member is Member.RATE and isinstance(value, Decimal):
        value = percent(value)
    return text_of(value)


def _shown(tax: StatedTax | None) -> str | None:
    """Such as `1182.93 (12 % × 9857.68)`, with `+` after it where it is added: the same in every language."""
    if tax is None:
        return None
    parts = [
        *([] if tax.rate is None else [f"{plain_number(percent(tax.rate))} %"]),
        *([] if tax.base is None else [money(tax.base)]),
    ]
    amount = "—" if tax.amount is None else money(tax.amount)
    sign = " +" if tax.in_price is False else ""
    origin = f" ({' × '.join(parts)})" if parts else ""
    return f"{amount}{origin}{sign}"
