"""What happened in a week of a pilot, counted by whoever made it happen; nothing of the product is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

import orjson


class AskedErp(Protocol):
    """What stood before the ERP and saw today's tax questions.

    Attributes:
        asked_ms: how long each took.
        amounts: what was answered, by line and kind of tax.
    """

    @property
    def asked_ms(self) -> Mapping[bytes, int]: ...

    @property
    def amounts(self) -> Mapping[bytes, Mapping[tuple[int, str], Decimal]]: ...


@dataclass
class Ledger:
    """What happened, as whoever made it happen counts it.

    Attributes:
        records: customers and quotes of the pilot that are compared.
        since: customers whose name is wrong, with the day it went wrong.
        open: those that were wrong at both comparisons of the day and are not known to be mended.
        names: what the CRM calls its customers.
        right: what each of them is called rightly: as the CRM had it at first, or as the ERP does.
        offers: of the last proposal for each customer that was neither written nor rejected, the name the CRM had.
        proposed: corrections so far.
        unknown: customers of whose correction nobody knows whether it was written.
        ended: how today's attempts to write ended.
        feedback: what was said so far; whether it is a blocker that nobody closed.
        days: measures with their samples.
    """

    records: int
    names: dict[str, str]
    right: dict[str, frozenset[str]]
    since: dict[str, date] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    offers: dict[str, str] = field(default_factory=dict)
    proposed: int = 0
    unknown: set[str] = field(default_factory=set)
    ended: list[str] = field(default_factory=list)
    feedback: list[bool] = field(default_factory=list)
    days: dict[str, dict[str, tuple[Decimal | None, int]]] = field(default_factory=dict)

    def is_right(self, tax_id: str) -> bool:
        return self.names[tax_id] in self.right[tax_id]

    def written(self, tax_id: str) -> None:
        """Its name was mended by a correction, and proved."""
        del self.offers[tax_id], self.since[tax_id]
        self.ended.append("proved")

    def lost(self, tax_id: str) -> None:
        """The answer to what mends it is going to be lost."""
        del self.offers[tax_id]
        self.unknown.add(tax_id)
        self.ended.append("lost")

    def found_written(self, tax_id: str) -> None:
        """What was lost had arrived."""
        del self.since[tax_id]
        self.unknown.remove(tax_id)
        self.ended.append("proved")

    def close(self, day: date, quotes: list[dict[str, Any]], erp: AskedErp, *, compared: bool = True) -> None:
        """The day's last run is over."""
        proved, conflicts = self.ended.count("proved"), self.ended.count("conflict")
        counted: dict[str, tuple[Decimal | None, int]] = {
            "verified_percent": (_share(100, proved, len(self.ended)), len(self.ended)),
            "conflicts": (Decimal(conflicts), len(self.ended)),
            "unknown_outcomes": (Decimal(len(self.unknown)), self.proposed),
            "blockers": (Decimal(sum(self.feedback)), len(self.feedback)),
            "taxes_in_time_percent": (_share(100, len(erp.amounts), len(quotes)), len(quotes)),
            "taxes_p95_ms": (slowest_but_a_twentieth(erp.asked_ms.values(), len(quotes)), len(quotes)),
            "tax_drift": (drift(quotes, erp.amounts), len(erp.amounts)),
        }
        if compared:
            new = sum(self.since[each] == day for each in self.open)
            by_hand = [self.is_right(who) for who, then in self.offers.items() if self.names[who] != then]
            counted |= {
                "open_per_1000": (_share(1000, len(self.open), self.records), self.records),
                "new_mismatches": (Decimal(new), len(self.open)),
                "shadow_agreement_percent": (_share(100, sum(by_hand), len(by_hand)), len(by_hand)),
            }
        self.days[day.isoformat()] = counted
        self.ended.clear()


def _share(of: int, part: int, whole: int) -> Decimal | None:
    return round(Decimal(of * part) / whole, 2) if whole else None


def slowest_but_a_twentieth(took_ms: Iterable[int], questions: int) -> Decimal | None:
    """The slowest question once the slowest twentieth is left out; those that never reached the ERP took no time."""
    slowest_first = sorted(took_ms, reverse=True)
    slowest_first += [0] * (questions - len(slowest_first))
    return Decimal(slowest_first[questions // 20]) if questions else None


def drift(quotes: list[dict[str, Any]], answers: Mapping[bytes, Mapping[tuple[int, str], Decimal]]) -> Decimal | None:
    """By how much the amounts in the quotes' lines are not what was answered, in those that were answered."""
    if not answers:
        return None
    carried = {_sold([(each["Quantity"], each["UnitPrice"]) for each in quote["Products"]]): quote for quote in quotes}
    off = Decimal(0)
    for asked, answered in answers.items():
        items = orjson.loads(asked)["itens"]
        quote = carried[_sold([(each["quantidade"], each["preco_unitario"]) for each in items])]
        ours = _carried(quote)
        for each in {*ours, *answered}:
            off += abs(ours.get(each, Decimal(0)) - answered.get(each, Decimal(0)))
    return off


def _sold(lines: list[tuple[object, object]]) -> tuple[Decimal, ...]:
    """Quantities and prices, by which a question tells its quote."""
    return tuple(Decimal(str(each).replace(",", ".")) for line in lines for each in line)


def _carried(quote: dict[str, Any]) -> dict[tuple[int, str], Decimal]:
    prefix = "quote_product_"
    return {
        (place, own["FieldKey"].removeprefix(prefix)): Decimal(str(own["DecimalValue"]))
        for place, line in enumerate(quote["Products"])
        for own in line["OtherProperties"]
        if "DecimalValue" in own and not own["FieldKey"].endswith(("_rate", "_base", "_taxes"))
    }
