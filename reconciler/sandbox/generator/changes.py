"""How one value goes wrong, one way per cause. Each makes sure that no earlier cause explains the difference too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from random import Random
from typing import Any

from reconciler.model.findings import Cause
from reconciler.sandbox.generator.text_forms import (
    has_repairable_accent,
    lost_to_question_marks,
    utf8_as_cp1252,
    without_accents,
)
from reconciler.sandbox.generator.words import names

Value = Any
"""A value of a generated record: text, Decimal, date, bool, int or None. Only passed through, by field name."""


@dataclass(frozen=True, slots=True)
class Change:
    """One way to alter a value.

    Attributes:
        cause: how a reconciliation explains the difference.
        alter: the wrong value, from the right one.
        suits: whether altering this value shows this cause and no other.
        instead: a right value to put on both sides first, where no record has one that suits; None gives up.
        stale: whether the changed side's stamp moves well over a day past the other's.
    """

    cause: Cause
    alter: Callable[[Value, Random], Value]
    suits: Callable[[Value], bool]
    instead: Callable[[Random], Value] | None = None
    stale: bool = False


def _is_amount(value: Value) -> bool:
    return isinstance(value, Decimal) and value != 0


def _times(factor: int) -> Change:
    return Change(Cause.SCALE, lambda value, _: value * factor, _is_amount)


def _rounded(places: int) -> Change:
    """Rounding to `places` decimals; never from an exact half, where rounding modes disagree."""
    step = Decimal(1).scaleb(-places)

    def suits(value: Value) -> bool:
        if not _is_amount(value):
            return False
        rest = abs(value) % step
        return rest not in (0, step / 2) and value.quantize(step, ROUND_HALF_EVEN) != 0

    return Change(
        Cause.ROUNDING,
        lambda value, _: value.quantize(step, ROUND_HALF_EVEN),
        suits,
        lambda random: (random.randint(11, 900) + Decimal(random.randint(1, 40)) / 100) * step,
    )


def _cut(length: int, instead: Callable[[Random], str]) -> Change:
    def suits(value: Value) -> bool:
        rest = value[length:] if isinstance(value, str) else ""
        return any(c.isalnum() for c in rest) and value[length - 1].isalnum()

    return Change(Cause.TRUNCATED, lambda value, _: value[:length], suits, instead)


def _long_legal_name(random: Random) -> str:
    words = names()
    while True:
        core = f"{random.choice(words.kinds)} {random.choice(words.first)} {random.choice(words.second)}"
        name = f"{core} {random.choice(words.long_activities)} Ltda"
        if len(name) > 62 and name[59].isalnum():
            return name


def _punctuated(value: str, _: Random) -> str:
    if "S/A" in value:
        return value.replace("S/A", "S.A.")
    return value.replace(", ", " - ") if ", " in value else f"{value}."


def _other(make: Callable[[Value, Random], Value], suits: Callable[[Value], bool], *, stale: bool) -> Change:
    return Change(Cause.STALE_SIDE if stale else Cause.UNEXPLAINED, make, suits, stale=stale)


def _other_email(value: str, random: Random) -> str:
    return f"{random.choice(names().other_boxes)}.{value.partition('.')[2]}"


def _other_phone(value: str, random: Random) -> str:
    last = (int(value[-4:]) + random.randint(1, 9_998)) % 10_000
    return f"{value[:-4]}{last:04d}"


def _other_amount(value: Decimal, _: Random) -> Decimal:
    # Two and something times the old amount: no rounding, no power of ten, no sign error leads there.
    return value * 2 + Decimal("11.13")


_OTHER: dict[str, tuple[Callable[[Value, Random], Value], Callable[[Value], bool]]] = {
    "email": (_other_email, lambda value: isinstance(value, str)),
    "phone": (_other_phone, lambda value: isinstance(value, str)),
    "amount": (_other_amount, _is_amount),
    "flag": (lambda value, _: not value, lambda value: isinstance(value, bool)),
    "unit": (lambda value, _: "CX" if value != "CX" else "UN", lambda value: isinstance(value, str)),
    "status": (lambda value, _: "invoiced" if value == "open" else "open", lambda value: value in ("open", "invoiced")),
    "revision": (lambda value, _: value + 1, lambda value: isinstance(value, int)),
}

CHANGES: dict[str, Change] = {
    "blank": Change(Cause.MISSING_VALUE, lambda value, _: None, lambda value: value is not None),
    "upper_case": Change(
        Cause.CASE, lambda value, _: value.upper(), lambda value: isinstance(value, str) and value.upper() != value
    ),
    "double_space": Change(
        Cause.SPACING,
        lambda value, _: value.replace(" ", "  ", 1),
        lambda value: isinstance(value, str) and " " in value,
    ),
    "lose_accents": Change(
        Cause.ACCENTS,
        lambda value, _: without_accents(value),
        lambda value: isinstance(value, str) and without_accents(value) != value,
    ),
    "wrong_decoding": Change(
        Cause.MOJIBAKE,
        lambda value, _: utf8_as_cp1252(value),
        lambda value: isinstance(value, str) and has_repairable_accent(value),
    ),
    "question_marks": Change(
        Cause.MOJIBAKE,
        lambda value, _: lost_to_question_marks(value),
        lambda value: isinstance(value, str) and has_repairable_accent(value),
    ),
    "punctuation": Change(Cause.PUNCTUATION, _punctuated, lambda value: isinstance(value, str)),
    "cut_at_60": _cut(60, _long_legal_name),
    "cut_at_20": _cut(20, lambda _: "Bandeja organizadora reforçada G"),
    "drop_leading_zeros": Change(
        Cause.LEADING_ZEROS,
        lambda value, _: value.lstrip("0"),
        lambda value: isinstance(value, str) and value.startswith("0") and value.strip("0") != "",
        lambda random: f"0{random.randrange(10**6, 10**7)}",
    ),
    "negate": Change(Cause.SIGN, lambda value, _: -value, _is_amount),
    "times_ten": _times(10),
    "times_hundred": _times(100),
    "round_to_units": _rounded(0),
    "round_to_cents": _rounded(2),
    "day_before": Change(
        Cause.TIME_ZONE, lambda value, _: value - timedelta(days=1), lambda value: isinstance(value, date)
    ),
    "swap_day_and_month": Change(
        Cause.DAY_MONTH_SWAPPED,
        lambda value, _: value.replace(day=value.month, month=value.day),
        lambda value: isinstance(value, date) and value.day <= 12 and value.day != value.month,
        lambda random: date(2026, random.randint(1, 5), random.randint(6, 11)),
    ),
    "unknown_code": Change(Cause.UNMAPPED_CODE, lambda value, _: "B", lambda value: isinstance(value, str)),
    **{f"other_{name}": _other(make, suits, stale=False) for name, (make, suits) in _OTHER.items()},
    **{f"newer_{name}": _other(make, suits, stale=True) for name, (make, suits) in _OTHER.items()},
}
"""By the name a row of `discrepancies.toml` uses."""
