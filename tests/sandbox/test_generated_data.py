"""The generated data: the same for the same seed, realistic, and with exactly the discrepancies it says it has."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

import pytest
from stdnum.br import cnpj, cpf

from reconciler.model.findings import Cause, FindingKind
from reconciler.sandbox.crm.store import CrmStore
from reconciler.sandbox.generator.dataset import Dataset, generate
from tests.sandbox.plain_reconciliation import Finding, reconcile

DRIFT = FindingKind.TAX_DRIFT.value
LOADED_ONLY = {Cause.SAME_LINK, Cause.UNREADABLE_VALUE, Cause.UNREADABLE_RECORD}
"""Causes of records that no system would keep by itself; they come with `--load`."""


@cache
def dataset(customers: int, seed: int) -> Dataset:
    return generate(customers, seed)


def planted(data: Dataset) -> list[Finding]:
    return [(each.entity, each.key, each.field, each.kind, each.cause) for each in data.planted]


def as_a_client_reads(data: Dataset) -> dict[str, list[dict[str, Any]]]:
    """The CRM's records with the city and state that `$expand` would add."""
    places = CrmStore({}).collections
    contacts = [
        {
            **row,
            "City": places["Cities"].get(row["CityId"]),
            "State": places["Cities@Countries@States"].get(row["StateId"]),
        }
        for row in data.crm["Contacts"]
    ]
    return {**data.crm, "Contacts": contacts}


@pytest.mark.parametrize(
    ("customers", "seed"),
    [(1, 1), (7, 3), (40, 1), (40, 2), (120, 1), (120, 2), (120, 3), (300, 4), (1000, 1), (1000, 7), (3000, 5)],
)
def test_what_differs_is_what_was_planted(customers: int, seed: int) -> None:
    """Found by an independent reconciliation, both ways: nothing planted is missing, and nothing else differs."""
    data = dataset(customers, seed)
    found, truth = reconcile(as_a_client_reads(data), data.erp), [each for each in planted(data) if each[3] != DRIFT]
    assert len(truth) == len(set(truth))
    assert found - set(truth) == set()
    assert set(truth) - found == set()


@pytest.mark.parametrize("customers", [40, 120, 1000])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_kind_and_cause_is_planted(customers: int, seed: int) -> None:
    truth = dataset(customers, seed).planted
    assert {each.kind for each in truth} == {kind.value for kind in FindingKind}
    assert {each.cause for each in truth} == {cause.value for cause in set(Cause) - LOADED_ONLY}


def test_discrepancies_are_spread_over_all_entities_and_both_sides() -> None:
    truth = dataset(1000, 1).planted
    assert {each.entity for each in truth} == {
        "customers",
        "products",
        "orders",
        "orders.lines",
        "quotes",
        "quotes.lines",
        "quotes.taxes",
    }
    for kind in ("only_in_crm", "only_in_erp"):
        assert {each.cause for each in truth if each.kind == kind} == {"similar_record", "not_found"}
    assert {each.key.partition(":")[0] for each in truth if each.cause == "missing_key"} == {"crm", "erp"}


def test_a_few_percent_of_many_records_carry_a_discrepancy() -> None:
    data = dataset(3000, 5)
    share = sum(each.entity == "customers" for each in data.planted) / 3000
    assert 0.02 < share < 0.10


def test_no_record_carries_two_discrepancies() -> None:
    counts = Counter((each.entity, each.key) for each in dataset(1000, 1).planted if each.kind != DRIFT)
    twice = {place for place, count in counts.items() if count > 1}
    swapped = {(each.entity, each.key) for each in dataset(1000, 1).planted if each.cause == "swapped_fields"}
    assert twice == swapped


def test_a_link_that_disagrees_with_the_key_is_the_only_one_to_its_target() -> None:
    data = dataset(1000, 1)
    ambiguous = {each.key for each in data.planted if each.kind == "ambiguous"}
    links: dict[str, list[str]] = {}
    for row in data.crm["Contacts"]:
        for element in row["OtherProperties"]:
            if element["FieldKey"] == "contact_erp_code":
                links.setdefault(element["StringValue"], []).append(row["CNPJ"] or row["CPF"])
    claims = [claimed for claimed in links.values() if ambiguous & set(claimed)]
    assert claims
    assert all(len(claimed) == 1 for claimed in claims)


