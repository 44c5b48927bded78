"""Why two values differ, said again in plain Python."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

from reconciler.compare.mojibake import damaged_side
from reconciler.model.entities import FieldType
from tests.compare.staged import FieldValue, text_form

Detail = dict[str, str]


def stale_cause(crm: FieldValue, erp: FieldValue) -> tuple[str, Detail]:
    if isinstance(crm, datetime) and isinstance(erp, datetime) and abs(crm - erp) > timedelta(days=1):
        hours = abs(crm - erp) // timedelta(hours=1)
        return "stale_side", {"newer": "crm" if crm > erp else "erp", "hours": str(hours)}
    return "unexplained", {}


def _spaceless(text: str) -> str:
    return "".join(char for char in text if not char.isspace() and unicodedata.category(char) != "Cf")


def _shorter(left: str, right: str) -> str:
    return "crm" if len(left) < len(right) else "erp"


def _truncated(left: str, right: str, shown: tuple[str, str]) -> tuple[str, Detail] | None:
    short, long = sorted((left, right), key=len)
    if len(short) >= 5 and long.startswith(short):
        length = len(shown[0] if len(left) < len(right) else shown[1])
        return "truncated", {"length": str(length), "side": _shorter(left, right)}
    return None


def _zeros(left: str, right: str) -> tuple[str, Detail] | None:
    return ("leading_zeros", {"side": _shorter(left, right)}) if left.lstrip("0") == right.lstrip("0") else None


def _punctuation(left: str, right: str) -> tuple[str, Detail] | None:
    def kept(text: str) -> str:
        return "".join(char for char in text if unicodedata.category(char)[0] in "LMN")

    return ("punctuation", {}) if kept(left) == kept(right) else None


def _text(left: FieldValue, right: FieldValue) -> tuple[str, Detail] | None:
    assert isinstance(left, str)
    assert isinstance(right, str)
    left_form, right_form = text_form(left) or "", text_form(right) or ""
    if left.lower() == right.lower():
        return "case", {}
    if _spaceless(left.lower()) == _spaceless(right.lower()):
        return "spacing", {}
    if _spaceless(left_form) == _spaceless(right_form):
        return "accents", {}
    if (side := damaged_side(left, right)) is not None:
        return "mojibake", {"side": side.value}
    numbers = re.fullmatch("[0-9]+", left_form) and re.fullmatch("[0-9]+", right_form)
    return (
        _punctuation(left_form, right_form)
        or _truncated(left_form, right_form, (left, right))
        or (_zeros(left_form, right_form) if numbers else None)
    )


def _coded(*, punctuated: bool, zeros: bool) -> Callable[[FieldValue, FieldValue], tuple[str, Detail] | None]:
    def cause(left: FieldValue, right: FieldValue) -> tuple[str, Detail] | None:
        assert isinstance(left, str)
        assert isinstance(right, str)
        if punctuated and _spaceless(left.lower()) == _spaceless(right.lower()):
            return "spacing", {}
        return (
            (_punctuation(left, right) if punctuated else None)
            or _truncated(left, right, (left, right))
            or (_zeros(left, right) if zeros else None)
        )

    return cause


def _amount(left: FieldValue, right: FieldValue) -> tuple[str, Detail] | None:
    assert isinstance(left, Decimal)
    assert isinstance(right, Decimal)
    if left == -right:
        return "sign", {}
    for exponent in range(1, 7):
        for larger, smaller, side in ((left, right, "crm"), (right, left, "erp")):
            if larger == smaller * 10**exponent:
                return "scale", {"factor": str(10**exponent), "larger": side}
    for places in reversed(range(10)):
        unit = Decimal(1).scaleb(-places)
        for rounded, exact, side in ((left, right, "crm"), (right, left, "erp")):
            if exact != exact.quantize(unit) and any(
                exact.quantize(unit, rounding=mode) == rounded for mode in (ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_DOWN)
            ):
                return "rounding", {"decimals": str(places), "side": side}
    return None


def _swapped_day(left: date, right: date) -> bool:
    return (left.year, left.month, left.day) == (right.year, right.day, right.month)


def _day(left: FieldValue, right: FieldValue) -> tuple[str, Detail] | None:
    assert isinstance(left, date)
    assert isinstance(right, date)
    if abs(left - right) == timedelta(days=1):
        return "time_zone", {"days": "1", "later": "crm" if left > right else "erp"}
    return ("day_month_swapped", {}) if _swapped_day(left, right) else None


def _instant(left: FieldValue, right: FieldValue) -> tuple[str, Detail] | None:
    assert isinstance(left, datetime)
    assert isinstance(right, datetime)
    apart = abs(left - right)
    if apart <= timedelta(hours=14) and apart % timedelta(minutes=30) == timedelta(0):
        return "time_zone", {"hours": f"{apart / timedelta(hours=1):g}", "later": "crm" if left > right else "erp"}
    return ("day_month_swapped", {}) if _swapped_day(left, right) and left.time() == right.time() else None


CAUSES: dict[FieldType, Callable[[FieldValue, FieldValue], tuple[str, Detail] | None]] = {
    FieldType.TEXT: _text,
    FieldType.CODE: _coded(punctuated=True, zeros=True),
    FieldType.EMAIL: _coded(punctuated=True, zeros=False),
    FieldType.DOCUMENT: _coded(punctuated=False, zeros=True),
    FieldType.REGISTRATION: _coded(punctuated=False, zeros=True),
    FieldType.DIGITS: _coded(punctuated=False, zeros=True),
    FieldType.DECIMAL: _amount,
    FieldType.BOOLEAN: lambda _left, _right: None,
    FieldType.DATE: _day,
    FieldType.TIMESTAMP: _instant,
}
