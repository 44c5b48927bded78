"""Suggestions for records without a partner: useful, bounded, and never a match."""

from __future__ import annotations

import json
from random import Random

import pytest

from reconciler.compare.name_similarity import MAX_CONSIDERED, MIN_SIMILARITY, Suggestion, Unpaired, suggest
from reconciler.model.entities import FieldType
from reconciler.model.findings import EntityRule, FieldRule
from tests.compare.staged import Comparer, record

T = FieldType
CUSTOMERS = EntityRule("customers", (FieldRule("tax_id", T.DOCUMENT), FieldRule("legal_name", T.TEXT)), key=("tax_id",))


def test_a_similar_name_is_suggested_on_both_sides(compare: Comparer) -> None:
    """With id, key, name and similarity of the other record; both stay without a partner."""
    result = compare(
        CUSTOMERS,
        [record("1", "111", legal_name="Padaria Horizonte Ltda")],
        [record("7", "222", legal_name="PADARIA HORIZONTI LTDA")],
    )
    assert result.brief() == {
        ("111", None, "only_in_crm", "similar_record"),
        ("222", None, "only_in_erp", "similar_record"),
    }
    [crm_finding] = result.of_kind("only_in_crm")
    detail = json.loads(crm_finding.detail)
    assert detail.pop("similarity") == "95"
    assert detail == {"id": "7", "key": "222", "name": "PADARIA HORIZONTI LTDA"}
    assert (crm_finding.crm_value, crm_finding.erp_id, crm_finding.erp_value) == ("Padaria Horizonte Ltda", None, None)
    assert (result.crm.matched, result.crm.only_here) == (0, 1)


def test_a_record_with_a_partner_is_never_suggested(compare: Comparer) -> None:
    """It is taken."""
    result = compare(
        CUSTOMERS,
        [record("1", "111", legal_name="Padaria Horizonte")],
        [record("7", "222", legal_name="Outra Coisa SA"), record("8", "333", legal_name="Padaria Horizonte")],
    )
    with_partner = compare(
        CUSTOMERS,
        [record("1", "111", legal_name="Padaria Horizonte"), record("2", "333", legal_name="Padaria Horizonte")],
        [record("7", "222", legal_name="Outra Coisa SA"), record("8", "333", legal_name="Padaria Horizonte")],
    )
    assert result.by_cause == {"similar_record": 2, "not_found": 1}
    assert with_partner.by_cause == {"not_found": 2}


PAIRS: dict[str, tuple[str, str, bool]] = {
    "the same name": ("CASA NOVA", "CASA NOVA", True),
    "words in another order": ("SILVA FERRAGENS LTDA", "FERRAGENS SILVA LTDA", True),
    "a typing mistake": ("METALURGICA ATLAS", "METALURGICA ATLSA", True),
    "another company": ("METALURGICA ATLAS", "TRANSPORTES ATLAS", False),
    "exactly 88 of 100": ("ABCDEFGHIJKLMNOPQRSTUV123", "ABCDEFGHIJKLMNOPQRSTUV456", True),
    "87.5 of 100": ("ABCDEFGHIJKLMNOPQRSTU123", "ABCDEFGHIJKLMNOPQRSTU456", False),
    "only the legal form in common": ("ALFA LTDA", "BETA LTDA", False),
    "short words": ("A B C", "A B C", True),
}


@pytest.mark.parametrize(("crm", "erp", "suggested"), PAIRS.values(), ids=PAIRS)
def test_names_are_similar_or_not(crm: str, erp: str, suggested: bool) -> None:
    """At 88 of 100 after sorting the words."""
    for_crm, for_erp = suggest([Unpaired("c", crm)], [Unpaired("e", erp)])
    assert bool(for_crm) is suggested
    assert [(one.key, one.other_key) for one in for_erp] == ([("e", "c")] if suggested else [])
    assert all(one.similarity >= MIN_SIMILARITY for one in for_crm)


