"""Which properties each collection of the CRM has, of which type, and where its links lead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final


class Kind(StrEnum):
    """Type of a property."""

    INTEGER = "integer"
    NUMBER = "number"
    TEXT = "text"
    BOOLEAN = "boolean"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True)
class Link:
    """A property that is absent unless expanded.

    Attributes:
        kind: name of the linked shape in `SHAPES`.
        key: property that holds the id of the one linked record; None for a list that is inside the record itself.
        collection: where the linked record is.
    """

    kind: str
    key: str | None = None
    collection: str | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """Properties of one kind of object.

    `entity_id` is the number of the entity in the vendor's table, for custom fields and webhooks. Properties in
    `read_only` are the system's to write.
    """

    properties: Mapping[str, Kind]
    links: Mapping[str, Link] = field(default_factory=dict)
    entity_id: int | None = None
    required: frozenset[str] = frozenset()
    read_only: frozenset[str] = frozenset({"Id", "CreateDate", "LastUpdateDate"})


def _properties(
    *, integers: str = "Id", texts: str = "", numbers: str = "", flags: str = "", instants: str = ""
) -> dict[str, Kind]:
    """Properties by type; names separated by spaces."""
    kinds = (
        (integers, Kind.INTEGER),
        (texts, Kind.TEXT),
        (numbers, Kind.NUMBER),
        (flags, Kind.BOOLEAN),
        (instants, Kind.INSTANT),
    )
    return {name: kind for names, kind in kinds for name in names.split()}


_CUSTOM_FIELDS_LINK = Link("Property")
_LINE_LINKS = {"Product": Link("Products", "ProductId", "Products"), "OtherProperties": _CUSTOM_FIELDS_LINK}
_LINE_NUMBERS = "Quantity UnitPrice Discount Total"
_STAMPS = "CreateDate LastUpdateDate"
_STATE_LINK = Link("States", "StateId", "Cities@Countries@States")
_CONTACT_LINK = Link("Contacts", "ContactId", "Contacts")

SHAPES: Final[Mapping[str, Shape]] = {
    "Contacts": Shape(
        _properties(
            integers="Id TypeId CityId StateId OwnerId StatusId",
            texts="Name LegalName Register CNPJ CPF Email StreetAddress ZipCode CNAECode Key",
            instants=_STAMPS,
        ),
        {
            "City": Link("Cities", "CityId", "Cities"),
            "State": _STATE_LINK,
            "Phones": Link("Phone"),
            "OtherProperties": _CUSTOM_FIELDS_LINK,
        },
        entity_id=1,
        required=frozenset({"Name"}),
    ),
    "Products": Shape(
        _properties(
            integers="Id GroupId FamilyId CurrencyId",
            texts="Name Code MeasurementUnit",
            numbers="UnitPrice",
            flags="Suspended",
            instants=_STAMPS,
        ),
        {"OtherProperties": _CUSTOM_FIELDS_LINK},
        entity_id=10,
        required=frozenset({"Name"}),
    ),
    "Quotes": Shape(
        _properties(
            integers="Id QuoteNumber ReviewNumber ContactId DealId OwnerId TemplateId ApprovalStatusId CurrencyId",
            texts="Key DocumentUrl",
            numbers="Amount Discount FreightModal FreightCost",
            flags="LastReview",
            instants=f"Date ExpirationDate {_STAMPS}",
        ),
        {"Contact": _CONTACT_LINK, "Products": Link("QuoteLine"), "OtherProperties": _CUSTOM_FIELDS_LINK},
        entity_id=7,
        required=frozenset({"ContactId"}),
        read_only=frozenset({"Id", "CreateDate", "LastUpdateDate", "QuoteNumber", "ReviewNumber", "LastReview"}),
    ),
    "Orders": Shape(
        _properties(
            integers="Id OrderNumber ContactId DealId OwnerId StageId OriginQuoteId",
            numbers="Amount Discount",
            instants=f"Date {_STAMPS}",
        ),
        {"Contact": _CONTACT_LINK, "Products": Link("OrderLine"), "OtherProperties": _CUSTOM_FIELDS_LINK},
        entity_id=4,
        required=frozenset({"ContactId"}),
    ),
    "QuoteLine": Shape(
        _properties(integers="Id QuoteId SectionId ProductId", texts="ProductName", numbers=_LINE_NUMBERS),
        _LINE_LINKS,
        entity_id=14,
        read_only=frozenset({"Id", "QuoteId"}),
    ),
    "OrderLine": Shape(
        _properties(integers="Id OrderId SectionId ProductId", texts="ProductName", numbers=_LINE_NUMBERS),
        _LINE_LINKS,
        entity_id=20,
        read_only=frozenset({"Id", "OrderId"}),
    ),
    "Phone": Shape(_properties(integers="Id TypeId", texts="PhoneNumber"), read_only=frozenset({"Id"})),
    "Property": Shape(
        _properties(
            integers="IntegerValue",
            texts="FieldKey StringValue",
            numbers="DecimalValue",
            flags="BoolValue",
            instants="DateTimeValue",
        )
    ),
    "Cities": Shape(_properties(integers="Id StateId", texts="Name IBGECode"), {"State": _STATE_LINK}),
    "States": Shape(_properties(texts="Short Name")),
    "Fields": Shape(_properties(integers="Id EntityId TypeId", texts="Key Name ValueName", flags="Dynamic")),
    "Account": Shape(_properties(texts="Name")),
    "Webhooks": Shape(
        _properties(integers="Id EntityId ActionId", texts="CallbackUrl ValidationKey", flags="Active"),
        required=frozenset({"EntityId", "ActionId", "CallbackUrl"}),
    ),
    "NamedId": Shape(_properties(texts="Name")),
}

COLLECTIONS: Final[Mapping[str, str]] = {
    "Contacts": "Contacts",
    "Products": "Products",
    "Quotes": "Quotes",
    "Orders": "Orders",
    "Webhooks": "Webhooks",
    "Fields": "Fields",
    "Account": "Account",
    "Cities": "Cities",
    "Cities@Countries@States": "States",
    "Contacts@Types": "NamedId",
    "Orders@Stages": "NamedId",
    "Quotes@ApprovalStatus": "NamedId",
    "Webhooks@Actions": "NamedId",
    "Fields@Entities": "NamedId",
}
"""Collections that can be read, and the shape of their records."""

DATA_COLLECTIONS: Final = ("Contacts", "Products", "Quotes", "Orders")
"""Collections of business records: they can be written, and generated or loaded."""

CREATED, UPDATED, DELETED = 1, 2, 3
"""Actions of a webhook."""

_TAX_NAMES: Final = {
    "icms": "ICMS",
    "icms_st": "ICMS-ST",
    "difal": "DIFAL",
    "ipi": "IPI",
    "pis": "PIS",
    "cofins": "COFINS",
}

CUSTOM_FIELDS: Final = (
    (1, "contact_credit_limit", "Limite de crédito", "DecimalValue"),
    (1, "contact_special_discount", "Desconto especial (%)", "DecimalValue"),
    (1, "contact_sales_volume", "Volume de vendas", "DecimalValue"),
    (1, "contact_state_registration", "Inscrição estadual", "StringValue"),
    (1, "contact_erp_code", "Código no ERP", "StringValue"),
    (1, "contact_active", "Ativo", "BoolValue"),
    (10, "product_ncm", "NCM", "StringValue"),
    (7, "quote_status", "Situação da proposta", "StringValue"),
    (7, "quote_taxes", "Total de impostos", "DecimalValue"),
    (14, "quote_product_icms", "ICMS", "DecimalValue"),
    (14, "quote_product_icms_st", "ICMS-ST", "DecimalValue"),
    (14, "quote_product_difal", "DIFAL", "DecimalValue"),
    (14, "quote_product_ipi", "IPI", "DecimalValue"),
    (14, "quote_product_pis", "PIS", "DecimalValue"),
    (14, "quote_product_cofins", "COFINS", "DecimalValue"),
    (14, "quote_product_taxes", "Impostos do item", "DecimalValue"),
    *(
        (14, f"quote_product_{kind}_{member}", f"{title} {name}", "DecimalValue")
        for kind, name in _TAX_NAMES.items()
        for member, title in (("rate", "Alíquota (%)"), ("base", "Base de cálculo"))
    ),
    (14, "quote_product_ipi_in_price", "IPI incluído no preço", "BoolValue"),
)
"""Entity id, key, name and value attribute of each custom field."""

_VALUE_TYPE_IDS = {"StringValue": 1, "IntegerValue": 4, "DecimalValue": 5, "BoolValue": 10}
_FIRST_FIELD_ID = 5_000


def look_ups() -> dict[str, list[dict[str, Any]]]:
    """The small tables behind the numbers, except cities and states."""
    return {
        "Account": _named({1: "Sandbox"}),
        "Contacts@Types": _named({1: "Empresa", 2: "Pessoa"}),
        "Orders@Stages": _named({1: "Em aberto", 2: "Faturado", 3: "Cancelado"}),
        "Quotes@ApprovalStatus": _named({1: "Pendente", 2: "Aprovada", 3: "Reprovada"}),
        "Webhooks@Actions": _named({CREATED: "Create", UPDATED: "Update", DELETED: "Delete"}),
        "Fields@Entities": _named(
            {1: "Cliente", 4: "Venda", 7: "Proposta", 10: "Produto", 14: "Produto da Proposta", 20: "Produto da Venda"}
        ),
        "Fields": [
            {
                "Id": _FIRST_FIELD_ID + position,
                "EntityId": entity_id,
                "Key": key,
                "Name": name,
                "Dynamic": True,
                "TypeId": _VALUE_TYPE_IDS[value_name],
                "ValueName": value_name,
            }
            for position, (entity_id, key, name, value_name) in enumerate(CUSTOM_FIELDS)
        ],
    }


def _named(names: Mapping[int, str]) -> list[dict[str, Any]]:
    return [{"Id": number, "Name": name} for number, name in names.items()]
