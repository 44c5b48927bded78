"""A description is guessed from what an unknown system answers, and only from what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import JsonValue

from reconciler.connectors.guess.answer import find_records, id_name, link_path, more_path, total_path
from reconciler.connectors.guess.fields import GuessedField, guess_fields, guess_lines
from reconciler.connectors.guess.paging import GuessedPaging, PagingTrials
from reconciler.model.entities import CUSTOMERS, ORDERS, PRODUCTS

_RECORDS: list[dict[str, JsonValue]] = [{"id": number, "nome": f"Cliente {number}"} for number in range(1, 8)]


@pytest.mark.parametrize(
    ("answer", "path", "count"),
    [
        pytest.param(_RECORDS, "", 7, id="the answer is the list"),
        pytest.param({"data": _RECORDS}, "data", 7, id="inside"),
        pytest.param({"meta": [{"a": 1}], "data": {"items": _RECORDS}}, "data.items", 7, id="the longest list"),
        pytest.param({"data": [{"id": 1, "lines": [{"n": 1}]}]}, "data", 1, id="the outermost of equals"),
    ],
)
def test_records_are_the_longest_list_of_objects(answer: JsonValue, path: str, count: int) -> None:
    found = find_records(answer)
    assert found is not None
    assert (found.path, len(found.records)) == (path, count)


@pytest.mark.parametrize("answer", [{}, [], [1, 2], {"data": "x"}, None, [{"a": 1}, 2]])
def test_an_answer_without_a_list_of_objects_has_no_records(answer: JsonValue) -> None:
    assert find_records(answer) is None


@pytest.mark.parametrize(
    ("records", "name"),
    [
        pytest.param([{"nome": "A", "Id": 1}, {"nome": "B", "Id": 2}], "Id", id="a usual name, in any case"),
        pytest.param([{"id": 1, "ref": "x"}, {"id": 1, "ref": "y"}], "ref", id="not one that repeats"),
        pytest.param([{"id": None, "ref": "x"}, {"id": 2, "ref": "y"}], "ref", id="not one that is missing"),
        pytest.param([{"a": 1}, {"a": 1}], None, id="none tells them apart"),
    ],
)
def test_the_id_is_a_member_that_differs_in_every_record(records: list[dict[str, Any]], name: str | None) -> None:
    assert id_name(records) == name


@pytest.mark.parametrize(
    ("answer", "total", "link", "more"),
    [
        pytest.param({"total_de_registros": 9, "x": []}, "total_de_registros", None, None, id="a total"),
        pytest.param(
            {"@odata.count": 9, "@odata.nextLink": "/a?b"}, "@odata.count", "@odata.nextLink", None, id="OData"
        ),
        pytest.param({"pagination": {"total": "9", "hasMore": "true"}}, "pagination.total", None, "pagination.hasMore"),
        pytest.param({"count": 2, "next": None}, None, None, None, id="a total below what came is none"),
        pytest.param({"subtotal": 50}, None, None, None, id="another word that ends alike"),
    ],
)
def test_signs_of_the_end_are_found_by_name(
    answer: JsonValue, total: str | None, link: str | None, more: str | None
) -> None:
    assert (total_path(answer, 7), link_path(answer), more_path(answer)) == (total, link, more)


def _fields(entity_records: list[dict[str, Any]]) -> dict[str, GuessedField]:
    return {field.name: field for field in guess_fields(CUSTOMERS, entity_records)}


def test_a_document_is_recognised_by_its_check_digits_under_any_name() -> None:
    found = _fields([{"id": 1, "campo7": "11.222.333/0001-81"}, {"id": 2, "campo7": "12ABC34501DE35"}])
    assert found["tax_id"].paths == ("campo7",)


def test_a_few_bad_values_do_not_hide_a_field_and_companies_and_persons_may_have_one_each() -> None:
    companies: list[dict[str, Any]] = [{"CNPJ": "11222333000181", "CPF": None} for _ in range(8)]
    others: list[dict[str, Any]] = [{"CNPJ": "123", "CPF": None}, {"CNPJ": None, "CPF": "529.982.247-25"}]
    assert _fields([*companies, *others])["tax_id"].paths == ("CNPJ", "CPF")


def test_a_name_alone_is_not_enough_when_the_values_cannot_be_read() -> None:
    assert "credit_limit" not in _fields([{"limite_credito": "muito"}])


@pytest.mark.parametrize(
    ("record", "name", "expected"),
    [
        pytest.param(
            {"limite_credito": "1.234,56"},
            "credit_limit",
            GuessedField("credit_limit", ("limite_credito",), "decimal_comma"),
            id="comma decimals",
        ),
        pytest.param({"ativo": "S"}, "active", GuessedField("active", ("ativo",), "boolean_sn"), id="S and N"),
        pytest.param({"ativo": True}, "active", GuessedField("active", ("ativo",)), id="JSON booleans"),
        pytest.param(
            {"situacao": "Inativo"},
            "active",
            GuessedField("active", ("situacao",), codes={"Inativo": False}),
            id="words",
        ),
        pytest.param(
            {"inativo": "N"},
            "active",
            GuessedField("active", ("inativo",), codes={"N": True, "S": False}),
            id="the opposite",
        ),
        pytest.param(
            {"data_alteracao": "22/11/2026 10:11:12"},
            "updated_at",
            GuessedField("updated_at", ("data_alteracao",), format="%d/%m/%Y %H:%M:%S"),
            id="day first",
        ),
        pytest.param(
            {"endereco": {"c.e.p": "01310-100", "cidade": "São Paulo"}},
            "city",
            GuessedField("city", ("endereco.cidade",)),
            id="inside an object",
        ),
        pytest.param(
            {"razão social": "Acme"}, "legal_name", GuessedField("legal_name", ("razão social",)), id="accents"
        ),
        pytest.param({"cnpj": {"$": "11222333000181"}}, "tax_id", GuessedField("tax_id", ("cnpj",)), id="wrapped"),
    ],
)
def test_a_field_is_guessed_with_the_way_it_is_written(
    record: dict[str, Any], name: str, expected: GuessedField
) -> None:
    assert _fields([record])[name] == expected


def test_one_member_is_never_two_fields() -> None:
    found = guess_fields(PRODUCTS, [{"codigo": "A1", "descricao": "Parafuso", "preco": 10}])
    assert [(field.name, *field.paths) for field in found] == [
        ("sku", "codigo"),
        ("name", "descricao"),
        ("price", "preco"),
    ]


def test_lines_of_an_order_are_found_with_their_fields() -> None:
    order: dict[str, JsonValue] = {
        "numero": "7",
        "itens": [{"codigo": "A1", "quantidade": "2,5", "valor_unitario": 10.5}],
    }
    lines = guess_lines(ORDERS, [order])
    assert lines is not None
    assert lines.path == "itens"
    assert {field.name: (*field.paths, field.codec) for field in lines.fields} == {
        "sku": ("codigo", None),
        "quantity": ("quantidade", "decimal_comma"),
        "unit_price": ("valor_unitario", None),
    }


class _Paged:
    """A listing of seven records that understands some parameters."""

    def __init__(
        self, *, size: str | None, position: str | None, first: int = 1, most: int = 1000, total: bool
    ) -> None:
        self.size, self.position, self.first, self.most, self.total = size, position, first, most, total

    async def __call__(self, query: Mapping[str, str]) -> JsonValue:
        size = min(int(query.get(self.size or "", 5)), self.most)
        start = 0
        if self.position is not None and self.position in query:
            given = int(query[self.position])
            start = given if self.position == "offset" else (given - self.first) * size
        if start < 0:
            return None
        records: list[JsonValue] = [*_RECORDS[start : start + size]]
        return {"items": records, **({"total": len(_RECORDS)} if self.total else {})}


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        pytest.param(
            _Paged(size="limit", position="page", total=True),
            GuessedPaging("number", {"page": "$page.number", "limit": "$page.size"}, total="total"),
            id="pages from 1",
        ),
        pytest.param(
            _Paged(size="size", position="page", first=0, total=False),
            GuessedPaging("number", {"page": "$page.number", "size": "$page.size"}, first=0),
            id="pages from 0",
        ),
        pytest.param(
            _Paged(size="limit", position="offset", total=False),
            GuessedPaging("offset", {"offset": "$page.offset", "limit": "$page.size"}, first=0),
            id="offsets",
        ),
        pytest.param(
            _Paged(size="limit", position="page", most=3, total=False),
            GuessedPaging("number", {"page": "$page.number", "limit": "$page.size"}, size=3),
            id="a size that is silently cut",
        ),
        pytest.param(
            _Paged(size=None, position="pagina", total=True),
            GuessedPaging("number", {"pagina": "$page.number"}, size=5, total="total"),
            id="a fixed size",
        ),
        pytest.param(_Paged(size=None, position=None, total=False), GuessedPaging("single", {}), id="no pages"),
    ],
)
async def test_paging_is_found_out_by_trying(system: _Paged, expected: GuessedPaging) -> None:
    assert await PagingTrials(system, {}, "id").find_out(await system({})) == expected


async def test_a_link_to_the_next_page_is_followed_rather_than_guessed_around() -> None:
    async def ask(query: Mapping[str, str]) -> JsonValue:
        raise AssertionError("nothing needs to be tried")

    first: JsonValue = {"value": [*_RECORDS], "@odata.nextLink": "/things?$skip=7"}
    found = await PagingTrials(ask, {"$expand": "x"}, "id").find_out(first)
    assert found == GuessedPaging("link", {"$expand": "x"}, size=7, link="@odata.nextLink")
