"""The shapes of what comes and goes, as JSON Schema. A test holds them against what the service really says."""

from __future__ import annotations

from typing import Any, Final

from reconciler.model.findings import Cause, FindingKind, FindingStatus
from reconciler.model.taxes import TaxKind
from reconciler.service.history import MOST_ON_A_PAGE
from reconciler.service.queries import LONGEST_VALUE_CHARACTERS, MOST_VALUES, VALUE_PATTERN
from reconciler.store.state.records import RunStatus
from reconciler.taxes.drift import Member
from reconciler.taxes.quote_members import LONGEST_LABEL_CHARACTERS, LONGEST_SKU_CHARACTERS, MOST_LINES
from reconciler.taxes.quote_mistakes import MOST_MISTAKES

Schema = dict[str, Any]

_TEXT: Final[Schema] = {"type": "string"}
_TEXT_OR_NONE: Final[Schema] = {"type": ["string", "null"]}
_FLAG: Final[Schema] = {"type": "boolean"}
_FLAG_OR_NONE: Final[Schema] = {"type": ["boolean", "null"]}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}
_MOMENT_OR_NONE: Final[Schema] = {"type": ["string", "null"], "format": "date-time"}
_AMOUNT: Final[Schema] = {
    "type": "string",
    "pattern": r"^-?[0-9]+\.[0-9]{2,}$",
    "description": "An amount as text, so that no reader turns it into a binary fraction.",
    "examples": ["9857.68"],
}
_SHARE: Final[Schema] = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$", "examples": ["0.12"]}
_KIND: Final[Schema] = {"enum": [kind.value for kind in TaxKind]}


