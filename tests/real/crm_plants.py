"""Discrepancies planted in the customers and products that the CRM holds, one record in so many."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from stdnum.br import cnpj

from tests.real.crm_copies import LINES_PER_SALE, Held
from tests.real.truth import Truth
from tests.real.tryton_rpc import Record

EVERY: Final = 15
"""One customer or product in this many is perturbed."""
EXTRA: Final = 100_000
"""Added to the id of a copy, for records of the CRM that copy nothing."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A copy that is about to be perturbed.

    Attributes:
        identity: the ERP's id.
        used: other records refer to it, so that it must stay and keep its key.
    """

    identity: int
    record: Record
    used: bool
    truth: Truth


Change = Callable[[Chosen], list[Record] | None]
"""Perturbs a copy; what the CRM holds instead of it, or None when this record does not lend itself to it."""


def perturb(
    copies: dict[int, list[Record]], changes: Sequence[Change], every: int, used: set[int], truth: Truth
) -> set[int]:
    """Perturb one copy in `every`, each with the change whose turn is next and that suits it; the ids of these."""
    waiting = list(changes)
    touched = set()
    for identity in sorted(copies)[every - 1 :: every]:
        chosen = Chosen(identity, copies[identity][0], identity in used, truth)
        for change in waiting:
            replaced = change(chosen)
            if replaced is not None:
                copies[identity] = replaced
                touched.add(identity)
                waiting.remove(change)
                waiting.append(change)
                break
    return touched


def plant_in_customers(held: Held, truth: Truth) -> set[int]:
    """Perturb contacts; the parties whose copies were."""
    return perturb(held.contacts, _CUSTOMER_CHANGES, EVERY, held.buyers(), truth)


def plant_in_products(held: Held, truth: Truth) -> set[int]:
    """Perturb products of the CRM; the ERP's ids of these."""
    return perturb(held.goods, _PRODUCT_CHANGES, EVERY, held.sold(), truth)


def custom(record: Record, key: str) -> Record:
    """A custom field of a record of the CRM."""
    found: Record = next(each for each in record["OtherProperties"] if each["FieldKey"] == key)
    return found


def left_out(entity: str, key: str) -> Change:
    """The CRM has no such record."""

    def apply(chosen: Chosen) -> list[Record] | None:
        if chosen.used:
            return None
        chosen.truth.record(entity, str(chosen.record[key]), "only_in_erp")
        return []

    return apply


def doubled(entity: str, key: str) -> Change:
    """The CRM has it twice."""

    def apply(chosen: Chosen) -> list[Record] | None:
        chosen.truth.record(entity, str(chosen.record[key]), "duplicate", "same_key")
        return [chosen.record, again(chosen.record, chosen.record["Id"] + EXTRA)]

    return apply


def extra(entity: str, key: str, new: Callable[[int], Mapping[str, object]]) -> Change:
    """The CRM has another one beside it that the ERP lacks; `new` makes its members, also the key, from its id."""

    def apply(chosen: Chosen) -> list[Record]:
        identity = chosen.record["Id"] + 2 * EXTRA
        other = {**again(chosen.record, identity), **new(identity)}
        chosen.truth.record(entity, str(other[key]), "only_in_crm")
        return [chosen.record, other]

    return apply


def again(record: Record, identity: int) -> Record:
    """The same record under another id; its lines have ids of their own, too."""
    other = {**record, "Id": identity}
    if "Products" in record:
        other["Products"] = [
            {**line, "Id": identity * LINES_PER_SALE + place} for place, line in enumerate(record["Products"], 1)
        ]
    return other


def _text(member: str, cause: str, change: Callable[[str], str | None], entity: str, key: str, name: str) -> Change:
    def apply(chosen: Chosen) -> list[Record] | None:
        record = chosen.record
        changed = None if record[member] is None else change(record[member])
        if changed is None or changed == record[member]:
            return None
        chosen.truth.differs(entity, record[key], name, cause)
        return [{**record, member: changed}]

    return apply


