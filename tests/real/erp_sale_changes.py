"""Discrepancies of orders and quotes, made in Tryton through its own API after the copies were taken."""

from __future__ import annotations

from decimal import Decimal

from tests.real.crm_copies import Held, amount, lines_of
from tests.real.erp_changes import CHANGED_LATER, CHANGED_UNSEEN
from tests.real.truth import Truth, cause_of
from tests.real.tryton_rpc import Record, TrytonRpc

_COPIED_HEAD = ("company", "currency", "warehouse", "party", "invoice_address", "shipment_address")
_COPIED_LINE = ("type", "product", "quantity", "unit", "base_price", "unit_price")


class SaleChanges:
    """Changes of sales. Each takes the next untouched sale of the state it needs and notes what must be found."""

    def __init__(self, server: TrytonRpc, held: Held, touched: set[int], truth: Truth) -> None:
        self._server = server
        self._held = held
        self._truth = truth
        self._free = {each for each in held.sales if each not in touched}

    def multiply_a_line(self) -> None:
        """Ten times the quantity of the first line of a draft, written in the line alone."""
        sale = self._take("draft")
        line = lines_of(sale)[0]
        self._server.write("sale.line", line["id"], quantity=line["quantity"] * 10)
        changed = self._read(sale["id"])
        before, after = (amount(each["amount"]) or Decimal(0) for each in (line, lines_of(changed)[0]))
        key = self._line_key(sale, line["product"])
        self._truth.differs("quotes.lines", key, "quantity", "scale")
        self._truth.differs("quotes.lines", key, "total", cause_of(before, after))
        self._note_totals(sale, changed)

    def add_a_line(self) -> None:
        """One more line of a draft, made alone."""
        sale = self._take("draft")
        sold = {line["product"] for line in lines_of(sale)}
        product = max(self._held.sold() - sold)
        self._server.create("sale.line", [{**self._line(lines_of(sale)[0]), "product": product, "sale": sale["id"]}])
        self._truth.record("quotes.lines", self._line_key(sale, product), "only_in_erp")
        self._note_totals(sale, self._read(sale["id"]))

    def drop_a_line(self) -> None:
        """A line of a draft, deleted alone: only a full pull sees that."""
        sale = self._take("draft", fewest=2)
        dropped = lines_of(sale)[-1]
        self._server.call("model.sale.line.delete", [dropped["id"]])
        self._truth.record("quotes.lines", self._line_key(sale, dropped["product"]), "only_in_crm")
        self._note_totals(sale, self._read(sale["id"]))

    def enter(self, reference: int) -> None:
        """A quote the CRM does not know."""
        model = self._read_again(next(iter(self._held.quotes)), _COPIED_HEAD)
        lines = [self._line(lines_of(self._held.sales[model["id"]])[0])]
        head = {name: model[name] for name in _COPIED_HEAD}
        self._server.create("sale.sale", [{**head, "reference": str(reference), "lines": [["create", lines]]}])
        self._truth.record("quotes", str(reference), "only_in_erp")

    def delete(self) -> None:
        """Only drafts can be."""
        sale = self._take("draft")
        self._server.call("model.sale.sale.delete", [sale["id"]])
        self._truth.record("quotes", sale["reference"], "only_in_crm")

    def cancel(self) -> int:
        """A quotation. Returns the sale."""
        sale = self._take("quotation")
        self._press("cancel", sale["id"])
        self._truth.differs("quotes", sale["reference"], "status", CHANGED_LATER)
        return int(sale["id"])

    def reopen(self, sale: int) -> None:
        """Undo `cancel`."""
        self._press("draft", sale)
        self._press("quote", sale)
        self._truth.heal("quotes", self._held.sales[sale]["reference"], "status")

    def confirm(self) -> None:
        """A quotation becomes an order: it leaves the quotes, and the CRM has no such order."""
        sale = self._take("quotation")
        self._press("confirm", sale["id"])
        self._truth.record("quotes", sale["reference"], "only_in_crm")
        self._truth.record("orders", sale["reference"], "only_in_erp")

    def renumber(self, reference: int) -> None:
        """Another reference of an order: no key in common any more."""
        sale = self._take("processing")
        self._server.write("sale.sale", sale["id"], reference=str(reference))
        self._truth.record("orders", sale["reference"], "only_in_crm")
        self._truth.record("orders", str(reference), "only_in_erp")

    def buyer_of_untouched(self, touched_parties: set[int]) -> int:
        """An untouched party all of whose sales are untouched."""
        spoilt = {sale["party"] for each, sale in self._held.sales.items() if each not in self._free}
        return min(self._held.buyers() - spoilt - touched_parties)

    def note_new_tax_id(self, party: int) -> None:
        """What must be found of the party's sales when its tax id was changed."""
        for identity, sale in self._held.sales.items():
            if sale["party"] == party:
                self._truth.differs(self._entity(identity), sale["reference"], "customer", CHANGED_UNSEEN)
                self._free.discard(identity)

    def product_of_untouched(self, touched_products: set[int]) -> int:
        """An untouched product all of whose sales are untouched."""
        spoilt = {
            line["product"]
            for each, sale in self._held.sales.items()
            if each not in self._free
            for line in lines_of(sale)
        }
        return min(self._held.sold() - spoilt - touched_products)

    def note_new_code(self, product: int, codes: tuple[str, str]) -> None:
        """What must be found of the product's lines when its code was changed from the first to the second."""
        old, new = codes
        for identity, sale in self._held.sales.items():
            if product in {line["product"] for line in lines_of(sale)}:
                lines = f"{self._entity(identity)}.lines"
                self._truth.record(lines, f"{sale['reference']}|{old}", "only_in_crm")
                self._truth.record(lines, f"{sale['reference']}|{new}", "only_in_erp")
                self._free.discard(identity)

    def _take(self, state: str, fewest: int = 1) -> Record:
        for identity in sorted(self._free):
            sale = self._held.sales[identity]
            if sale["state"] == state and len(lines_of(sale)) >= fewest and sale["quotation_expire"] is None:
                self._free.discard(identity)
                return sale
        raise LookupError(f"no untouched sale is {state} and has {fewest} lines or more")

    def _entity(self, sale: int) -> str:
        return "quotes" if sale in self._held.quotes else "orders"

    def _line_key(self, sale: Record, product: int) -> str:
        return f"{sale['reference']}|{self._held.products[product]['code']}"

    def _line(self, line: Record) -> Record:
        """The values of another line like this one."""
        found = self._server.one("sale.line", [*_COPIED_LINE, "taxes"], ["id", "=", line["id"]])
        return {**{name: found[name] for name in _COPIED_LINE}, "taxes": [["add", found["taxes"]]]}

    def _read(self, sale: int) -> Record:
        fields = ("untaxed_amount", "tax_amount", "lines.type", "lines.amount")
        return self._server.one("sale.sale", fields, ["id", "=", sale])

    def _read_again(self, sale: int, fields: tuple[str, ...]) -> Record:
        return self._server.one("sale.sale", fields, ["id", "=", sale])

    def _press(self, button: str, sale: int) -> None:
        self._server.call(f"model.sale.sale.{button}", [sale])

    def _note_totals(self, before: Record, after: Record) -> None:
        for field, name in (("total", "untaxed_amount"), ("taxes", "tax_amount")):
            old, new = (amount(each[name]) or Decimal(0) for each in (before, after))
            self._truth.differs("quotes", before["reference"], field, cause_of(old, new, CHANGED_UNSEEN))
