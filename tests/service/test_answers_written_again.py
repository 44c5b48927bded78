"""A kept answer is written faster the second time, and says exactly the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from reconciler.service.remembered import Asked
from reconciler.taxes.answer import Calculated, Delivery, answer_document
from tests.taxes.asking import DAY, line, quote
from tests.taxes.engine import Clock, Source, engine


def document(asked: Asked, delivery: Delivery) -> dict[str, Any]:
    return answer_document(asked.question, delivery, system="“ERP” ", currency="BRL")


@pytest.mark.parametrize("age_s", [0.0, 0.0004, 1.0, 59.9996, 899.123456, 86399.5])
async def test_a_kept_answer_is_the_same_text_each_time_but_for_its_age(age_s: float) -> None:
    lookup = engine(Source(), Clock())
    question = quote(line("P1"), line("P2 “ü”"), tax_id="11222333000181")
    await lookup.taxes_of(question)
    kept = await lookup.taxes_of(question)
    asked = Asked(question, b"", DAY)
    for elapsed_ms in (0, 7, 1999):
        delivery = replace(kept, age_s=age_s, elapsed_ms=elapsed_ms)
        assert isinstance(delivery.result, Calculated)
        said = document(asked, delivery)
        assert asked.again(delivery, lambda said=said: said) == orjson.dumps(said)  # type: ignore[misc]  # default binds


async def test_another_answer_of_the_erp_is_another_text() -> None:
    erp = Source()
    lookup = engine(erp, Clock())
    question = quote(line("P1"), tax_id="11222333000181")
    asked, texts = Asked(question, b"", DAY), set()
    for _ in range(2):
        await lookup.taxes_of(question)
        kept = await lookup.taxes_of(question)
        said = {**document(asked, kept), "as_of": f"answer {erp.asked}"}
        texts.add(asked.again(kept, lambda said=said: said))  # type: ignore[misc]  # default binds
        lookup.forget_all()
    assert len(texts) == 2
