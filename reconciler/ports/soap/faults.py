"""Answers of a SOAP system: the content of the envelope, and the fault in it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from reconciler.ports.xml.tree import string_value

_SERVER_SIDE: Final = frozenset({"Server", "Receiver"})


@dataclass(frozen=True, slots=True)
class SoapFault:
    """A fault of SOAP 1.1 (faultcode, faultstring) or 1.2 (Code, Reason).

    Attributes:
        code: local part of the most exact code.
        message: the system's own words; "" when it says none.
        by_server: whether the system blames itself (Server, Receiver) and not the request.
    """

    code: str
    message: str
    by_server: bool


def content_of_envelope(document: JsonValue) -> dict[str, JsonValue] | None:
    """Header and Body of the tree of an envelope; None when it is not one."""
    content = document.get("Envelope") if isinstance(document, dict) else None
    return content if isinstance(content, dict) and "Body" in content else None


def fault_of(content: JsonValue) -> SoapFault | None:
    """The fault in the content of an envelope; None when the answer is none."""
    body = content.get("Body") if isinstance(content, dict) else None
    fault = body.get("Fault") if isinstance(body, dict) else None
    if fault is None:
        return None
    members: Mapping[str, JsonValue] = fault if isinstance(fault, dict) else {}
    if "Code" not in members and "Reason" not in members:
        code = _local(_text(members.get("faultcode")))
        return SoapFault(code, _text(members.get("faultstring")), _class_of(code) in _SERVER_SIDE)
    general = _local(_text(_member(members.get("Code"), "Value")))
    exact = _local(_text(_member(_member(members.get("Code"), "Subcode"), "Value")))
    reason = _member(members.get("Reason"), "Text")
    # The same words in several languages.
    first = reason[0] if isinstance(reason, list) and reason else reason
    return SoapFault(exact or general, _text(first), general in _SERVER_SIDE)


def _member(value: JsonValue, name: str) -> JsonValue:
    return value.get(name) if isinstance(value, dict) else None


def _text(value: JsonValue) -> str:
    return string_value(value).strip()


def _local(qualified: str) -> str:
    return qualified.rpartition(":")[2]


def _class_of(code: str) -> str:
    """`Server.Database` is a kind of Server; others write `Server-500`."""
    return code.replace("-", ".").partition(".")[0]
