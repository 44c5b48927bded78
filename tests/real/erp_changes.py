"""Discrepancies of customers and products, made in Tryton through its own API after the copies were taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Final

from tests.real.crm_copies import Held, amount
from tests.real.truth import Truth, cause_of
from tests.real.tryton_records import DIGITS, tax_id
from tests.real.tryton_rpc import Record, TrytonRpc, decimal

CHANGED_LATER: Final = "stale_side"
"""The cause where the record's own stamp moved, days after the copy's, and nothing else explains the difference."""
CHANGED_UNSEEN: Final = "unexplained"
"""The cause where only a child of the record was written: the record's stamp is still that of the copy."""


@dataclass(slots=True)
class Untouched:
    """Records of the server nobody has perturbed yet, each given once.

    Attributes:
        parties, products: without sales.
    """

    parties: Iterator[int]
    products: Iterator[int]

    @classmethod
    def among(cls, held: Held, touched_parties: set[int], touched_products: set[int]) -> Untouched:
        """Everything but the touched; the company's own party is left alone, too."""
        company = min(held.parties)
        parties = set(held.parties) - touched_parties - held.buyers() - {company}
        return cls(iter(sorted(parties)), iter(sorted(set(held.products) - touched_products - held.sold())))


def next_of(untouched: Iterator[int]) -> int:
    """The next one. Raises LookupError when the server was filled with too few records for all changes."""
    found = next(untouched, None)
    if found is None:
        raise LookupError("no record is left that is not perturbed and not part of a sale: ask for more of them")
    return found


class PartyChanges:
    """Changes of customers. Each takes the next untouched party and notes what must be found."""

    def __init__(self, server: TrytonRpc, held: Held, parties: Iterator[int], truth: Truth, random: Random) -> None:
        self._server = server
        self._held = held
        self._parties = parties
        self._truth = truth
        self._random = random

    def rename(self) -> int:
        """Returns the party."""
        party = self._next()
        self._server.write("party.party", party, name=f"Outra Razão {party:b} S.A.")
        self._differs(party, "legal_name", CHANGED_LATER)
        return party

    def rename_back(self, party: int) -> None:
        """Undo `rename`."""
        self._server.write("party.party", party, name=self._held.parties[party]["name"])
        self._truth.heal("customers", self._held.tax_id(party), "legal_name")

    def move(self) -> None:
        """The city of the address, written in the address alone."""
        party = self._next()
        address = self._held.parties[party]["addresses."][0]["id"]
        self._server.write("party.address", address, city="Itaquaquecetuba")
        self._differs(party, "city", CHANGED_UNSEEN)

    def write_to(self) -> None:
        """The e-mail, written in the contact mechanism alone."""
        party = self._next()
        self._server.write("party.contact_mechanism", self._email(party), value=f"novo{party}@example.com")
        self._differs(party, "email", CHANGED_UNSEEN)

    def forget_email(self) -> int:
        """Delete the contact mechanism alone, which leaves no trace. Returns the party; nothing is noted."""
        party = self._next()
        self._server.call("model.party.contact_mechanism.delete", [self._email(party)])
        return party

    def note_forgotten_email(self, party: int) -> None:
        """What a full pull sees of `forget_email`."""
        self._differs(party, "email", "missing_value")

    def trust(self) -> None:
        """Ten times the credit limit."""
        party = self._next()
        before = amount(self._held.parties[party]["credit_limit_amount"]) or Decimal(0)
        self._server.write("party.party", party, credit_limit_amount=decimal(before * 10))
        self._differs(party, "credit_limit", cause_of(before, before * 10))

    def deactivate(self) -> None:
        """Deactivated records vanish from every search that does not ask for them."""
        party = self._next()
        self._server.write("party.party", party, active=False)
        self._differs(party, "active", CHANGED_LATER)

    def register_anew(self, party: int | None = None) -> str:
        """Another CNPJ, written in the identifier alone: no key in common any more. Returns the new one."""
        party = self._next() if party is None else party
        identifiers = self._held.parties[party]["identifiers."]
        new = tax_id(DIGITS, self._random)
        identifier = next(each["id"] for each in identifiers if each["type"] == "br_vat")
        self._server.write("party.identifier", identifier, code=new)
        self._truth.record("customers", self._held.tax_id(party), "only_in_crm", "similar_record")
        self._truth.record("customers", new, "only_in_erp", "similar_record")
        return new

    def welcome(self) -> None:
        """A party the CRM does not know."""
        new = tax_id(DIGITS, self._random)
        identifiers = [["create", [{"type": "br_vat", "code": new}]]]
        self._server.create("party.party", [{"name": f"Wolfrâmio {new[:8]} EPP", "identifiers": identifiers}])
        self._truth.record("customers", new, "only_in_erp")

    def _next(self) -> int:
        return next_of(self._parties)

    def _email(self, party: int) -> int:
        ways = self._held.parties[party]["contact_mechanisms."]
        return next(int(each["id"]) for each in ways if each["type"] == "email")

    def _differs(self, party: int, field: str, cause: str) -> None:
        self._truth.differs("customers", self._held.tax_id(party), field, cause)


class ProductChanges:
    """Changes of products, most of them in the template, where a product keeps what its variants share."""

    def __init__(self, server: TrytonRpc, held: Held, products: Iterator[int], truth: Truth) -> None:
        self._server = server
        self._held = held
        self._products = products
        self._truth = truth

    def reprice(self) -> None:
        """A hundred times the price."""
        product = self._next()
        before = amount(product["list_price_used"]) or Decimal(0)
        self._server.write("product.template", product["template"], list_price=decimal(before * 100))
        self._differs(product, "price", cause_of(before, before * 100))

    def rename(self) -> None:
        """Another name."""
        product = self._next()
        self._server.write("product.template", product["template"], name=f"Outro artigo {product['id']:b}")
        self._differs(product, "name", CHANGED_UNSEEN)

    def discontinue(self) -> None:
        """The template is deactivated, and so are its variants."""
        product = self._next()
        self._server.write("product.template", product["template"], active=False)
        self._differs(product, "active", CHANGED_UNSEEN)

    def reclassify(self, codes: Iterable[Record]) -> None:
        """Another NCM, written in the line that ties the template to it alone."""
        product = self._next()
        tie = product["template."]["tariff_codes."][0]
        other = next(each["id"] for each in codes if each["code"] != tie["tariff_code."]["code"])
        self._server.write("product-customs.tariff.code", tie["id"], tariff_code=other)
        self._differs(product, "ncm", CHANGED_UNSEEN)

    def recode(self, identity: int | None = None) -> tuple[str, str]:
        """Another code: no key in common any more. Returns the old and the new one."""
        product = self._next() if identity is None else self._held.products[identity]
        self._server.write("product.product", product["id"], suffix_code="-B")
        old, new = product["code"], f"{product['code']}-B"
        self._truth.record("products", old, "only_in_crm", "similar_record")
        self._truth.record("products", new, "only_in_erp", "similar_record")
        return old, new

    def _next(self) -> Record:
        return self._held.products[next_of(self._products)]

    def _differs(self, product: Record, field: str, cause: str) -> None:
        self._truth.differs("products", product["code"], field, cause)