def _without_accents(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def _misread(text: str) -> str | None:
    try:
        misread = text.encode().decode("cp1252")
    except UnicodeDecodeError:
        return None
    return misread if misread.isprintable() else None


def _cut(text: str) -> str | None:
    cut = text[:18]
    return cut if len(text) > 18 and cut == cut.rstrip() else None


def _credit_limit(cause: str, change: Callable[[float], float | None]) -> Change:
    def apply(chosen: Chosen) -> list[Record] | None:
        limit = custom(chosen.record, "contact_credit_limit")
        if not limit["DecimalValue"]:
            return None
        limit["DecimalValue"] = change(limit["DecimalValue"])
        chosen.truth.differs("customers", chosen.record["CNPJ"], "credit_limit", cause)
        return [chosen.record]

    return apply


def _unknown_customer(identity: int) -> dict[str, object]:
    root = f"{identity:08}0001"
    return {"CNPJ": root + cnpj.calc_check_digits(root + "00"), "LegalName": f"Quimera Xadrez {identity:b}"}


def _unknown_product(identity: int) -> dict[str, object]:
    return {"Code": f"CRM-{identity}", "Name": f"Quimera xadrez {identity:b}"}


def _broken_document(chosen: Chosen) -> list[Record] | None:
    """The contact is rejected, and so the party has no partner."""
    if chosen.used:
        return None
    right = chosen.record["CNPJ"]
    broken = right[:-1] + str((int(right[-1]) + 1) % 10)
    chosen.truth.record("customers", right, "only_in_erp")
    chosen.truth.invalid("customers", broken, "tax_id", "invalid_document")
    return [{**chosen.record, "CNPJ": broken}]


def _price(cause: str, change: Callable[[Decimal], Decimal]) -> Change:
    def apply(chosen: Chosen) -> list[Record] | None:
        price = Decimal(repr(chosen.record["UnitPrice"]))
        changed = change(price)
        if changed == price:
            return None
        chosen.truth.differs("products", chosen.record["Code"], "price", cause)
        return [{**chosen.record, "UnitPrice": float(changed)}]

    return apply


def rounded(number: Decimal) -> Decimal:
    """To a whole number, half up."""
    return number.quantize(Decimal(1), ROUND_HALF_UP)


def _suspended(chosen: Chosen) -> list[Record]:
    chosen.truth.differs("products", chosen.record["Code"], "active", "unexplained")
    return [{**chosen.record, "Suspended": not chosen.record["Suspended"]}]


def _name_of_customer(cause: str, change: Callable[[str], str | None]) -> Change:
    return _text("LegalName", cause, change, "customers", "CNPJ", "legal_name")


def _name_of_product(cause: str, change: Callable[[str], str | None]) -> Change:
    return _text("Name", cause, change, "products", "Code", "name")


_CUSTOMER_CHANGES: Final[tuple[Change, ...]] = (
    left_out("customers", "CNPJ"),
    _broken_document,
    _name_of_customer("accents", _without_accents),
    _name_of_customer("case", str.upper),
    _name_of_customer("spacing", lambda name: name.replace(" ", "  ", 1)),
    _name_of_customer("truncated", _cut),
    _name_of_customer("mojibake", _misread),
    _text("Email", "unexplained", lambda email: f"outro.{email}", "customers", "CNPJ", "email"),
    _credit_limit("scale", lambda limit: limit * 10),
    _credit_limit("sign", lambda limit: -limit),
    _credit_limit("missing_value", lambda limit: None),
    doubled("customers", "CNPJ"),
    extra("customers", "CNPJ", _unknown_customer),
)
_PRODUCT_CHANGES: Final[tuple[Change, ...]] = (
    left_out("products", "Code"),
    _name_of_product("accents", _without_accents),
    _name_of_product("case", str.upper),
    _price("rounding", rounded),
    _price("scale", lambda price: price * 100),
    _suspended,
    doubled("products", "Code"),
    extra("products", "Code", _unknown_product),
)
