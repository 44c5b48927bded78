"""Drift of quotes as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import typer

from reconciler.cli.output import plain, print_table

_HEADINGS: Final = ("quote", "line", "sku", "tax", "carried", "ERP today", "cause", "at stake")
_MEMBERS: Final = ("amount", "rate", "base")


def print_drift(document: Mapping[str, Any]) -> None:
    """What `taxes drift --json` tells, for people: each difference, the quotes without an answer, and the totals."""
    rows = [row for quote in document["drift"] for row in _rows(quote)]
    if rows:
        print_table(_HEADINGS, rows, right=(7,))
        typer.echo()
    for each in document["not_compared"]:
        number = each["quote"]["number"] or each["quote"]["id"]
        typer.echo(f"quote {plain(number)}: {plain(each['message'])} ({each['reason']})")
    for quote in document["drift"]:
        if quote["not_kept"]:
            kinds = ", ".join(quote["not_kept"])
            typer.echo(f"quote {plain(quote['quote']['number'])}: the CRM has no place for {kinds}")
    counts = (
        f"{document['calculated']} calculated, {document['unavailable']} unavailable, {document['drifted']} drifted"
    )
    typer.echo(f"{document['quotes']} quotes: {counts}")
    typer.echo(f"value at stake {document['value_at_stake']} {document['currency']}")


def _rows(quote: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    number: object = quote["quote"]["number"]
    for line in quote["lines"]:
        head: tuple[object, ...] = (number, line["line"], line["sku"])
        for each in line["differences"]:
            sides = (_stated(each["carried"], each["members"]), _stated(each["erp"], each["members"]))
            yield (*head, each["kind"] or "taxes", *sides, each["cause"], each["value_at_stake"])
            head = ("", "", "")
        number = ""


def _stated(tax: Mapping[str, Any] | None, members: list[str]) -> str:
    """The amount, and of rate, base and effect what differs."""
    if tax is None:
        return "none"
    shown = [
        f"{name} {tax[name]}" for name in _MEMBERS if tax[name] is not None and (name in members or name == "amount")
    ]
    if "in_price" in members and tax["in_price"] is not None:
        shown.append("in price" if tax["in_price"] else "added")
    return ", ".join(shown).removeprefix("amount ")
