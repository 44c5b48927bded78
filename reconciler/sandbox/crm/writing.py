"""Checks what a caller wants to write, and makes the record of it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from reconciler.sandbox.amounts import json_number, line_total
from reconciler.sandbox.answers import Refusal
from reconciler.sandbox.collection import Collection, Record
from reconciler.sandbox.crm.filter_text import parse_instant
from reconciler.sandbox.crm.schema import SHAPES, Kind, Shape


class Writer:
    """Turns request bodies into members of records. Look-ups and custom fields are checked against the collections."""

    def __init__(self, collections: Mapping[str, Collection]) -> None:
        self._collections = collections

    def members(self, body: Mapping[str, Any], shape_name: str, *, creating: bool) -> Record:
        """The members to store. `OtherProperties` and other inner lists come whole: what is not in them is gone.

        Raises:
            Refusal: 400, naming the property that is wrong.
        """
        shape = SHAPES[shape_name]
        if creating:
            for name in sorted(shape.required):
                if body.get(name) in (None, ""):
                    raise Refusal(400, f"{name} is required.")
        return {name: self._member(name, value, shape_name, shape) for name, value in body.items()}

    def _member(self, name: str, value: Any, shape_name: str, shape: Shape) -> Any:
        if name in shape.read_only:
            raise Refusal(400, f"{name} is read-only.")
        link = shape.links.get(name)
        if link is not None and link.key is None:
            if not isinstance(value, list):
                raise Refusal(400, f"{name} must be a list.")
            if link.kind == "Property":
                return [self._custom_field(item, shape.entity_id) for item in value]
            return [self._inner(item, link.kind) for item in value]
        kind = shape.properties.get(name)
        if kind is None:
            raise Refusal(400, f"There is no property “{name}” in {shape_name}.")
        if value is None and name not in shape.required:
            return None
        if not _is(value, kind):
            raise Refusal(400, f"{name} must be {kind}.")
        self._check_reference(name, value, shape)
        return value

    def _inner(self, item: Any, shape_name: str) -> Record:
        if not isinstance(item, dict):
            raise Refusal(400, f"Every {shape_name} must be an object.")
        # A list that was read and is written back carries the ids it had; the list comes whole, so they are given anew.
        known = {name: value for name, value in item.items() if name not in SHAPES[shape_name].read_only}
        return self.members(known, shape_name, creating=True)

    def _check_reference(self, name: str, value: Any, shape: Shape) -> None:
        for link in shape.links.values():
            if (
                link.key == name
                and link.collection is not None
                and self._collections[link.collection].get(value) is None
            ):
                raise Refusal(400, f"{name}: there is no such record.")

    def _custom_field(self, item: Any, entity_id: int | None) -> Record:
        if not isinstance(item, dict):
            raise Refusal(400, "Every element of OtherProperties must be an object.")
        key = item.get("FieldKey")
        fields = self._collections["Fields"].view("by key", _fields_by_key)
        known = fields.get((entity_id, key)) if isinstance(key, str) else None
        if known is None:
            raise Refusal(400, f"OtherProperties: there is no field “{str(key)[:80]}” for this entity.")
        value_name = known["ValueName"]
        if not set(item) <= {"FieldKey", value_name}:
            raise Refusal(400, f"OtherProperties: {key} has only a {value_name}.")
        value = item.get(value_name)
        if value is not None and not _is(value, SHAPES["Property"].properties[value_name]):
            raise Refusal(400, f"OtherProperties: the {value_name} of {key} has another type.")
        return {"FieldKey": key, value_name: value}


def number_lines(members: Record, parent_name: str, parent_id: int, first_id: int) -> None:
    """Give the lines in `members` their ids, their parent and, where the caller left it out, their total."""
    for position, line in enumerate(members.get("Products", ())):
        line["Id"] = first_id + position
        line[parent_name] = parent_id
        line.setdefault("OtherProperties", [])
        if line.get("Total") is None:
            quantity, price, discount = (_amount(line.get(name)) for name in ("Quantity", "UnitPrice", "Discount"))
            line["Total"] = json_number(line_total(quantity, price, discount))


def _amount(value: int | float | None) -> Decimal:
    return Decimal(repr(value or 0))


def _fields_by_key(records: Any) -> dict[tuple[int | None, str], Record]:
    return {(field["EntityId"], field["Key"]): field for field in records}


def _is(value: Any, kind: Kind) -> bool:
    match kind:
        case Kind.BOOLEAN:
            return isinstance(value, bool)
        case Kind.INTEGER:
            return isinstance(value, int) and not isinstance(value, bool)
        case Kind.NUMBER:
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case Kind.INSTANT:
            return isinstance(value, str) and parse_instant(value) is not None
        case Kind.TEXT:
            return isinstance(value, str)
