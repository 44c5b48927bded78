"""The SOAP service of the stand-in ERP: its contract, and the same state, sessions and faults as the JSON one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from lxml import etree

from reconciler.connectors.connector import Connector
from reconciler.connectors.load import load_description
from reconciler.errors import CredentialsRefusedError
from reconciler.ports.http.client import HttpPort
from reconciler.ports.http.settings import Retry
from reconciler.sandbox.erp.server import ErpServer
from reconciler.sandbox.faults import FaultKind, FaultPlan
from reconciler.sandbox.generator.dataset import Dataset, generate
from reconciler.sandbox.start import served
from tests.connectors.unknown_system import Pages
from tests.sandbox.calling import PASSWORD, USER, Answer, client

_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
_ERP = "{urn:sandbox:erp}"
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_ORDER = {
    "numero": "7",
    "cliente_cpf_cnpj": "83.101.222/0001-28",
    "valor_total": "1234,50",
    "validade": None,
    "observacao": "<até> & \x01",
    "itens": [{"sequencia": 1, "produto": "P1", "quantidade": "2,000"}],
    "data_alteracao": "01/05/2026",
    "hora_alteracao": "10:20:30",
}
_CLIENTS = [{"codigo": f"{each:06d}", "razao_social": f"n{each}", "ativo": "S", "versao": 1} for each in range(1, 8)]


class _Caller:
    """Sends envelopes to one service, with its session once there is one."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self._session = session
        self.address = address
        self.key: str | None = None

    async def call(self, operation: str, **options: str) -> Answer:
        children = "".join(f"<e:{name}>{text}</e:{name}>" for name, text in options.items())
        return await self.send(f"<e:{operation}>{children}</e:{operation}>")

    async def send(self, inner: str) -> Answer:
        header = "" if self.key is None else f"<e:Sessao><e:chave>{self.key}</e:chave></e:Sessao>"
        return await self.post(
            f'<s:Envelope xmlns:s="{_SOAP[1:-1]}" xmlns:e="{_ERP[1:-1]}"><s:Header>{header}</s:Header>'
            f"<s:Body>{inner}</s:Body></s:Envelope>"
        )

    async def post(self, body: str) -> Answer:
        async with self._session.post(self.address, data=body.encode()) as response:
            return Answer(response.status, await response.read(), response.headers)

    async def log_in(self) -> None:
        answer = await self.call("Entrar", usuario=USER, senha=PASSWORD)
        self.key = result(answer).findtext(f"{_ERP}sessao")


def result(answer: Answer) -> etree._Element:
    """The answer to an operation."""
    assert answer.status == 200, answer.body
    body = etree.fromstring(answer.body).find(f"{_SOAP}Body")
    assert body is not None
    return body[0]


def fault_code(answer: Answer) -> str:
    """The status and code of a fault."""
    found = etree.fromstring(answer.body).findtext(f"{_SOAP}Body/{_SOAP}Fault/faultcode")
    return f"{answer.status} {found}"


@asynccontextmanager
async def service(records: Mapping[str, Any], plan: FaultPlan | None = None) -> AsyncIterator[_Caller]:
    """The service with these records, and a caller that is logged in."""
    server = ErpServer(records, user=USER, password=PASSWORD, plan=plan)
    async with served(server.application()) as url, client() as session:
        caller = _Caller(session, f"{url}/soap")
        await caller.log_in()
        yield caller


async def test_a_record_is_written_in_the_notation_of_the_service() -> None:
    async with service({"pedidos": [_ORDER]}) as caller:
        order = result(await caller.call("ConsultarPedido", numero="7"))[0]
    assert (order.tag, order.get("numero")) == (f"{_ERP}pedido", "7")
    assert order.findtext(f"{_ERP}clienteCpfCnpj") == "83.101.222/0001-28"
    total = order.find(f"{_ERP}valorTotal")
    assert total is not None
    assert (total.text, total.get("moeda")) == ("1234,50", "BRL")
    nothing = order.find(f"{_ERP}validade")
    assert nothing is not None
    assert nothing.get(f"{_XSI}nil") == "true"
    assert order.findtext(f"{_ERP}observacao") == "<até> & \ufffd"
    assert order.findtext(f"{_ERP}alteradoEm") == "01/05/2026 10:20:30"
    (item,) = order.findall(f"{_ERP}itens/{_ERP}item")
    assert (item.get("sequencia"), item.findtext(f"{_ERP}quantidade")) == ("1", "2,000")


async def test_pages_filters_and_codes_only() -> None:
    async with service({"clientes": _CLIENTS}) as caller:
        page = result(await caller.call("ListarClientes", pagina="2", tamanho="3"))
        totals = [page.findtext(f"{_ERP}{name}") for name in ("pagina", "totalPaginas", "totalRegistros")]
        listed = page.findall(f"{_ERP}clientes/{_ERP}cliente")
        assert (totals, [each.get("codigo") for each in listed]) == (["2", "3", "7"], ["000004", "000005", "000006"])
        codes = result(await caller.call("ListarClientes", pagina="1", tamanho="500", somenteCodigos="S"))
        assert {len(each) for each in codes.iter(f"{_ERP}cliente")} == {0}
        assert len(codes.findall(f"{_ERP}clientes/{_ERP}cliente")) == 7
        one = result(await caller.call("ListarClientes", codigo="000002"))
        assert [each.get("codigo") for each in one.iter(f"{_ERP}cliente")] == ["000002"]


@pytest.mark.parametrize(
    ("inner", "told"),
    [
        ("<e:ConsultarCliente><e:codigo>999</e:codigo></e:ConsultarCliente>", "500 soap:Client.NaoEncontrado"),
        ("<e:Apagar/>", "500 soap:Client.OperacaoInexistente"),
        ("<e:ListarClientes><e:pagina>x</e:pagina></e:ListarClientes>", "500 soap:Client.ParametroInvalido"),
        ("<e:ListarClientes><e:cor>x</e:cor></e:ListarClientes>", "500 soap:Client.ParametroInvalido"),
        ("<ListarClientes/>", "500 soap:Client.XmlInvalido"),
        ("<e:ListarClientes/><e:ListarClientes/>", "500 soap:Client.XmlInvalido"),
        ("<e:ListarClientes>", "500 soap:Client.XmlInvalido"),
        ("<e:Entrar><e:usuario>x</e:usuario></e:Entrar>", "500 soap:Client.CredenciaisInvalidas"),
    ],
    ids=["no record", "no operation", "wrong option", "unknown option", "no namespace", "two", "cut", "wrong login"],
)
async def test_what_is_wrong_is_a_fault(inner: str, told: str) -> None:
    async with service({"clientes": _CLIENTS}) as caller:
        assert fault_code(await caller.send(inner)) == told


async def test_without_an_open_session_nothing_is_served() -> None:
    async with service({"clientes": _CLIENTS}) as caller:
        assert result(await caller.call("Sair")).tag == f"{_ERP}SairResposta"
        for key in (caller.key, "invented", None):
            caller.key = key
            assert fault_code(await caller.call("ListarClientes")) == "500 soap:Client.SessaoExpirada"


async def test_a_document_type_is_refused_and_so_is_any_verb_but_post() -> None:
    async with service({"clientes": _CLIENTS}) as caller:
        bomb = f'<!DOCTYPE s [<!ENTITY e "x">]><s:Envelope xmlns:s="{_SOAP[1:-1]}"><s:Body><e/></s:Body></s:Envelope>'
        assert fault_code(await caller.post(bomb)) == "500 soap:Client.XmlInvalido"
        async with client() as session, session.get(caller.address) as response:
            assert response.status == 405


async def test_what_the_json_service_writes_the_soap_service_reads() -> None:
    """One ERP: the same records and the same sessions."""
    async with service({"clientes": _CLIENTS}) as caller, client() as session:
        address = caller.address.replace("/soap", "/api/clientes/000001")
        async with session.patch(
            address, json={"razao_social": "Novo Nome"}, headers={"X-Sessao": caller.key or ""}
        ) as response:
            assert response.status == 200
        found = result(await caller.call("ConsultarCliente", codigo="000001"))
    assert found[0].findtext(f"{_ERP}razaoSocial") == "Novo Nome"


@pytest.mark.parametrize(
    ("kind", "faults"),
    [
        ("429", ["429", "429"]),
        ("empty200", ["empty", "empty"]),
        ("drop", ["no answer", "no answer"]),
        ("truncate", ["cut body", "200 cut xml"]),
        ("html502", ["502 web page", "200 web page"]),
    ],
)
async def test_every_third_call_is_hit_and_its_retry_gets_through(kind: str, faults: list[str]) -> None:
    async with service({"clientes": _CLIENTS}, FaultPlan(FaultKind(kind), 3)) as caller:
        seen = [await _outcome(caller, page) for page in (1, 2, 3, 3, 2, 1)]
    assert [seen[2], seen[5]] == faults
    assert [seen[place] for place in (0, 1, 3, 4)] == ["200"] * 4


async def test_a_session_is_lost_in_the_middle_of_a_pull() -> None:
    async with service({"clientes": _CLIENTS}, FaultPlan(FaultKind.EXPIRE, 3)) as caller:
        assert [await _outcome(caller, page) for page in (1, 2, 3)] == ["200", "200", "500"]
        assert fault_code(await caller.call("ListarClientes")) == "500 soap:Client.SessaoExpirada"
        await caller.log_in()
        assert await _outcome(caller, 3) == "200"


async def _outcome(caller: _Caller, page: int) -> str:
    """What a client sees of one call."""
    try:
        answer = await caller.call("ListarClientes", pagina=str(page), tamanho="2")
    except aiohttp.ClientPayloadError:
        return "cut body"
    except aiohttp.ServerDisconnectedError:
        return "no answer"
    except aiohttp.ClientResponseError:
        return "no answer"
    if b"<html" in answer.body:
        return f"{answer.status} web page"
    try:
        root = etree.fromstring(answer.body)
    except etree.XMLSyntaxError:
        return f"{answer.status} cut xml"
    if answer.status == 429:
        assert answer.headers["Retry-After"] in ("0", "1")
    if answer.status != 200 or next(root.iter(f"{_ERP}cliente"), None) is not None:
        return f"{answer.status}"
    return "empty"


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return generate(30, 5)


@asynccontextmanager
async def described(dataset: Dataset, kind: FaultKind, password: str = PASSWORD) -> AsyncIterator[Connector]:
    """The shipped description, against the service with generated records. Pages are small and waits short."""
    description = load_description("sandbox_erp_soap", Path())
    assert description.http is not None
    settings = description.http.model_copy(update={"retry": Retry(first_s=0.001, longest_s=0.01), "timeout_s": 5.0})
    server = ErpServer(dataset.erp, user=USER, password=PASSWORD, plan=FaultPlan(kind, 3))
    credentials = {"user": USER, "password": password}
    async with (
        served(server.application()) as url,
        HttpPort("erp", settings, base_url=f"{url}/soap", credentials=credentials, context={}) as port,
    ):
        yield Connector("erp", description, port, ZoneInfo("America/Sao_Paulo"))


@pytest.mark.parametrize("kind", [kind for kind in FaultKind if kind not in (FaultKind.SLOW, FaultKind.TOO_MANY)])
async def test_the_description_reads_every_record_however_the_service_misbehaves(
    dataset: Dataset, kind: FaultKind
) -> None:
    async with described(dataset, kind) as connector:
        for entity, collection in (("customers", "clientes"), ("orders", "pedidos")):
            sink = Pages()
            await connector.pull_stable(entity, None, sink)
            ids = [record["@codigo" if entity == "customers" else "@numero"] for record in sink.records]
            member = "codigo" if entity == "customers" else "numero"
            assert sorted(ids) == sorted(row[member] for row in dataset.erp[collection])


async def test_the_description_reads_one_record_a_key_and_a_missing_record(dataset: Dataset) -> None:
    async with described(dataset, FaultKind.NONE) as connector:
        await connector.probe()
        wanted = dataset.erp["produtos"][3]["codigo"]
        (by_id,) = await connector.one("products", wanted)
        assert await connector.find("products", wanted) == [by_id]
        assert await connector.one("products", "NOBODY") == []
        assert await connector.find("customers", "NOBODY") == []


async def test_a_wrong_password_is_told_as_one(dataset: Dataset) -> None:
    async with described(dataset, FaultKind.NONE, password="wrong") as connector:
        with pytest.raises(CredentialsRefusedError, match="SOAP Entrar"):
            async with aclosing(connector.pull("customers")) as pages:
                await anext(pages)
