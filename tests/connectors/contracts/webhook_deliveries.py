"""Deliveries as vendors document them, with invented values, signed by another library than the one that is tested."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import orjson
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from pydantic import JsonValue

from reconciler.connectors.load import load_description
from reconciler.ports.webhook.delivery import Delivery
from reconciler.ports.webhook.hints import Hint, Notice, notices_of
from reconciler.ports.webhook.settings import WebhookSettings
from reconciler.ports.webhook.verification import Secrets, Verdict, verify

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
STAMP_MS = str(int(NOW.timestamp()) * 1000)
SECRET = "made-up-webhook-secret"
HOOK_ID = "6560000000000000a"
ERP_URL = "https://hooks.example.com/v1/webhooks/erp"
CRM_URL = "https://hooks.example.com/v1/webhooks/crm"

Signing = Callable[[bytes, str], dict[str, str]]
"""From the body and a secret to the headers that the vendor sends."""


def digest(secret: str, message: bytes) -> bytes:
    """HMAC-SHA256 by another library than the one that is tested."""
    code = HMAC(secret.encode(), SHA256())
    code.update(message)
    return code.finalize()


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


def bling_signs(body: bytes, secret: str) -> dict[str, str]:
    return {"X-Bling-Signature-256": "sha256=" + digest(secret, body).hex()}


def frappe_signs(body: bytes, secret: str) -> dict[str, str]:
    return {"X-Frappe-Webhook-Signature": base64_of(digest(secret, body))}


def hubspot_signs(body: bytes, secret: str) -> dict[str, str]:
    signed = digest(secret, b"POST" + CRM_URL.encode() + body + STAMP_MS.encode())
    return {"X-HubSpot-Signature-v3": base64_of(signed), "X-HubSpot-Request-Timestamp": STAMP_MS}


def espocrm_signs(body: bytes, secret: str) -> dict[str, str]:
    return {"Signature": base64_of(f"{HOOK_ID}:{digest(secret, body).hex()}".encode())}


def omie_signs(_body: bytes, _secret: str) -> dict[str, str]:
    """Omie signs nothing."""
    return {}


@dataclass(frozen=True)
class Vendor:
    """How a vendor sends.

    Attributes:
        secrets: credentials of a project that uses it, by the names of the description.
        url, query: the address that the vendor was given.
    """

    name: str
    sign: Signing
    secrets: Mapping[str, str]
    url: str = ERP_URL
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> WebhookSettings:
        return settings_of(self.name)

    def sends(self, payload: JsonValue, secret: str = SECRET, **query: str) -> Delivery:
        body = orjson.dumps(payload)
        headers = {name.lower(): value for name, value in self.sign(body, secret).items()}
        return Delivery("POST", self.url, headers, {**self.query, **query}, body)

    def verdict(self, sent: Delivery, now: datetime = NOW) -> Verdict:
        """With the secrets of the project, sorted into those of calls and those of webhooks as the service does it."""
        named = {name: (text,) for name, text in self.secrets.items()}
        known = Secrets(named=named, purpose=self.settings.proving)
        return verify(self.settings.verification, self.settings.events, sent, known, now)

    def notices(self, sent: Delivery) -> list[Notice]:
        return notices_of(self.settings, sent, sent.document())

    def hints(self, sent: Delivery) -> list[Hint]:
        return [hint for notice in self.notices(sent) for hint in notice.hints]


@lru_cache
def settings_of(vendor: str) -> WebhookSettings:
    described = load_description(vendor, Path()).webhooks
    assert described is not None
    return described


APP_KEY = "1234567890123"
OMIE = Vendor("omie", omie_signs, {"app_key": APP_KEY, "webhook_key": SECRET}, query={"key": SECRET})
BLING = Vendor("bling", bling_signs, {"client_id": "made-up", "client_secret": SECRET})
ERPNEXT = Vendor("erpnext", frappe_signs, {"webhook_secret": SECRET})
HUBSPOT = Vendor("hubspot", hubspot_signs, {"client_secret": SECRET}, url=CRM_URL)
ESPOCRM = Vendor("espocrm", espocrm_signs, {"webhook_secret": SECRET}, CRM_URL, {"event": "Account.update"})


def omie(topic: str, event: JsonValue, **other: JsonValue) -> JsonValue:
    author: JsonValue = {"email": "no-reply@example.com", "name": "Integração", "userId": 1}
    origin: dict[str, JsonValue] = {"appKey": APP_KEY, "appHash": "made-up-hash", "origin": "omie-connect-2.0"}
    identity = "0aa00000-0000-4000-8000-000000000001"
    return {"messageId": identity, "topic": topic, "event": event, "author": author, **origin, **other}


def omie_order(stage: str) -> dict[str, JsonValue]:
    amounts: dict[str, JsonValue] = {"idCliente": 2001, "idContaCorrente": 3001, "valorPedido": 1250.5}
    return {"idPedido": 5001, "numeroPedido": "77", "codIntPedido": "", "etapa": stage, "etapaDescr": "x", **amounts}


def bling(event: str, data: JsonValue, identity: str = "01950000-0000-7000-8000-000000000001") -> JsonValue:
    head: dict[str, JsonValue] = {"eventId": identity, "date": "2026-11-22T12:00:00Z", "version": "v1"}
    return {**head, "event": event, "companyId": "d0000000000000000000000000000000", "data": data}


def hubspot(subscription: str, record: int, **more: JsonValue) -> dict[str, JsonValue]:
    app: dict[str, JsonValue] = {"eventId": 100, "subscriptionId": 200, "portalId": 300, "appId": 400}
    times: dict[str, JsonValue] = {"occurredAt": int(STAMP_MS), "attemptNumber": 0, "changeSource": "CRM_UI"}
    return {**app, **times, "subscriptionType": subscription, "objectId": record, **more}


BLING_PRODUCT: JsonValue = {"id": 12345, "nome": "Parafuso", "codigo": "P-1", "preco": 4.99, "categoria": {"id": 9}}
HUBSPOT_EVENTS: list[JsonValue] = [
    hubspot("company.propertyChange", 11, propertyName="phone", propertyValue="+5511988887777"),
    hubspot("contact.creation", 12),
    hubspot("product.deletion", 13),
    hubspot("object.creation", 14, objectTypeId="0-14"),
    hubspot("object.propertyChange", 15, objectTypeId="0-2", propertyName="name"),
    hubspot("object.propertyChange", 16, objectTypeId="0-1", propertyName="email"),
]
DELIVERIES: dict[str, tuple[Vendor, Delivery, list[Hint]]] = {
    "Omie, a customer": (
        OMIE,
        OMIE.sends(omie("ClienteFornecedor.Alterado", {"codigo_cliente_omie": 2001, "razao_social": "Acme Ltda"})),
        [Hint("customers", "2001", "updated")],
    ),
    "Omie, a product, its key a number": (
        OMIE,
        OMIE.sends(omie("Produto.Incluido", {"codigo_produto": 4001, "codigo": "P-1"}, appKey=int(APP_KEY))),
        [Hint("products", "4001", "created")],
    ),
    "Omie, an order": (
        OMIE,
        OMIE.sends(omie("VendaProduto.EtapaAlterada", omie_order("50"))),
        [Hint("orders", "5001", "updated")],
    ),
    "Omie, a quote": (
        OMIE,
        OMIE.sends(omie("VendaProduto.Incluida", omie_order("00"))),
        [Hint("quotes", "5001", "created")],
    ),
    "Omie, an order that does not tell its stage": (
        OMIE,
        OMIE.sends(omie("VendaProduto.Faturada", {"idPedido": 5001, "idCliente": 2001})),
        [Hint("orders", "5001", "updated")],
    ),
    "Omie, a movement of stock": (
        OMIE,
        OMIE.sends(omie("Produto.MovimentacaoEstoque", {"codigo_produto": 4001})),
        [],
    ),
    "Omie, a service order": (
        OMIE,
        OMIE.sends(omie("OrdemServico.Incluida", {"idOrdemServico": 1, "etapa": "20", "idCliente": 2001})),
        [],
    ),
    "Bling, an order": (
        BLING,
        BLING.sends(bling("order.created", {"id": 777, "numero": 123, "total": 123.45, "contato": {"id": 1}})),
        [Hint("orders", "777", "created")],
    ),
    "Bling, a product": (
        BLING,
        BLING.sends(bling("product.updated", BLING_PRODUCT)),
        [Hint("products", "12345", "updated")],
    ),
    "Bling, a product that is gone": (
        BLING,
        BLING.sends(bling("product.deleted", {"id": 12345})),
        [Hint("products", "12345", "deleted")],
    ),
    "Bling, a supplier of a product": (
        BLING,
        BLING.sends(bling("product_supplier.updated", {"id": 5, "produto": {"id": 12345}})),
        [],
    ),
    "ERPNext, a customer": (
        ERPNEXT,
        ERPNEXT.sends({"doctype": "Customer", "name": "Aço & Cia"}),
        [Hint("customers", "Aço & Cia")],
    ),
    "ERPNext, an order": (
        ERPNEXT,
        ERPNEXT.sends({"doctype": "Sales Order", "name": "SAL-ORD-2026-00001"}),
        [Hint("orders", "SAL-ORD-2026-00001")],
    ),
    "ERPNext, an invoice": (ERPNEXT, ERPNEXT.sends({"doctype": "Sales Invoice", "name": "X-1"}), []),
    "HubSpot, several objects at once": (
        HUBSPOT,
        HUBSPOT.sends(HUBSPOT_EVENTS),
        [
            Hint("customers", "11", "updated"),
            Hint("products", "13", "deleted"),
            Hint("quotes", "14", "created"),
            Hint("customers", "15", "updated"),
        ],
    ),
    "EspoCRM, a batch": (
        ESPOCRM,
        ESPOCRM.sends([{"id": "5f01", "name": "Acme"}, {"id": "5f02", "cCnpj": "11222333000181"}, {"id": "5f03"}]),
        [Hint("customers", f"5f0{number}", "updated") for number in (1, 2, 3)],
    ),
    "EspoCRM, one record": (
        ESPOCRM,
        ESPOCRM.sends([{"id": "5f01"}], event="Account.delete"),
        [Hint("customers", "5f01", "deleted")],
    ),
    "EspoCRM, another entity": (ESPOCRM, ESPOCRM.sends([{"id": "5f01"}], event="Contact.update"), []),
}
