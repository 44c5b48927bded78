"""Discrepancies of customers that concern the whole record."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.entities import Side
from reconciler.model.findings import Cause, FindingKind
from reconciler.sandbox.generator.changes import CHANGES
from reconciler.sandbox.generator.customers import CustomerMaker, mail_box
from reconciler.sandbox.generator.documents import with_wrong_check_digit
from reconciler.sandbox.generator.planting import Planter, Row, only, recipe, records_of
from reconciler.sandbox.generator.records import Customer, Twin
from reconciler.sandbox.generator.text_forms import without_a_letter
from reconciler.sandbox.generator.words import invented_name, names


def plant_in_customers(planter: Planter[Customer], maker: CustomerMaker) -> None:
    """Work through the recipe of customers."""
    plants = _CustomerPlants(planter, maker)
    for row in recipe("customers"):
        if row.plant in CHANGES:
            planter.alter_values(row)
        else:
            plants.plant(row)


def _is_company(twin: Twin[Customer]) -> bool:
    return twin.erp[0].company


class _CustomerPlants:
    def __init__(self, planter: Planter[Customer], maker: CustomerMaker) -> None:
        self._planter = planter
        self._maker = maker

    def plant(self, row: Row) -> None:
        match row.plant:
            case "only_here":
                self._planter.leave_only(row, lambda record: self._unlike_any(record, row.side), _is_company)
            case "duplicate":
                self._duplicate(row)
            case "similar_pair":
                self._similar_pair(row)
            case "link_elsewhere":
                self._link_elsewhere(row)
            case "bad_document":
                self._bad_document(row)
            case "no_key":
                self._no_key(row)
            case "swap_names":
                self._swap_names(row)
            case unknown:
                raise ValueError(f"discrepancies.toml: there is no plant {unknown} for customers")

    def _unlike_any(self, record: Customer, side: Side) -> Customer:
        syllables = names().invented_crm if side is Side.CRM else names().invented_erp
        name = invented_name(syllables, self._planter.random)
        email = mail_box(self._planter.random, name)
        return replace(record, legal_name=name, trade_name=name, email=email, link=None)

    def _duplicate(self, row: Row) -> None:
        def copy(record: Customer) -> Customer:
            crm_id, erp_code = self._maker.numbers()
            return replace(record, crm_id=crm_id, erp_code=erp_code)

        def unlinked(twin: Twin[Customer]) -> bool:
            # Two records with the same key and the same link would be two findings.
            return twin.crm[0].link is None

        self._planter.double(row, copy, unlinked)

    def _similar_pair(self, row: Row) -> None:
        """The head office on one side, a branch on the other: the names are nearly the same, the numbers are not."""
        for twin in self._planter.take(self._planter.wanted(row), _is_company):
            crm, erp = twin.crm[0], twin.erp[0]
            twin.crm[0] = replace(crm, link=None)
            branch = self._maker.documents.branch_of(erp.tax_id or "")
            twin.erp[0] = replace(erp, tax_id=branch, legal_name=without_a_letter(erp.legal_name))
            self._planter.note(row, crm.tax_id or "", FindingKind.ONLY_IN_CRM, Cause.SIMILAR_RECORD)
            self._planter.note(row, branch, FindingKind.ONLY_IN_ERP, Cause.SIMILAR_RECORD)

    def _link_elsewhere(self, row: Row) -> None:
        """The CRM keeps the ERP code of another customer, which nobody else links to."""
        for twin in self._planter.take(self._planter.wanted(row), lambda twin: True):
            other = next(self._planter.take(1, lambda found: True), None)
            if other is None:
                return
            other.crm[0] = replace(other.crm[0], link=None)
            twin.crm[0] = replace(twin.crm[0], link=other.erp[0].erp_code)
            key = twin.crm[0].tax_id or ""
            self._planter.note(row, key, FindingKind.AMBIGUOUS, Cause.KEY_AND_LINK_DISAGREE)

    def _bad_document(self, row: Row) -> None:
        for twin in self._planter.take(self._planter.wanted(row), _is_company):
            record = records_of(twin, row.side)[0]
            wrong = with_wrong_check_digit(record.tax_id or "")
            only(twin, row.side, replace(record, tax_id=wrong, link=None))
            self._planter.note(row, wrong, FindingKind.INVALID, Cause.INVALID_DOCUMENT, "tax_id")

    def _no_key(self, row: Row) -> None:
        for twin in self._planter.take(self._planter.wanted(row), _is_company):
            record = records_of(twin, row.side)[0]
            only(twin, row.side, replace(record, tax_id=None, link=None))
            key = f"crm:{record.crm_id}" if row.side is Side.CRM else f"erp:{record.erp_code}"
            self._planter.note(row, key, FindingKind.INVALID, Cause.MISSING_KEY, "tax_id")

    def _swap_names(self, row: Row) -> None:
        for twin in self._planter.take(self._planter.wanted(row), _is_company):
            records = records_of(twin, row.side)
            legal, trade = records[0].legal_name, records[0].trade_name
            records[0] = replace(records[0], legal_name=trade, trade_name=legal)
            key = records[0].tax_id or ""
            self._planter.note(row, key, FindingKind.DIFFERS, Cause.SWAPPED_FIELDS, "legal_name")
            self._planter.note(row, key, FindingKind.DIFFERS, Cause.SWAPPED_FIELDS, "trade_name")
