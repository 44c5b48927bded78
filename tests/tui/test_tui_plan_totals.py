"""What corrections come to together, and when their number has to be typed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reconciler.corrections.approval import Missing
from reconciler.model.corrections import Correction, CorrectionAction, FieldChange
from reconciler.model.entities import Side
from tests.store.correction_cases import correction, several
from tui.plan.telling import duration
from tui.plan.totals import totals

_AMOUNTS = {"customers": {"credit_limit"}, "orders.lines": {"unit_price"}}
_PRICE = FieldChange("unit_price", "0.1", "0.2", line="P1")


def _limit(number: int, old: str | None, new: str | None) -> Correction:
    return correction(number, record_id=str(number), changes=(FieldChange("credit_limit", old, new),))


def test_amounts_are_added_up_exactly_and_apart() -> None:
    found = totals(
        [
            _limit(1, "0.10", "1000000000000000.01"),
            _limit(2, None, "0.20"),
            _limit(3, "7", "7"),
            _limit(4, "not a number", "1"),
            correction(5, entity="orders", side=Side.ERP, changes=(_PRICE,)),
        ],
        _AMOUNTS,
        {},
        1,
    )
    sums = {key: (each.values, each.old, each.new) for key, each in found.amounts.items()}
    assert sums == {
        (Side.CRM, "customers", "credit_limit"): (2, Decimal("0.10"), Decimal("1000000000000000.21")),
        (Side.ERP, "orders.lines", "unit_price"): (1, Decimal("0.1"), Decimal("0.2")),
    }
    assert (found.systems[Side.CRM].records, found.systems[Side.ERP].fields) == (4, 1)


@pytest.mark.parametrize(
    ("corrections", "required", "typed"),
    [
        (several(10), 1, None),
        (several(11), 1, 11),
        (several(2), 2, 2),
        ([*several(1), correction(9, record_id="9", action=CorrectionAction.DEACTIVATE)], 1, 2),
    ],
    ids=["ten", "eleven", "costly", "deactivating"],
)
def test_what_is_large_costly_or_deactivating_is_typed(
    corrections: list[Correction], required: int, typed: int | None
) -> None:
    missing = {each.id: Missing(required, ("ana",), 0, ()) for each in corrections}
    assert totals(corrections, _AMOUNTS, missing, 1).to_type == typed


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.4, "0 s"), (59.4, "59 s"), (200, "3 min 20 s"), (7_500, "2 h 5 min")]
)
def test_what_is_left_is_told_roughly(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown
