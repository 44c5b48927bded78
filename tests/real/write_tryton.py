"""Writes into a real Tryton server through the product, watched by a client of its own.

    TRYTON_PASSWORD=… python -m tests.real.write_tryton --url http://127.0.0.1:8069/DATABASE --login LOGIN

Changes the first customer with an address and an e-mail and the first unsold product, and adds one customer. Prints one
JSON document; exits 0 when every step came out as it must.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from stdnum.br import cnpj

from reconciler.connectors.load import load_description
from reconciler.connectors.plan import entity_mapping
from reconciler.connectors.write.current_record import CurrentRecord, FieldValue
from reconciler.connectors.write.record_writer import RecordWriter
from reconciler.errors import SupersededError, WriteError, WriteRefusedError
from reconciler.model.entities import ENTITIES
from reconciler.ports.http.client import HttpPort
from tests.connectors.somebody_else import SomebodyElse
from tests.real.tryton_rpc import TrytonRpc, decimal

_ZONE = "America/Sao_Paulo"


@dataclass
class Proof:
    """What each step gave."""

    steps: dict[str, bool] = field(default_factory=dict)

    def note(self, step: str, *, held: bool) -> None:
        self.steps[step] = held


def prove_writes(url: str, login: str, password: str) -> dict[str, bool]:
    """Write through the product and look at the server with another client.

    Returns:
        Each step and whether it came out as it must: fields changed together and read back, nothing else touched, a
        conflict seen before the write, a conflict seen by the server (of the record and of its address), a refusal
        in the server's words, a price, a create that is not doubled, deactivation and its return.
    """
    with TrytonRpc(url, login, password) as other:
        return asyncio.run(_prove(url, login, password, other))


async def _prove(url: str, login: str, password: str, other: TrytonRpc) -> dict[str, bool]:
    proof = Proof()
    async with _writer(url, login, password) as (writer, between):
        party = other.one(
            "party.party", ["id"], ["addresses.city", "!=", None], ["contact_mechanisms.type", "=", "email"]
        )
        identity = str(party["id"])
        await _changes(proof, writer, other, identity)
        await _conflicts(proof, writer, other, between, identity)
        await _price(proof, writer, other, between)
        await _new_customer(proof, writer, other)
    return proof.steps


async def _changes(proof: Proof, writer: RecordWriter, other: TrytonRpc, identity: str) -> None:
    seen = await _seen(writer, "customers", identity)
    limit = (_decimal(seen.values["credit_limit"]) + Decimal("10.01")) % 100_000
    changes: dict[str, FieldValue] = {
        "legal_name": f"{seen.values['legal_name']} Ω"[-60:],
        "credit_limit": limit,
        "city": f"{seen.values['city']}s"[:40],
        "email": "corrigido@example.com",
    }
    before = _untouched(other, identity)
    result = await writer.update("customers", identity, changes, _of(seen, changes))
    held = other.one(
        "party.party", ["name", "credit_limit_amount", "addresses.city", "email"], ["id", "=", int(identity)]
    )
    proof.note("changed fields are read back", held=result.written and result.verified)
    proof.note(
        "the server holds them",
        held=held["name"] == changes["legal_name"]
        and Decimal(held["credit_limit_amount"]["decimal"]) == limit
        and held["addresses."][0]["city"] == changes["city"]
        and held["email"] == changes["email"],
    )
    proof.note("nothing else was touched", held=_untouched(other, identity) == before)
    again = await writer.update("customers", identity, changes, _of(seen, changes))
    proof.note("done twice is written once", held=not again.written and again.verified)
    too_exact: dict[str, FieldValue] = {"credit_limit": Decimal("1.23456789")}
    refused = await _error_of(writer, "customers", identity, too_exact, {"credit_limit": limit})
    proof.note("a refusal holds the server's words", held=_holds(refused, WriteRefusedError, "number of digits"))


def _untouched(other: TrytonRpc, identity: str) -> Any:
    """What no step changes."""
    fields = [
        "identifiers.code",
        "addresses.street",
        "addresses.postal_code",
        "contact_mechanisms.type",
        "lang",
        "code",
    ]
    return other.one("party.party", fields, ["id", "=", int(identity)])


async def _conflicts(
    proof: Proof, writer: RecordWriter, other: TrytonRpc, between: SomebodyElse, identity: str
) -> None:
    seen = await _seen(writer, "customers", identity)
    address = other.one("party.party", ["addresses.city"], ["id", "=", int(identity)])["addresses."][0]["id"]
    other.write("party.party", int(identity), name="Outro Nome Ltda")
    proof.note(
        "a change that was made before is seen",
        held=_is_superseded(await _error_of(writer, "customers", identity, *_wrong(seen, "legal_name")), "legal_name"),
    )
    seen = await _seen(writer, "customers", identity)
    between.acts = lambda: other.write("party.party", int(identity), name="Mais Um Nome Ltda")
    proof.note(
        "the server refuses when the record changed in between",
        held=_is_superseded(await _error_of(writer, "customers", identity, *_wrong(seen, "credit_limit"))),
    )
    between.acts = lambda: other.write("party.address", address, street="Rua Nova, 1")
    seen = await _seen(writer, "customers", identity)
    proof.note(
        "the server refuses when the address changed in between",
        held=_is_superseded(await _error_of(writer, "customers", identity, *_wrong(seen, "city"))),
    )
    held = other.one("party.party", ["name", "addresses.street", "addresses.city"], ["id", "=", int(identity)])
    proof.note(
        "what the other person wrote is still there",
        held=held["name"] == "Mais Um Nome Ltda"
        and held["addresses."][0]["street"] == "Rua Nova, 1"
        and held["addresses."][0]["city"] == seen.values["city"],
    )


def _wrong(seen: CurrentRecord, name: str) -> tuple[dict[str, FieldValue], dict[str, FieldValue]]:
    """A change that must not be made, and the value it was decided on."""
    wrong = Decimal("99.99") if isinstance(seen.values[name], Decimal) else "Errado"
    return {name: wrong}, {name: seen.values[name]}


async def _error_of(
    writer: RecordWriter,
    entity: str,
    identity: str,
    changes: Mapping[str, FieldValue],
    expected: Mapping[str, FieldValue],
) -> WriteError | None:
    try:
        await writer.update(entity, identity, changes, expected)
    except WriteError as error:
        return error
    return None


def _is_superseded(error: WriteError | None, *fields: str) -> bool:
    """Whether it was, because of these fields; of none where the server noticed."""
    return isinstance(error, SupersededError) and error.fields == fields


def _holds(error: WriteError | None, kind: type[WriteError], words: str) -> bool:
    return isinstance(error, kind) and words in error.message


async def _price(proof: Proof, writer: RecordWriter, other: TrytonRpc, between: SomebodyElse) -> None:
    # Tryton asks before it deactivates a product of which there is stock, or will be when a sale is delivered.
    sold = sorted({line["product"] for line in other.records("sale.line", ["product"], ["product", "!=", None])})
    identity = str(other.one("product.product", ["id"], ["code", "!=", None], ["id", "not in", sold])["id"])
    seen = await _seen(writer, "products", identity)
    price = (_decimal(seen.values["price"]) + Decimal("0.37")) % 100_000
    changes: dict[str, FieldValue] = {"price": price}
    result = await writer.update("products", identity, changes, _of(seen, changes))
    held = other.one("product.product", ["list_price_used"], ["id", "=", int(identity)])
    proof.note("a price is written", held=result.verified and Decimal(held["list_price_used"]["decimal"]) == price)
    between.acts = lambda: other.write("product.product", int(identity), list_price=decimal(f"{price + 1:.2f}"))
    error = await _error_of(writer, "products", identity, {"price": price + 2}, {"price": price})
    proof.note("the server refuses when the price changed in between", held=_is_superseded(error))
    gone = await writer.deactivate("products", identity, {"price": price + 1})
    back = await writer.update("products", identity, {"active": True}, {"active": False})
    proof.note("a product is taken out of use and comes back", held=gone.verified and back.verified)


async def _new_customer(proof: Proof, writer: RecordWriter, other: TrytonRpc) -> None:
    count = other.call("model.party.party.search_count", [["active", "in", [True, False]]])
    root = f"{70_000_000 + count:08}0001"
    record: dict[str, FieldValue] = {
        "tax_id": root + cnpj.calc_check_digits(root + "00"),
        "legal_name": "Nova Comercial Ltda",
        "street": "Rua das Acácias, 7",
        "city": "Santos",
        "zip": "11010000",
        "email": "nova@example.com",
        "credit_limit": Decimal("1234.56"),
        "state": "SP",
    }
    first = await writer.create("customers", record)
    second = await writer.create("customers", record)
    proof.note("a new record is read back", held=first.written and first.verified and first.left_out == ("state",))
    proof.note("created twice is there once", held=second.id == first.id and not second.written)
    seen = await _seen(writer, "customers", first.id)
    gone = await writer.deactivate("customers", first.id, {"legal_name": seen.values["legal_name"]})
    proof.note("a deactivated record is still there", held=gone.verified and gone.after is not None)
    back = await writer.update("customers", first.id, {"active": True}, {"active": False})
    proof.note("and comes back", held=back.verified)


async def _seen(writer: RecordWriter, entity: str, identity: str) -> CurrentRecord:
    found = await writer.read(entity, identity)
    if found is None:
        raise LookupError(f"{entity} {identity}")
    return found


def _of(seen: CurrentRecord, changes: Iterable[str]) -> dict[str, FieldValue]:
    return {name: seen.values[name] for name in changes}


def _decimal(value: object) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(0)


@asynccontextmanager
async def _writer(url: str, login: str, password: str) -> AsyncIterator[tuple[RecordWriter, SomebodyElse]]:
    description = load_description("tryton", Path())
    if description.http is None:
        raise TypeError("Tryton is reached over HTTP")
    mappings = {
        entity: entity_mapping(
            description,
            entity,
            key=ENTITIES[entity].key,
            fields=description.entities[entity].fields,
            types={each.name: each.type for each in ENTITIES[entity].fields},
            time_zone=_ZONE,
        )
        for entity in ("customers", "products")
    }
    credentials = {"login": login, "password": password}
    async with HttpPort("erp", description.http, base_url=url, credentials=credentials, context={}) as port:
        between = SomebodyElse(port)
        yield RecordWriter("erp", description, between, mappings, ZoneInfo(_ZONE)), between


def main() -> int:
    """Write, look, tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True, help="address with the database, such as http://127.0.0.1:8069/erp")
    parser.add_argument("--login", required=True)
    options = parser.parse_args()
    steps = prove_writes(options.url, options.login, os.environ["TRYTON_PASSWORD"])
    print(orjson.dumps({"held": all(steps.values()), "steps": steps}, option=orjson.OPT_INDENT_2).decode())
    return 0 if all(steps.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