def test_branches_of_a_company_are_compared_whatever_their_names_begin_with() -> None:
    """The first eight characters of a CNPJ are the company's."""
    crm = [Unpaired("c", "XPADARIA XHORIZONTE", "12345678000195")]
    for_crm, _ = suggest(crm, [Unpaired("e", "PADARIA HORIZONTE", "12345678000276")])
    assert [one.other_key for one in for_crm] == ["e"]
    for_crm, _ = suggest(crm, [Unpaired("e", "PADARIA HORIZONTE", "99999999000276")])
    assert for_crm == []


def test_the_most_similar_wins_and_then_the_lowest_key() -> None:
    """Whatever the order of the records."""
    erp = [Unpaired("z", "CASA NOVA"), Unpaired("b", "CASA NOVA"), Unpaired("a", "CASA NOVO")]
    for seed in range(5):
        Random(seed).shuffle(erp)
        for_crm, _ = suggest([Unpaired("c", "CASA NOVA")], erp)
        assert for_crm == [Suggestion("c", "b", 100.0)]


def test_exchanging_the_sides_exchanges_the_suggestions() -> None:
    """Neither side searches harder."""
    random = Random(7)
    words = ["ALFA", "ALFAS", "BETA", "BETAS", "GAMA", "DELTA", "OMEGA"]
    crm = [Unpaired(f"c{index}", " ".join(random.sample(words, 3))) for index in range(60)]
    erp = [Unpaired(f"e{index}", " ".join(random.sample(words, 3))) for index in range(40)]
    forth, back = suggest(crm, erp), suggest(erp, crm)
    assert sorted(map(repr, forth[0])) == sorted(map(repr, back[1]))
    assert sorted(map(repr, forth[1])) == sorted(map(repr, back[0]))


@pytest.mark.parametrize(("records", "suggested"), [(50, 50), (51, 0)], ids=["telling", "too common"])
def test_a_word_that_too_many_records_have_is_not_searched_by(records: int, suggested: int) -> None:
    """It would compare everything with everything."""
    crm = [Unpaired(f"c{index}", f"COMUM {index:02}") for index in range(records)]
    erp = [Unpaired(f"e{index}", f"COMUM {index:02}") for index in range(records)]
    for_crm, for_erp = suggest(crm, erp)
    assert (len(for_crm), len(for_erp)) == (suggested, suggested)


def test_records_with_a_common_word_are_found_by_their_others() -> None:
    """Only words that tell records apart are searched by."""
    crm = [Unpaired(f"c{index}", f"LTDA {index:03}X") for index in range(200)]
    erp = [Unpaired(f"e{index}", f"LTDA {index:03}X") for index in range(200)]
    for_crm, _ = suggest(crm, erp)
    assert {one.key[1:]: one.other_key[1:] for one in for_crm} == {str(index): str(index) for index in range(200)}


def test_endless_names_are_bounded() -> None:
    """Scoring costs the product of two lengths: only the beginning of a name is looked at."""
    name = "ABCDE " * 10_000
    for_crm, _ = suggest([Unpaired("c", name)], [Unpaired("e", name + "Z")])
    assert for_crm == [Suggestion("c", "e", 100.0)]


def test_a_search_that_was_cut_short_says_so(compare: Comparer) -> None:
    """Every record that got no suggestion carries how many were searched."""
    many = [record(str(number), f"{number:014}", legal_name=f"N{number}") for number in range(MAX_CONSIDERED + 1)]
    result = compare(CUSTOMERS, many, [record("7", "X", legal_name="Padaria")])
    assert {row.detail for row in result.rows} == {f'{{"searched": "{MAX_CONSIDERED}", "of": "{MAX_CONSIDERED + 1}"}}'}


def test_entities_without_names_get_no_suggestions(compare: Comparer) -> None:
    """An order number like another one means nothing."""
    rule = EntityRule("orders", (FieldRule("number", T.CODE),), key=("number",))
    assert compare(rule, [record("1", "10001")], [record("7", "10002")]).by_cause == {"not_found": 2}
