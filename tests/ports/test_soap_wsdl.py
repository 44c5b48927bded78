"""A customer's WSDL: requests written by it, answers checked against it, nothing loaded from elsewhere."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import ConfigurationError, ResponseNotUnderstoodError, VendorFaultError
from reconciler.ports.http.settings import HttpSettings, Listing
from reconciler.ports.soap.settings import Wsdl
from reconciler.ports.soap.wsdl import Contract
from tests.ports.soap_answers import ELEVEN, fault, said, sent
from tests.ports.stand_in import QUICK, StandIn, always, pages_of

_WSDL = Path(__file__).parent / "wsdl"
_SPACE = "{urn:example:warehouse}"
_LISTING: dict[str, Any] = {
    "request": {
        "path": "/warehouse",
        "soap": {"body": {"ListItems": {"filter": {"@branch": "01", "code": ["$key", "A&B"]}, "page": 1}}},
    },
    "records": "Body.ListItemsResponse.item",
    "paging": {"kind": "single"},
}
_ITEM = "<code>007</code><name>Parafuso</name><price>1.50</price>"


def _settings(file: Path = _WSDL / "warehouse.wsdl", **soap: Any) -> HttpSettings:
    return HttpSettings.model_validate(
        {"format": "soap", "retry": QUICK, "soap": {"wsdl": {"file": str(file)}, **soap}}
    )


def _items(*items: str, total: str = "<total>1</total>") -> str:
    listed = "".join(f"<item>{item}</item>" for item in items)
    return f'<ListItemsResponse xmlns="urn:example:warehouse">{total}{listed}</ListItemsResponse>'


async def _records(answer: str, **listing: Any) -> list[Any]:
    async with StandIn(always(said(answer))) as system, system.port(_settings()) as port:
        pages = await pages_of(port, Listing.model_validate({**_LISTING, **listing}), {"key": "007"})
        return [record for page in pages for record in page.records]


async def test_a_request_is_written_as_the_wsdl_says_and_goes_where_the_project_says() -> None:
    """Order, namespaces and SOAPAction come from the WSDL; its address, another host, does not count."""
    header = {"Session": {"key": "$key"}}
    async with StandIn(always(said(_items(_ITEM)))) as system, system.port(_settings(header=header)) as port:
        await pages_of(port, Listing.model_validate(_LISTING), {"key": "007"})
        (asked,) = system.asked
    assert (asked.path, asked.headers["SOAPAction"]) == ("/warehouse", '"urn:example:warehouse/ListItems"')
    envelope = sent(asked)
    assert envelope.findtext(f"{{{ELEVEN}}}Header/Session/key") == "007"
    operation = envelope.find(f"{{{ELEVEN}}}Body/{_SPACE}ListItems")
    assert operation is not None
    assert [child.tag for child in operation] == [f"{_SPACE}page", f"{_SPACE}filter"]
    assert operation[1].get("branch") == "01"
    assert [code.text for code in operation[1]] == ["007", "A&B"]


async def test_an_answer_that_keeps_the_contract_is_the_same_tree_as_without_it() -> None:
    assert await _records(_items(_ITEM)) == [{"code": "007", "name": "Parafuso", "price": "1.50"}]
    assert await _records(_items(total="<total>0</total>")) == []


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (_items("<code>007</code><price>1</price>"), "name"),
        (_items(f"{_ITEM}<surprise/>"), "surprise"),
        (_items("<name>a</name><code>b</code><price>1</price>"), "code"),
        (_items(_ITEM, total=""), "total"),
        (_items("<code>1</code><name>a</name><price>555 reais</price>"), "does not fit its type"),
    ],
    ids=["missing", "unknown", "reordered", "no total", "no number"],
)
async def test_an_answer_that_breaks_the_contract_is_not_understood(answer: str, named: str) -> None:
    with pytest.raises(ResponseNotUnderstoodError, match=f"SOAP ListItems: .*WSDL says: .*{named}") as refused:
        await _records(answer)
    assert "555" not in str(refused.value)


async def test_a_fault_is_a_fault_and_no_breach_of_contract() -> None:
    async with StandIn(always(fault("s:Client", "closed"))) as system, system.port(_settings()) as port:
        with pytest.raises(VendorFaultError, match="closed"):
            await pages_of(port, Listing.model_validate(_LISTING), {"key": "1"})


async def test_values_that_do_not_fit_their_type_are_not_logged(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    await _records(_items(f"{_ITEM}<changed>555.666.777-88</changed>"))
    assert "555" not in caplog.text
    assert "555" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"ListItems": {}}, "Missing element page"),
        ({"ListItems": {"page": 1, "pge": 2}}, "'pge'"),
        ({"ListItems": {"page": 1, "filter": {"@brnch": "1"}}}, "'brnch'"),
        ({"LstItems": {"page": 1}}, "no operation LstItems"),
        ({"ListItems": {"page": 1, "filter": {"code": ["$key"]}}}, "character that XML forbids"),
    ],
    ids=["missing", "unknown", "unknown attribute", "unknown operation", "control character"],
)
async def test_what_the_wsdl_does_not_allow_is_refused_before_it_is_sent(body: dict[str, Any], problem: str) -> None:
    listing = Listing.model_validate({**_LISTING, "request": {"path": "", "soap": {"body": body}}})
    async with StandIn(always(said(_items(_ITEM)))) as system, system.port(_settings()) as port:
        with pytest.raises(ConfigurationError) as refused:
            await pages_of(port, listing, {"key": "secret\x03"})
        assert problem in str(refused.value)
        assert "secret" not in str(refused.value)
        assert system.asked == []


def _changed(folder: Path, file: str, old: str, new: str) -> Path:
    shutil.copytree(_WSDL, folder, dirs_exist_ok=True)
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1))
    return folder / "warehouse.wsdl"


def _refused(path: Path, **wsdl: Any) -> str:
    with pytest.raises(ConfigurationError) as refused:
        Contract.load(Wsdl(file=str(path), **wsdl))
    return str(refused.value)


def test_imports_of_other_hosts_are_refused_and_never_fetched(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        for scheme in ("http", "https"):
            address = f"{scheme}://127.0.0.1:{server.getsockname()[1]}/warehouse.xsd"
            path = _changed(tmp_path / scheme, "warehouse.wsdl", '"warehouse.xsd"', f'"{address}"')
            assert "warehouse.wsdl cannot be used as a WSDL (ExternalReferenceForbidden)" in _refused(path)
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize("place", ["../warehouse.xsd", "file:///etc/hostname", "/etc/hostname"])
def test_imports_from_outside_the_folder_are_refused(tmp_path: Path, place: str) -> None:
    shutil.copy(_WSDL / "warehouse.xsd", tmp_path)
    path = _changed(tmp_path / "inside", "warehouse.wsdl", '"warehouse.xsd"', f'"{place}"')
    assert "files in its folder" in _refused(path)


@pytest.mark.parametrize("file", ["warehouse.wsdl", "warehouse.xsd"])
@pytest.mark.parametrize("hostile", ["<!DOCTYPE x>", '<!DOCTYPE x [<!ENTITY e "boom">]>'], ids=["bare", "entity"])
def test_a_document_type_is_refused_in_every_document(tmp_path: Path, file: str, hostile: str) -> None:
    mark = '<?xml version="1.0" encoding="utf-8"?>'
    assert "Forbidden" in _refused(_changed(tmp_path, file, mark, mark + hostile))


@pytest.mark.parametrize("text", ["", "no xml", "<html/>", "<definitions xmlns='http://schemas.xmlsoap.org/wsdl/'/>"])
def test_what_is_no_wsdl_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.wsdl").write_text(text)
    assert "x.wsdl" in _refused(tmp_path / "x.wsdl")


def test_a_service_that_is_not_there_is_refused() -> None:
    assert "WSDL" in _refused(_WSDL / "warehouse.wsdl", service="Nobody")
    named = Wsdl(file=str(_WSDL / "warehouse.wsdl"), service="WarehouseService", port="WarehousePort")
    assert Contract.load(named).version == "1.1"


def test_without_the_extra_the_user_is_told_what_to_install() -> None:
    code = (
        "import sys\nsys.modules['zeep'] = None\n"
        "from reconciler.errors import ConfigurationError\n"
        "from reconciler.ports.soap.settings import Wsdl\nfrom reconciler.ports.soap.wsdl import Contract\n"
        "try:\n    Contract.load(Wsdl(file='x.wsdl'))\nexcept ConfigurationError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'reconciler[soap]'" in done.stdout


def test_zeep_is_not_loaded_where_no_wsdl_is_used() -> None:
    code = "import sys, reconciler.ports.http.client\nprint('zeep' in sys.modules or 'requests' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
