"""A would-be quote from outside, and when two of them are the same."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from string import Formatter
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import WrongQuoteError
from reconciler.model.taxes import Buyer, Destination, TaxQuestion
from reconciler.taxes.answer import Calculated, LineTaxes, Totals
from reconciler.taxes.cache import AnswerCache, Kept, question_key
from reconciler.taxes.quote_members import MOST_LINES
from reconciler.taxes.quote_mistakes import MOST_MISTAKES, mistakes_of
from reconciler.taxes.request import question_of
from reconciler.taxes.sentences import _SENTENCES, CODES, sentence
from tests.taxes.asking import DAY, line, quote
from tests.taxes.engine import Clock

TODAY = date(2026, 11, 30)


def contract() -> dict[str, Any]:
    """The request of CONTRACT.md."""
    return {
        "customer": {"tax_id": "83101222000128"},
        "ship_to": {"state": "PR", "city_ibge": "4106902"},
        "date": "2026-11-22",
        "lines": [{"line": "1", "sku": "P0004", "quantity": "2", "unit_price": "4928.84", "discount": "0"}],
    }


def test_the_request_of_the_contract() -> None:
    found = question_of(contract(), TODAY)
    assert found == TaxQuestion(
        Buyer("83101222000128"), Destination("PR", "4106902"), DAY, (line("P0004", "2", "4928.84"),)
    )


def test_what_may_be_left_out() -> None:
    """The day is today, lines are named by their position, the ERP knows where the customer is."""
    document = contract()
    for member in ("ship_to", "date"):
        del document[member]
    for member in ("line", "discount"):
        del document["lines"][0][member]
    document["lines"].append({"sku": "B-2", "quantity": "0.5", "unit_price": "0"})
    found = question_of(document, TODAY)
    assert (found.ship_to, found.date) == (Destination(), TODAY)
    assert [each.label for each in found.lines] == ["1", "2"]


def test_a_masked_document_is_the_same_customer_and_a_prospect_needs_none() -> None:
    masked = {**contract(), "customer": {"tax_id": "83.101.222/0001-28", "final_consumer": True, "taxpayer": False}}
    prospect = {**contract(), "customer": {"prospect": True}}
    assert question_of(masked, TODAY).customer == Buyer("83101222000128", False, True, False)
    assert question_of(prospect, TODAY).customer == Buyer(None, True)


def _with(*place: str | int, value: Any) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for step in place[:-1]:
            document = document[step]
        document[place[-1]] = value

    return change


WRONG: dict[str, tuple[Callable[[Any], None], str]] = {
    "unknown member": (_with("freight", value="1.00"), "freight"),
    "unknown member of a line": (_with("lines", 0, "tax", value="1"), "lines[0].tax"),
    "no customer": (_with("customer", value=None), "customer"),
    "no document": (_with("customer", value={}), "customer.tax_id"),
    "wrong check digits": (_with("customer", "tax_id", value="83101222000129"), "customer.tax_id"),
    "zeros": (_with("customer", "tax_id", value="00000000000000"), "customer.tax_id"),
    "a number for a document": (_with("customer", "tax_id", value=83101222000128), "customer.tax_id"),
    "a text for yes": (_with("customer", "prospect", value="true"), "customer.prospect"),
    "unknown state": (_with("ship_to", "state", value="XX"), "ship_to.state"),
    "state in lower case": (_with("ship_to", "state", value="pr"), "ship_to.state"),
    "short city": (_with("ship_to", "city_ibge", value="41069"), "ship_to.city_ibge"),
    "a moment for a day": (_with("date", value="2026-11-22T00:00:00"), "date"),
    "a day that is none": (_with("date", value="2026-02-30"), "date"),
    "no lines": (_with("lines", value=[]), "lines"),
    "too many lines": (_with("lines", value=[{}] * (MOST_LINES + 1)), "lines"),
    "a line that is a text": (_with("lines", 0, value="P0004"), "lines[0]"),
    "a JSON number": (_with("lines", 0, "unit_price", value=4928.84), "lines[0].unit_price"),
    "a comma": (_with("lines", 0, "unit_price", value="4928,84"), "lines[0].unit_price"),
    "an exponent": (_with("lines", 0, "unit_price", value="1e3"), "lines[0].unit_price"),
    "negative": (_with("lines", 0, "unit_price", value="-1"), "lines[0].unit_price"),
    "not a number": (_with("lines", 0, "unit_price", value="NaN"), "lines[0].unit_price"),
    "digits of another script": (_with("lines", 0, "quantity", value="٢"), "lines[0].quantity"),
    "none of it": (_with("lines", 0, "quantity", value="0.0"), "lines[0].quantity"),
    "too many digits": (_with("lines", 0, "quantity", value="123456789012.123456"), "lines[0].quantity"),
    "more than all": (_with("lines", 0, "discount", value="100.01"), "lines[0].discount"),
    "blank product": (_with("lines", 0, "sku", value="  "), "lines[0].sku"),
    "escape sequence": (_with("lines", 0, "sku", value="P\x1b[2J"), "lines[0].sku"),
    "long name": (_with("lines", 0, "line", value="x" * 41), "lines[0].line"),
}


@pytest.mark.parametrize(("change", "place"), WRONG.values(), ids=WRONG)
def test_a_wrong_quote_is_refused_at_its_place(change: Callable[[Any], None], place: str) -> None:
    document = contract()
    change(document)
    with pytest.raises(WrongQuoteError) as refused:
        question_of(document, TODAY)
    assert (refused.value.place, refused.value.code) == (place, "wrong_quote")


def test_everything_that_is_wrong_is_told_at_once_in_the_order_of_the_quote() -> None:
    document = {
        "customer": {"tax_id": "83101222000129", "taxpayer": "yes"},
        "ship_to": {"state": "XX", "city_ibge": "4106902", "street": "x"},
        "date": "2026-02-30",
        "lines": [
            {"sku": " ", "quantity": "0", "unit_price": "4928.84", "discount": "101"},
            "P0004",
            {"line": "3", "sku": "P0004", "quantity": "1", "unit_price": "1,00"},
        ],
        "freight": "1.00",
    }
    with pytest.raises(WrongQuoteError) as refused:
        question_of(document, TODAY)
    told = [refused.value, *refused.value.others]
    assert [mistake.place for mistake in told] == [
        *("freight", "customer.tax_id", "customer.taxpayer", "ship_to.street", "ship_to.state", "date"),
        *("lines[0].sku", "lines[0].quantity", "lines[0].discount", "lines[1]", "lines[2].unit_price"),
    ]


def test_of_very_many_mistakes_the_first_ones_are_told() -> None:
    document = {**contract(), "lines": [{}] * MOST_LINES}
    with pytest.raises(WrongQuoteError) as refused:
        question_of(document, TODAY)
    assert len([refused.value, *refused.value.others]) == MOST_MISTAKES


@given(changes=st.lists(st.sampled_from(sorted(WRONG)), max_size=4))
def test_there_are_mistakes_exactly_where_a_quote_is_refused(changes: list[str]) -> None:
    document = contract()
    for name in changes:
        with suppress(AttributeError, IndexError, TypeError):
            WRONG[name][0](document)
    mistakes = mistakes_of(document, TODAY)
    if changes:
        with pytest.raises(WrongQuoteError) as refused:
            question_of(document, TODAY)
        assert refused.value.place == mistakes[0].place
    else:
        question_of(document, TODAY)
        assert not mistakes


def test_two_lines_of_one_name_cannot_be_told_apart() -> None:
    document = contract()
    document["lines"] *= 2
    with pytest.raises(WrongQuoteError, match=r"lines\[1\]\.line"):
        question_of(document, TODAY)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@given(
    document=st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(("customer", "ship_to", "date", "lines", "x"), json_values),
    )
    | json_values
)
def test_whatever_comes_is_a_quote_or_a_named_mistake(document: Any) -> None:
    mistake = None
    try:
        question_of(document, TODAY)
    except WrongQuoteError as error:
        mistake = error
    told = "" if mistake is None else mistake.message
    assert not {"Cc", "Cs"} & {unicodedata.category(character) for character in told}


QUESTION = quote(line("A-1", "2", "50.00"), line("B-2"), tax_id="83101222000128", state="PR")


def test_the_same_question_has_the_same_key_however_it_is_written() -> None:
    """Trailing zeros, and the names of lines, change no tax."""
    same = quote(line("A-1", "2.000", "50"), line("B-2", "1", "100.0"), tax_id="83101222000128", state="PR")
    renamed = replace(QUESTION, lines=tuple(replace(each, label=f"x{each.label}") for each in QUESTION.lines))
    assert {question_key(each, "d") for each in (QUESTION, same, renamed)} == {question_key(QUESTION, "d")}


_FIRST, _SECOND = QUESTION.lines
OTHERS: Mapping[str, TaxQuestion] = {
    "customer": replace(QUESTION, customer=Buyer("11222333000181")),
    "prospect": replace(QUESTION, customer=replace(QUESTION.customer, prospect=True)),
    "final consumer": replace(QUESTION, customer=replace(QUESTION.customer, final_consumer=False)),
    "taxpayer": replace(QUESTION, customer=replace(QUESTION.customer, taxpayer=True)),
    "state": replace(QUESTION, ship_to=Destination("SC")),
    "city": replace(QUESTION, ship_to=Destination("PR", "4106902")),
    "day": replace(QUESTION, date=DAY + timedelta(days=1)),
    "order of lines": replace(QUESTION, lines=QUESTION.lines[::-1]),
    "one line less": replace(QUESTION, lines=QUESTION.lines[:1]),
    "sku": replace(QUESTION, lines=(replace(_FIRST, sku="A-2"), _SECOND)),
    "quantity": replace(QUESTION, lines=(replace(_FIRST, quantity=Decimal(3)), _SECOND)),
    "price": replace(QUESTION, lines=(replace(_FIRST, unit_price=Decimal("50.01")), _SECOND)),
    "discount": replace(QUESTION, lines=(replace(_FIRST, discount=Decimal("0.01")), _SECOND)),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_everything_that_can_change_a_tax_changes_the_key(other: TaxQuestion) -> None:
    assert question_key(other, "d") != question_key(QUESTION, "d")


def test_another_description_or_context_changes_every_key() -> None:
    assert question_key(QUESTION, "d") != question_key(QUESTION, "e")


def kept(lines: int, clock: Clock, *records: tuple[str, str]) -> Kept:
    zero = Decimal("0.00")
    result = Calculated((LineTaxes(zero, (), zero),) * lines, Totals(zero, zero, zero, zero))
    return Kept(result, clock.now(), clock.monotonic_s(), clock.now(), frozenset(records))


def test_the_memory_is_bounded_by_lines_and_drops_what_was_not_asked_for_longest() -> None:
    clock = Clock()
    cache = AnswerCache(900.0, clock.monotonic_s, kept_lines=10)
    for name in (b"a", b"b", b"c"):
        cache.keep(name, kept(3, clock, ("customers", "7")))
    assert cache.fresh(b"a") is not None
    cache.keep(b"d", kept(3, clock, ("customers", "8")))
    cache.keep(b"d", kept(3, clock, ("customers", "8")))
    assert [cache.fresh(name) is not None for name in (b"a", b"b", b"c", b"d")] == [True, False, True, True]
    cache.forget([("customers", "7")])
    assert [cache.fresh(name) is not None for name in (b"a", b"c", b"d")] == [False, False, True]
    assert cache.answers == 1


@pytest.mark.parametrize("code", sorted(CODES))
def test_each_code_has_a_sentence_in_both_languages_that_names_the_same_things(code: str) -> None:
    names = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in _SENTENCES[code]]
    assert names[0] == names[1]
    details = {name: f"<{name}>" for name in names[0]}
    portuguese, english = sentence(code, details, "pt-BR"), sentence(code, details, "en")
    assert portuguese != english
    assert all(f"<{name}>" in text for name in names[0] for text in (portuguese, english))


def test_a_sentence_survives_details_nobody_told_and_braces_from_outside() -> None:
    assert sentence("refused_by_erp", {}, "en") == "The ERP refused the calculation: ?"
    assert sentence("refused_by_erp", {"words": "{0} {x}"}, "en").endswith("{0} {x}")
    orjson.dumps(sentence("deadline", {"deadline_s": "2"}, "pt-BR"))
