"""Records of the ERP as its SOAP service writes them: the same data as the JSON ones, in another notation.

Names in camel case; codes and flags as attributes; the moment of a change in one element; nothing as `xsi:nil`; the
currency beside a total. What JSON can hold and XML cannot is written as the replacement character.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from lxml import etree

NAMESPACE: Final = "urn:sandbox:erp"
"""Of every element of the service."""

_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_ATTRIBUTES: Final = frozenset({"codigo", "numero", "ativo", "sequencia", "uf"})
_WITH_CURRENCY: Final = frozenset({"valor_total"})
_ITEM: Final = {"itens": "item"}
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Element = etree._Element


def element(name: str, parent: Element | None = None) -> Element:
    """A new element of the service's namespace, inside `parent` if there is one."""
    tag = f"{{{NAMESPACE}}}{name}"
    if parent is None:
        return etree.Element(tag, nsmap={"erp": NAMESPACE, "xsi": _XSI})
    return etree.SubElement(parent, tag)


def append_record(parent: Element, name: str, record: Any) -> None:
    """Add a record, whatever was loaded: one that is no object is an element with a text."""
    _append(parent, name, _with_moment(record) if isinstance(record, dict) else record)


def camel_case(name: str) -> str:
    """`cpf_cnpj` as `cpfCnpj`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def xml_text(value: Any) -> str:
    """A scalar as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _FORBIDDEN.sub("\ufffd", str(value))


def _with_moment(record: Mapping[str, Any]) -> dict[str, Any]:
    members = dict(record)
    day, hour = members.pop("data_alteracao", None), members.pop("hora_alteracao", None)
    return members if day is None and hour is None else {**members, "alterado_em": f"{day} {hour}"}


def _append(parent: Element, name: str, value: Any) -> None:
    made = element(name, parent)
    match value:
        case None:
            made.set(f"{{{_XSI}}}nil", "true")
        case dict():
            _fill(made, value)
        case list():
            for entry in value:
                _append(made, _ITEM.get(name, "valor"), entry)
        case _:
            made.text = xml_text(value)


def _fill(made: Element, members: Mapping[str, Any]) -> None:
    for name, value in members.items():
        if not _NAME.fullmatch(name):
            continue
        if name in _ATTRIBUTES and not isinstance(value, dict | list):
            if value is not None:
                made.set(camel_case(name), xml_text(value))
            continue
        _append(made, camel_case(name), value)
        if name in _WITH_CURRENCY and value is not None:
            made[-1].set("moeda", "BRL")
