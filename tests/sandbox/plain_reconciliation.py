"""A reconciliation of the two systems' records in the plainest Python, to check what the generator says it planted.

It knows nothing of the generator: it reads records as a client gets them, pairs them by key, and explains each
difference by the documented rules of `Cause`, in their order.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from rapidfuzz import fuzz
from stdnum.br import cnpj, cpf

Finding = tuple[str, str, str | None, str, str]
"""Entity, key, field, kind, cause."""
Record = dict[str, Any]

SIMILAR = 88.0
STATUS = {1: "OPEN", 2: "INVOICED", 3: "CANCELLED", "A": "OPEN", "F": "INVOICED", "C": "CANCELLED"}
CODES = frozenset({"OPEN", "INVOICED", "CANCELLED"})


def reconcile(crm: Mapping[str, list[Record]], erp: Mapping[str, list[Record]]) -> set[Finding]:
    """Every finding."""
    contacts = {row["Id"]: row for row in crm["Contacts"]}
    products = {row["Id"]: row for row in crm["Products"]}
    latest = [row for row in crm["Quotes"] if row["LastReview"]]
    found: set[Finding] = set()
    found |= _entity("customers", map(_contact, crm["Contacts"]), map(_client, erp["clientes"]), "tax_id")
    found |= _entity("products", map(_crm_product, crm["Products"]), map(_erp_product, erp["produtos"]), "sku")
    for name, rows, documents in (("orders", crm["Orders"], erp["pedidos"]), ("quotes", latest, erp["orcamentos"])):
        left = [_crm_document(row, contacts, products) for row in rows]
        right = [_erp_document(row) for row in documents]
        found |= _entity(name, left, right, "number")
        found |= _lines(name, left, right)
    return found


def _entity(name: str, crm: Iterable[Record], erp: Iterable[Record], key: str) -> set[Finding]:
    found: set[Finding] = set()
    sides: dict[str, dict[str, list[Record]]] = {"crm": defaultdict(list), "erp": defaultdict(list)}
    for side, records in (("crm", crm), ("erp", erp)):
        for record in records:
            if not record[key]:
                found.add((name, f"{side}:{record['id']}", key, "invalid", "missing_key"))
            elif key == "tax_id" and not (cnpj.is_valid(record[key]) or cpf.is_valid(record[key])):
                found.add((name, record[key], key, "invalid", "invalid_document"))
            else:
                sides[side][record[key]].append(record)
    return found | _pairs(name, sides["crm"], sides["erp"])


def _pairs(name: str, crm: Mapping[str, list[Record]], erp: Mapping[str, list[Record]]) -> set[Finding]:
    found: set[Finding] = set()
    only_crm, only_erp = [], []
    codes = {record.get("code") for records in erp.values() for record in records}
    for key in crm.keys() | erp.keys():
        left, right = crm.get(key, []), erp.get(key, [])
        if len(left) > 1 or len(right) > 1:
            found.add((name, key, None, "duplicate", "same_key"))
        elif not right:
            only_crm.append((key, left[0]))
        elif not left:
            only_erp.append((key, right[0]))
        else:
            found |= {(name, key, field, "differs", cause) for field, cause in _differences(left[0], right[0])}
            link = left[0].get("link")
            if link is not None and link != right[0]["code"] and link in codes:
                found.add((name, key, None, "ambiguous", "key_and_link_disagree"))
    for kind, here, there in (("only_in_crm", only_crm, only_erp), ("only_in_erp", only_erp, only_crm)):
        for key, record in here:
            alike = any(_similar(record, other) for _, other in there)
            found.add((name, key, None, kind, "similar_record" if alike else "not_found"))
    return found


def _lines(name: str, crm: list[Record], erp: list[Record]) -> set[Finding]:
    """Findings of lines whose parents are once on each side."""
    numbers = [Counter(record["number"] for record in side if record["number"]) for side in (crm, erp)]
    paired = {number for number in numbers[0] if numbers[0][number] == numbers[1][number] == 1}
    sides: list[dict[str, list[Record]]] = []
    for records in (crm, erp):
        lines: dict[str, list[Record]] = defaultdict(list)
        for record in records:
            if record["number"] in paired:
                for line in record["lines"]:
                    lines[f"{record['number']}|{line['sku']}"].append(line)
        sides.append(lines)
    return _pairs(f"{name}.lines", *sides)


def _similar(one: Record, other: Record) -> bool:
    names = [
        " ".join(sorted(_folded(str(record.get("legal_name") or record.get("name") or "")).split()))
        for record in (one, other)
    ]
    return bool(all(names) and fuzz.ratio(*names) >= SIMILAR)


_NOT_COMPARED = frozenset({"id", "code", "link", "updated_at", "lines"})


def _differences(crm: Record, erp: Record) -> Iterable[tuple[str, str]]:
    for field in crm.keys() - _NOT_COMPARED:
        if crm[field] != erp[field]:
            yield field, _cause(field, crm, erp)


def _cause(field: str, crm: Record, erp: Record) -> str:
    left, right = crm[field], erp[field]
    if left is None or right is None:
        return "missing_value"
    rules: list[tuple[str, Callable[[], bool]]] = []
    match left:
        case bool():
            pass
        case str():
            rules = _text_rules(field, left, right)
        case Decimal():
            rules = _amount_rules(left, right)
        case date():
            rules = [
                ("time_zone", lambda: abs(left - right) == timedelta(days=1)),
                ("day_month_swapped", lambda: (left.day, left.month) == (right.month, right.day)),
            ]
    names = ("legal_name", "trade_name")
    if field in names:
        rules.append(("swapped_fields", lambda: crm[names[0]] == erp[names[1]] and crm[names[1]] == erp[names[0]]))
    if field == "status":
        rules.append(("unmapped_code", lambda: not {left, right} <= CODES))
    if "updated_at" in crm:
        rules.append(("stale_side", lambda: abs(crm["updated_at"] - erp["updated_at"]) > timedelta(days=1)))
    return next((cause for cause, holds in rules if holds()), "unexplained")


def _text_rules(field: str, left: str, right: str) -> list[tuple[str, Callable[[], bool]]]:
    free_text = field in ("legal_name", "trade_name", "street", "city", "name")
    rules: list[tuple[str, Callable[[], bool]]] = [
        ("case", lambda: left.lower() == right.lower()),
        ("spacing", lambda: left.lower().replace(" ", "") == right.lower().replace(" ", "")),
        ("accents", lambda: _folded(left) == _folded(right)),
        ("mojibake", lambda: _damaged(left, right) or _damaged(right, left)),
        ("punctuation", lambda: _alphanumeric(left) == _alphanumeric(right)),
    ]
    return [
        *(rules if free_text else []),
        ("truncated", lambda: min(len(left), len(right)) >= 5 and (left.startswith(right) or right.startswith(left))),
        ("leading_zeros", lambda: left.lstrip("0") == right.lstrip("0")),
    ]


def _amount_rules(left: Decimal, right: Decimal) -> list[tuple[str, Callable[[], bool]]]:
    return [
        ("sign", lambda: left == -right),
        ("scale", lambda: any(left == right * 10**n or right == left * 10**n for n in range(1, 7))),
        ("rounding", lambda: any(round(left, n) == right or round(right, n) == left for n in range(6))),
    ]


def _damaged(text: str, intact: str) -> bool:
    lost = "".join("?" if ord(c) > 127 else c for c in intact)
    try:
        return text in (lost, intact.encode().decode("cp1252"))
    except UnicodeDecodeError:
        return text == lost


def _folded(text: str) -> str:
    kept = (c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join("".join(kept).upper().split())


def _alphanumeric(text: str) -> str:
    return "".join(c for c in _folded(text) if c.isalnum())


def _text(value: str | None) -> str | None:
    return unicodedata.normalize("NFC", value) if value else None


def _digits(value: str | None) -> str | None:
    return "".join(c for c in value or "" if c.isdigit()) or None


def _letters_and_digits(value: str | None) -> str | None:
    return "".join(c for c in value or "" if c.isalnum()).upper() or None


def _amount(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(repr(value)).normalize()


def _comma(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value.replace(",", ".")).normalize()


def _day(value: str | None) -> date | None:
    return None if value is None else datetime.fromisoformat(value).date()


def _dmy(value: str | None) -> date | None:
    return None if value is None else datetime.strptime(f"{value} -0300", "%d/%m/%Y %z").date()


def _local(row: Record) -> datetime:
    return datetime.strptime(f"{row['data_alteracao']} {row['hora_alteracao']} -0300", "%d/%m/%Y %H:%M:%S %z")


def _custom(row: Record, key: str) -> Any:
    for element in row["OtherProperties"]:
        if element["FieldKey"] == key:
            return next(value for name, value in element.items() if name != "FieldKey")
    return None


def _contact(row: Record) -> Record:
    return {
        "id": row["Id"],
        "link": _custom(row, "contact_erp_code"),
        "tax_id": _letters_and_digits(row["CNPJ"] or row["CPF"]),
        "legal_name": _text(row["LegalName"]),
        "trade_name": _text(row["Name"]),
        "state_registration": _letters_and_digits(_custom(row, "contact_state_registration")),
        "email": (row["Email"] or "").lower() or None,
        "phone": _digits(row["Phones"][0]["PhoneNumber"]) if row["Phones"] else None,
        "street": _text(row["StreetAddress"]),
        "city": row["City"]["Name"],
        "state": row["State"]["Short"],
        "zip": _digits(row["ZipCode"]),
        "credit_limit": _amount(_custom(row, "contact_credit_limit")),
        "special_discount": _amount(_custom(row, "contact_special_discount")),
        "sales_volume": _amount(_custom(row, "contact_sales_volume")),
        "active": _custom(row, "contact_active"),
        "updated_at": datetime.fromisoformat(row["LastUpdateDate"]),
    }


def _client(row: Record) -> Record:
    return {
        "id": row["codigo"],
        "code": row["codigo"],
        "tax_id": _letters_and_digits(row["cpf_cnpj"]),
        "legal_name": _text(row["razao_social"]),
        "trade_name": _text(row["nome_fantasia"]),
        "state_registration": _letters_and_digits(row["inscricao_estadual"]),
        "email": row["email"].lower() or None,
        "phone": _digits(row["telefone"]),
        "street": _text(row["endereco"]["logradouro"]),
        "city": row["endereco"]["cidade"],
        "state": row["endereco"]["uf"],
        "zip": _digits(row["endereco"]["cep"]),
        "credit_limit": _comma(row["limite_credito"]),
        "special_discount": _comma(row["desconto_especial"]),
        "sales_volume": _comma(row["volume_vendas"]),
        "active": {"S": True, "N": False}[row["ativo"]],
        "updated_at": _local(row),
    }


def _crm_product(row: Record) -> Record:
    return {
        "id": row["Id"],
        "sku": (row["Code"] or "").upper(),
        "name": _text(row["Name"]),
        "unit": row["MeasurementUnit"],
        "ncm": _digits(_custom(row, "product_ncm")),
        "price": _amount(row["UnitPrice"]),
        "active": not row["Suspended"],
        "updated_at": datetime.fromisoformat(row["LastUpdateDate"]),
    }


def _erp_product(row: Record) -> Record:
    return {
        "id": row["codigo"],
        "sku": row["codigo"].upper(),
        "name": _text(row["descricao"]),
        "unit": row["unidade"],
        "ncm": _digits(row["ncm"]),
        "price": _comma(row["preco_venda"]),
        "active": {"S": True, "N": False}[row["ativo"]],
        "updated_at": _local(row),
    }


def _crm_document(row: Record, contacts: Mapping[int, Record], products: Mapping[int, Record]) -> Record:
    number = row.get("OrderNumber") if "OrderNumber" in row else row["QuoteNumber"]
    contact = contacts[row["ContactId"]]
    found = {
        "id": row["Id"],
        "number": None if number is None else str(number),
        "customer": _letters_and_digits(contact["CNPJ"] or contact["CPF"]),
        "date": _day(row["Date"]),
        "total": _amount(row["Amount"]),
        "updated_at": datetime.fromisoformat(row["LastUpdateDate"]),
        "lines": [_crm_line(line, products, quote="QuoteNumber" in row) for line in row["Products"]],
    }
    if "OrderNumber" in row:
        return {**found, "status": STATUS[row["StageId"]]}
    status = _custom(row, "quote_status")
    return {
        **found,
        "status": None if status is None else status.upper(),
        "revision": Decimal(row["ReviewNumber"]),
        "valid_until": _day(row["ExpirationDate"]),
        "taxes": _amount(_custom(row, "quote_taxes")),
    }


def _crm_line(line: Record, products: Mapping[int, Record], *, quote: bool) -> Record:
    found = {
        "sku": products[line["ProductId"]]["Code"].upper(),
        "quantity": _amount(line["Quantity"]),
        "unit_price": _amount(line["UnitPrice"]),
        "discount": _amount(line["Discount"]),
        "total": _amount(line["Total"]),
    }
    return {**found, "taxes": _amount(_custom(line, "quote_product_taxes"))} if quote else found


def _erp_document(row: Record) -> Record:
    found = {
        "id": row["numero"],
        "number": row["numero"],
        "customer": _letters_and_digits(row["cliente_cpf_cnpj"]),
        "date": _dmy(row["emissao"]),
        "status": STATUS.get(row["situacao"], row["situacao"]),
        "total": _comma(row["valor_total"]),
        "updated_at": _local(row),
        "lines": [_erp_line(line) for line in row["itens"]],
    }
    if "revisao" not in row:
        return found
    return {
        **found,
        "revision": Decimal(row["revisao"]),
        "valid_until": _dmy(row["validade"]),
        "taxes": _comma(row["valor_impostos"]),
    }


def _erp_line(line: Record) -> Record:
    found = {
        "sku": line["produto"].upper(),
        "quantity": _comma(line["quantidade"]),
        "unit_price": _comma(line["preco_unitario"]),
        "discount": _comma(line["desconto"]),
        "total": _comma(line["total"]),
    }
    return {**found, "taxes": _comma(line["valor_impostos"])} if "valor_impostos" in line else found