def test_lines_of_a_document_without_a_partner_are_not_listed() -> None:
    data = dataset(1000, 1)
    alone = {each.key for each in data.planted if each.entity in ("orders", "quotes") and each.kind != "differs"}
    lines = {each.key.partition("|")[0] for each in data.planted if each.entity.endswith(".lines")}
    assert alone
    assert not alone & lines


def test_the_same_seed_gives_the_same_data() -> None:
    assert generate(120, 5) == generate(120, 5)


def test_another_seed_gives_other_data() -> None:
    assert generate(120, 5).crm["Contacts"] != generate(120, 6).crm["Contacts"]


@pytest.mark.parametrize(
    ("customers", "products", "orders", "quotes"),
    [(10, 20, 16, 16 + 7), (120, 60, 40, 24 + 7), (3000, 1500, 1000, 600 + 39)],
)
def test_other_counts_follow_the_number_of_customers(customers: int, products: int, orders: int, quotes: int) -> None:
    """Quotes whose taxes drifted come on top."""
    data = dataset(customers, 5)
    rows = {
        "products": data.crm["Products"],
        "orders": data.crm["Orders"],
        "quotes": {row["QuoteNumber"] for row in data.crm["Quotes"]},
        "customers": data.crm["Contacts"],
    }
    for name, wanted in {"products": products, "orders": orders, "quotes": quotes, "customers": customers}.items():
        assert wanted * 0.8 <= len(rows[name]) <= wanted * 1.05, name


def test_numbers_are_valid_unless_planted() -> None:
    data = dataset(1000, 1)
    wrong = {each.key for each in data.planted if each.cause == "invalid_document"}
    crm = [row["CNPJ"] or row["CPF"] or "" for row in data.crm["Contacts"]]
    erp = ["".join(c for c in row["cpf_cnpj"] if c.isalnum()) for row in data.erp["clientes"]]
    numbers = {number for number in (*crm, *erp) if number}
    assert wrong
    assert {number for number in numbers if not (cnpj.is_valid(number) or cpf.is_valid(number))} == wrong


def test_customers_are_companies_old_and_new_and_people() -> None:
    rows = dataset(120, 1).crm["Contacts"]
    assert any(row["CPF"] for row in rows)
    assert any(row["CNPJ"] and not row["CNPJ"].isdigit() for row in rows)
    assert any(row["CNPJ"] and row["CNPJ"].isdigit() for row in rows)


def test_every_address_is_at_example_com() -> None:
    rows = dataset(1000, 1).crm["Contacts"]
    assert {row["Email"].lower().partition("@")[2] for row in rows if row["Email"]} == {"example.com"}


def test_some_records_are_written_otherwise_and_still_equal() -> None:
    """Decomposed letters, capitals in addresses and unmasked telephones are there, and none of them is planted."""
    data = dataset(1000, 1)
    contacts = data.crm["Contacts"]
    assert any("\u0303" in row["LegalName"] for row in contacts)
    assert any(row["Email"] and row["Email"] != row["Email"].lower() for row in contacts)
    assert {len(row["Phones"][0]["PhoneNumber"]) for row in contacts if row["Phones"]} == {10, 14}


def test_quotes_have_superseded_reviews() -> None:
    rows = dataset(120, 1).crm["Quotes"]
    by_number: dict[int, list[bool]] = {}
    for row in sorted(rows, key=lambda row: row["Id"]):
        by_number.setdefault(row["QuoteNumber"], []).append(row["LastReview"])
    revised = [reviews for reviews in by_number.values() if not reviews[0]]
    assert revised
    assert all(reviews[-1] and not any(reviews[:-1]) for reviews in revised)


def test_ids_are_unique() -> None:
    data = dataset(1000, 1)
    for rows, member in (*((rows, "Id") for rows in data.crm.values()), (data.erp["clientes"], "codigo")):
        assert len({row[member] for row in rows}) == len(rows)