def said(name: str) -> Schema:
    """A reference to one of `SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


def record(properties: Schema, *, needed: list[str] | None = None, more: bool = False) -> Schema:
    """An object; without `needed` all of its members are always there."""
    required = list(properties) if needed is None else needed
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": more}


def _or_none(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _decimal(example: str) -> Schema:
    pattern = r"^[0-9]{1,12}(\.[0-9]{1,6})?$"
    return {
        "type": "string",
        "pattern": pattern,
        "examples": [example],
        "description": "At most 15 significant digits.",
    }


_QUOTE_LINE: Final = record(
    {
        "line": {
            "type": ["string", "null"],
            "minLength": 1,
            "maxLength": LONGEST_LABEL_CHARACTERS,
            "description": "How the caller names the line; its number where left out. No two are equal.",
        },
        "sku": {"type": "string", "minLength": 1, "maxLength": LONGEST_SKU_CHARACTERS, "examples": ["P0004"]},
        "quantity": {**_decimal("2"), "description": "More than zero."},
        "unit_price": _decimal("4928.84"),
        "discount": _or_none({**_decimal("0"), "description": "Percent of the price, 0 to 100."}),
    },
    needed=["sku", "quantity", "unit_price"],
)

_WOULD_BE_QUOTE: Final = record(
    {
        "customer": record(
            {
                "tax_id": {"type": ["string", "null"], "description": "CNPJ or CPF.", "examples": ["83101222000128"]},
                "prospect": {**_FLAG_OR_NONE, "description": "The ERP does not know the customer, and that is meant."},
                "final_consumer": _FLAG_OR_NONE,
                "taxpayer": {**_FLAG_OR_NONE, "description": "Pays ICMS."},
            },
            needed=[],
        ),
        "ship_to": _or_none(
            record(
                {
                    "state": {"type": ["string", "null"], "pattern": "^[A-Z]{2}$", "examples": ["PR"]},
                    "city_ibge": {"type": ["string", "null"], "pattern": "^[0-9]{7}$", "examples": ["4106902"]},
                },
                needed=[],
            )
        ),
        "date": {
            "type": ["string", "null"],
            "format": "date",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
            "description": "Today where left out.",
        },
        "lines": {"type": "array", "items": _QUOTE_LINE, "minItems": 1, "maxItems": MOST_LINES},
    },
    needed=["customer", "lines"],
)

_TAX: Final = record(
    {
        "kind": _KIND,
        "rate": _or_none({**_SHARE, "description": "Share of one."}),
        "base": _or_none(_AMOUNT),
        "deduction": {**_AMOUNT, "description": "What base × rate is lessened by."},
        "amount": _AMOUNT,
        "in_price": {**_FLAG, "description": "The price of the goods already holds it."},
        "informative": {**_FLAG, "description": "Stated and not paid."},
        "code": {**_TEXT_OR_NONE, "description": "The ERP's code of the tax situation."},
    }
)

_HEAD: Final[Schema] = {
    "source": {"enum": ["live", "cached"]},
    "as_of": {**_MOMENT, "description": "When the ERP said it, or was found to say nothing."},
    "age_s": {"type": "number", "minimum": 0},
    "expires_at": _MOMENT_OR_NONE,
    "stale": {**_FLAG, "description": "Older than it may be; only for callers that ask with allow_stale."},
    "system": {**_TEXT, "description": "The description the taxes come from."},
    "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
    "elapsed_ms": _COUNT,
    "warnings": {"type": "array", "items": record({"code": _TEXT, "message": _TEXT})},
}

_CALCULATED: Final[Schema] = {
    "status": {"const": "calculated"},
    **_HEAD,
    "lines": {
        "type": "array",
        "minItems": 1,
        "items": record(
            {
                "line": _TEXT,
                "goods": _AMOUNT,
                "taxes": {"type": "array", "items": said("Tax")},
                "taxes_total": {**_AMOUNT, "description": "In price and added together."},
            }
        ),
    },
    "totals": record(dict.fromkeys(("goods", "taxes_added", "taxes_in_price", "taxes_informative", "total"), _AMOUNT)),
}

_RATES: Final[Schema] = {
    "type": "array",
    "description": "Where the ERP states rates and no amounts.",
    "items": record(
        {"line": _TEXT, "rates": {"type": "array", "items": record({"kind": _KIND, "rate": _SHARE})}},
    ),
}
_UNAVAILABLE: Final[Schema] = {
    "status": {"const": "unavailable"},
    **_HEAD,
    "reason": {**_TEXT, "description": "Stable code of why.", "examples": ["deadline"]},
    "message": _TEXT,
    "rates": _RATES,
}
_UNAVAILABLE_NEEDS: Final = [name for name in _UNAVAILABLE if name != "rates"]

_STATED: Final[Schema] = {
    "rate": _or_none(_SHARE),
    "base": _or_none(_AMOUNT),
    "amount": _or_none(_AMOUNT),
    "in_price": _FLAG_OR_NONE,
}
_KIND_OR_NONE: Final = _or_none(_KIND)

_CARRIED: Final = record(
    {
        "lines": {
            "type": "array",
            "items": record(
                {
                    "line": _TEXT,
                    "sku": _TEXT,
                    "taxes": {"type": "array", "items": record({"kind": _KIND_OR_NONE, **_STATED})},
                    "taxes_total": _or_none(_AMOUNT),
                }
            ),
        }
    }
)

_DIFFERENCE: Final = record(
    {
        "kind": _KIND_OR_NONE,
        "cause": {"enum": [cause.value for cause in Cause]},
        "members": {"type": "array", "items": {"enum": [member.value for member in Member]}},
        "carried": _or_none(record(_STATED)),
        "erp": _or_none(record(_STATED)),
        "value_at_stake": _AMOUNT,
    }
)
_DRIFT: Final = record(
    {
        "status": {"enum": ["drifted", "none"]},
        "value_at_stake": _AMOUNT,
        "owed": {**_AMOUNT, "description": "What the total of the quote would change by."},
        "carries_none": _FLAG,
        "not_kept": {"type": "array", "items": _KIND, "description": "Taxes the CRM has no place for."},
        "lines": {
            "type": "array",
            "items": record(
                {
                    "line": _TEXT,
                    "sku": _TEXT,
                    "value_at_stake": _AMOUNT,
                    "differences": {"type": "array", "items": _DIFFERENCE},
                }
            ),
        },
    }
)

_OF_A_QUOTE: Final[Schema] = {
    "quote": record({"number": _TEXT, "revision": _TEXT_OR_NONE, "id": _TEXT}),
    "carried": {**_or_none(said("Carried")), "description": "What the quote carries; null where it has no place."},
    "drift": {**_or_none(said("Drift")), "description": "What differs; null where nothing can be compared."},
}

_SIDE: Final = record({"id": _TEXT_OR_NONE, "value": _TEXT_OR_NONE, "raw": _TEXT_OR_NONE})

_FINDING: Final = record(
    {
        "id": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
        "entity": _TEXT,
        "key": _TEXT,
        "kind": {"enum": [kind.value for kind in FindingKind]},
        "field": _TEXT_OR_NONE,
        "crm": _SIDE,
        "erp": _SIDE,
        "cause": {"enum": [cause.value for cause in Cause]},
        "explanation": _TEXT,
        "status": {"enum": [status.value for status in FindingStatus]},
        "owner": {"enum": ["crm", "erp", None]},
        "first_seen": _MOMENT,
        "last_seen": _MOMENT,
        "occurrences": {"type": "integer", "minimum": 1},
    },
    more=True,
)

_RUN: Final = record(
    {
        "run": _TEXT,
        "status": {"enum": [status.value for status in RunStatus]},
        "started_at": _MOMENT,
        "seconds": {"type": "number", "minimum": 0},
        "entities": {"type": "object"},
    },
    needed=["run", "status", "started_at"],
    more=True,
)

_CURSOR: Final[Schema] = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,200}$"}


def page_of(name: str, schema: str) -> Schema:
    """One page of a list whose members have that schema."""
    return record(
        {
            name: {"type": "array", "items": said(schema), "maxItems": MOST_ON_A_PAGE},
            "next_cursor": {**_or_none(_CURSOR), "description": "Names the next page; null on the last one."},
        }
    )


SCHEMAS: Final[dict[str, Schema]] = {
    "WouldBeQuote": _WOULD_BE_QUOTE,
    "Tax": _TAX,
    "Calculated": record(_CALCULATED),
    "Unavailable": record(_UNAVAILABLE, needed=_UNAVAILABLE_NEEDS),
    "QuoteCalculated": record({**_CALCULATED, **_OF_A_QUOTE}),
    "QuoteUnavailable": record({**_UNAVAILABLE, **_OF_A_QUOTE}, needed=[*_UNAVAILABLE_NEEDS, *_OF_A_QUOTE]),
    "Carried": _CARRIED,
    "Drift": _DRIFT,
    "Finding": _FINDING,
    "Findings": page_of("findings", "Finding"),
    "Run": _RUN,
    "Runs": page_of("runs", "Run"),
    "Problem": record(
        {
            "type": {"const": "about:blank"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "code": {**_TEXT, "pattern": "^[a-z_]+$", "description": "Stable; see docs/service.md."},
            "title": _TEXT,
            "detail": {**_TEXT, "description": "What is wrong this time; may repeat what was sent."},
            "place": {**_TEXT, "description": "Where in what was sent.", "examples": ["lines[0].sku"]},
            "mistakes": {
                "description": "Everything that is wrong in a quote, where it is more than one thing; this one first.",
                "type": "array",
                "minItems": 2,
                "maxItems": MOST_MISTAKES,
                "items": record({"place": _TEXT, "detail": _TEXT}),
            },
            "request_id": _TEXT,
        },
        needed=["type", "status", "code", "title"],
    ),
}


def parameter(name: str, schema: Schema, description: str, where: str = "query") -> Schema:
    """A part of the address."""
    needed = where == "path"
    return {"name": name, "in": where, "required": needed, "schema": schema, "description": description}


def filters(known: dict[str, list[str] | None]) -> list[Schema]:
    """Parameters that may be repeated. The values of those that have a fixed set are known."""
    text: Schema = {"type": "string", "pattern": VALUE_PATTERN, "maxLength": LONGEST_VALUE_CHARACTERS}
    return [
        parameter(
            name,
            {"type": "array", "items": text if values is None else {"enum": list(values)}, "maxItems": MOST_VALUES},
            "May be repeated: one of these." + (" `*` stands for any text." if name == "key" else ""),
        )
        for name, values in known.items()
    ]


def paging() -> list[Schema]:
    """How a list is read page by page."""
    return [
        parameter("limit", {"type": "integer", "minimum": 1, "maximum": MOST_ON_A_PAGE, "default": 50}, "On a page."),
        parameter("cursor", _CURSOR, "`next_cursor` of the page before, with the same filters."),
    ]
