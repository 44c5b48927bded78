"""What a person has to do in a system by hand, because its description does not let us; and the hand of the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol, cast

from pydantic import JsonValue

from reconciler.app.corrections.acting import Acting
from reconciler.app.corrections.scenario_records import ScenarioRecords
from reconciler.app.pilot.standing import standing_of, written_system
from reconciler.app.wire import port_to
from reconciler.connectors.write.current_record import FieldValue
from reconciler.errors import SystemReadError, WriteRefusedError
from reconciler.model.entities import CUSTOMERS, Side
from reconciler.pilot.guard import system_refusal
from reconciler.pilot.reserved import PRICE, QUANTITY, SKU
from reconciler.ports.http.json_path import value_at
from reconciler.ports.http.settings import JsonObject, Request

if TYPE_CHECKING:
    from reconciler.ports.http.client import HttpPort

_OPEN: Final = 1
_CANCELLED: Final = 3


class Handwork(StrEnum):
    """Kinds of work that is done by hand."""

    FILL_IN = "fill_in"
    """Give a record the values that it lacks."""
    ORDER_FROM_QUOTE = "order_from_quote"
    """Make a quote and turn it into an order."""
    HAVE_ORDER = "have_order"
    """Have an open order, made if it is not there."""
    CANCEL_ORDER = "cancel_order"
    DELETE_QUOTE = "delete_quote"
    RETIRE = "retire"
    """Take a record out of use."""


@dataclass(frozen=True, slots=True)
class HandTask:
    """One thing to be done by hand.

    Attributes:
        key: of the record it is about.
        customer: key of the customer of a document.
        instruction: for a person, in the language of the project.
    """

    side: Side
    work: Handwork
    entity: str
    key: str
    instruction: str
    values: Mapping[str, FieldValue] = field(default_factory=dict)
    customer: str = ""


class Hands(Protocol):
    """Somebody who can do something in a system by hand."""

    async def do(self, task: HandTask) -> str | None:
        """Do it, or have it done.

        Returns:
            The number of a document that was made, "" where it is the one asked for; None: nobody is there to do it.
        """
        ...


class NoHands:
    """Nobody is there."""

    async def do(self, task: HandTask) -> str | None:
        """Nothing is done."""
        return None


class StandInHands:
    """The hand of a user of the stand-in CRM, who is nobody: what they would do on its screens is done over its API.

    The stage's guard is asked before each work, and only test records are touched. What it cannot do others are asked.
    """

    def __init__(self, port: HttpPort, records: ScenarioRecords, others: Hands) -> None:
        self._port = port
        self._records = records
        self._others = others
        self._quote: JsonValue = None

    async def do(self, task: HandTask) -> str | None:
        """Do it as a user of the CRM would.

        Raises:
            RefusedError: the guard does not let it be done.
            WriteRefusedError, SystemReadError: the CRM did not do it.
        """
        works = {
            Handwork.FILL_IN: self._fill_in,
            Handwork.ORDER_FROM_QUOTE: self._order_from_quote,
            Handwork.HAVE_ORDER: self._have_order,
            Handwork.CANCEL_ORDER: self._cancel_order,
            Handwork.DELETE_QUOTE: self._delete_quote,
        }
        work = works.get(task.work) if task.side is Side.CRM else None
        if work is None:
            return await self._others.do(task)
        await self._records.admit_by_hand(task.side, task.entity, task.key, task.work.value)
        return await work(task)

    async def _fill_in(self, task: HandTask) -> str | None:
        if task.entity != CUSTOMERS.name or not set(task.values) <= {"city", "state"}:
            return await self._others.do(task)
        city = await self._one("/Cities", f"Name eq '{task.values.get('city', '')}'")
        state = await self._one("/Cities@Countries@States", f"Short eq '{task.values.get('state', '')}'")
        contact = await self._one("/Contacts", f"CNPJ eq '{task.key}'")
        body = {"CityId": _member(city, "Id"), "StateId": _member(state, "Id")}
        known: JsonObject = {name: value for name, value in body.items() if value is not None}
        await self._call("PATCH", f"/Contacts({_member(contact, 'Id')})", known)
        return ""

    async def _order_from_quote(self, task: HandTask) -> str | None:
        sale = await self._sale(task)
        quote = await self._call("POST", "/Quotes", sale)
        self._quote = _member(quote, "Id")
        order = {"OrderNumber": int(task.key), "StageId": _OPEN, "OriginQuoteId": self._quote}
        await self._call("POST", "/Orders", {**sale, **order})
        return ""

    async def _have_order(self, task: HandTask) -> str | None:
        there = await self._one("/Orders", f"OrderNumber eq {task.key}")
        sale = await self._sale(task)
        if there is None:
            await self._call("POST", "/Orders", {**sale, "OrderNumber": int(task.key), "StageId": _OPEN})
        else:
            await self._call("PATCH", f"/Orders({_member(there, 'Id')})", {**sale, "StageId": _OPEN})
        return ""

    async def _cancel_order(self, task: HandTask) -> str | None:
        there = await self._one("/Orders", f"OrderNumber eq {task.key}")
        await self._call("PATCH", f"/Orders({_member(there, 'Id')})", {"StageId": _CANCELLED})
        return ""

    async def _delete_quote(self, task: HandTask) -> str | None:
        if self._quote is not None:
            await self._call("DELETE", f"/Quotes({self._quote})", None)
            self._quote = None
        return ""

    async def _sale(self, task: HandTask) -> JsonObject:
        contact = await self._one("/Contacts", f"CNPJ eq '{task.customer}'")
        product = await self._one("/Products", f"Code eq '{SKU}'")
        total = float(PRICE * QUANTITY)
        line = {"ProductId": _member(product, "Id"), "Quantity": int(QUANTITY), "UnitPrice": float(PRICE)}
        return {
            "ContactId": _member(contact, "Id"),
            "Date": f"{task.values.get('date')}T12:00:00-03:00",
            "Amount": total,
            "Products": [{**line, "Discount": 0.0, "Total": total}],
        }

    async def _one(self, path: str, wanted: str) -> JsonValue:
        query: dict[str, str | list[str]] = {"$filter": wanted, "$top": "1", "$orderby": "Id"}
        reply = await self._port.call(Request(path=path, query=query))
        return None if reply.empty else _first(reply.document)

    async def _call(self, method: str, path: str, body: JsonObject | None) -> JsonValue:
        request = Request.model_validate({"method": method, "path": path, "body": body})
        try:
            reply = await self._port.call(request, safe_to_repeat=False)
        except SystemReadError as error:
            raise WriteRefusedError(Side.CRM.value, path, None, error.message, error.code) from error
        return None if reply.empty else _first(reply.document)


@asynccontextmanager
async def hands_for(acting: Acting, records: ScenarioRecords, others: Hands) -> AsyncIterator[Hands]:
    """The sandbox's own hand where the CRM is the one of `reconciler sandbox`; otherwise those that are given.

    Raises:
        ConfigurationError: an address, a credential or a context value is missing.
    """
    standing = await standing_of(acting.workspace, acting.descriptions)
    description = acting.descriptions[Side.CRM]
    system = written_system(acting.workspace.project, Side.CRM, description)
    if description.http is None or not system.is_stand_in or system_refusal(standing.stage, system) is not None:
        yield others
        return
    async with port_to(acting.workspace.project, Side.CRM, description, acting.workspace.state) as port:
        yield StandInHands(port, records, others) if await _is_sandbox(port) else others


async def _is_sandbox(port: HttpPort) -> bool:
    try:
        reply = await port.call(Request(path="/_sandbox/name"))
    except SystemReadError:
        return False
    return isinstance(reply.document, dict) and reply.document.get("sandbox") == Side.CRM.value


def _first(document: JsonValue) -> JsonValue:
    found = value_at(document, "value.0")
    return cast("JsonValue", found) if isinstance(found, dict) else None


def _member(record: JsonValue, name: str) -> JsonValue:
    return record.get(name) if isinstance(record, dict) else None
