"""What a SOAP system receives: envelope, headers, values with their references."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from reconciler.errors import ConfigurationError
from reconciler.ports.http.settings import BasicAuth, HttpSettings, Request
from reconciler.ports.soap.settings import SoapSettings
from reconciler.ports.xml.settings import XmlSettings
from tests.ports.soap_answers import ELEVEN, TWELVE, said, sent
from tests.ports.stand_in import QUICK, StandIn, always

_SPACES = XmlSettings(namespaces={"e": "urn:erp"})
_CALL: dict[str, Any] = {"body": {"e:Get": {"code": "$id"}}}


def _settings(**soap: Any) -> HttpSettings:
    return HttpSettings(format="soap", xml=_SPACES, soap=SoapSettings(**soap), retry=QUICK)


def _request(**call: Any) -> Request:
    return Request.model_validate({"path": "/service", "soap": {**_CALL, **call}})


async def _asked(settings: HttpSettings, request: Request, **values: Any) -> Any:
    async with (
        StandIn(always(said("<ok/>"))) as system,
        system.port(settings, credentials={"user": "maria", "password": 'p<&>"w'}) as port,
    ):
        await port.call(request, values)
        return system.asked[0]


async def test_a_soap_1_1_request_is_a_post_with_a_quoted_action() -> None:
    asked = await _asked(_settings(action_base="urn:erp#"), _request(), id="7")
    assert (asked.method, asked.path) == ("POST", "/service")
    assert asked.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert asked.headers["SOAPAction"] == '"urn:erp#Get"'
    assert asked.headers["Accept"] == "text/xml"
    assert sent(asked).tag == f"{{{ELEVEN}}}Envelope"
    assert sent(asked).findtext(f"{{{ELEVEN}}}Body/{{urn:erp}}Get/code") == "7"
    assert sent(asked).find(f"{{{ELEVEN}}}Header") is None


async def test_a_soap_1_2_request_has_its_action_in_the_content_type() -> None:
    asked = await _asked(_settings(version="1.2"), _request(action="urn:erp/get/{id}"), id="7")
    assert asked.headers["Content-Type"] == 'application/soap+xml; charset=utf-8; action="urn:erp/get/7"'
    assert "SOAPAction" not in asked.headers
    assert sent(asked).tag == f"{{{TWELVE}}}Envelope"


async def test_without_an_action_an_empty_one_is_sent() -> None:
    assert (await _asked(_settings(), _request(), id="7")).headers["SOAPAction"] == '""'
    asked = await _asked(_settings(version="1.2"), _request(), id="7")
    assert asked.headers["Content-Type"] == "application/soap+xml; charset=utf-8"


async def test_the_header_carries_credentials_with_attributes_and_a_request_may_have_its_own() -> None:
    header = {
        "e:Security": {
            "@soapenv:mustUnderstand": "1",
            "e:User": "$credentials.user",
            "e:Password": {"@Type": "text", "$": "$credentials.password"},
        }
    }
    security = f"{{{ELEVEN}}}Header/{{urn:erp}}Security"
    asked = await _asked(_settings(header=header), _request(), id="7")
    found = sent(asked).find(security)
    assert found is not None
    assert found.get(f"{{{ELEVEN}}}mustUnderstand") == "1"
    assert found.findtext("{urn:erp}User") == "maria"
    password = found.find("{urn:erp}Password")
    assert password is not None
    assert (password.text, password.get("Type")) == ('p<&>"w', "text")
    for own in ({}, {"e:Other": "$id"}):
        asked = await _asked(_settings(header=header), _request(header=own), id="7")
        assert sent(asked).find(security) is None
    assert sent(asked).findtext(f"{{{ELEVEN}}}Header/{{urn:erp}}Other") == "7"


@pytest.mark.parametrize("value", ["</code><evil/>", "a & b", "]]>", "ß €", "line\nend", "'\"", "<!--"], ids=str)
async def test_a_value_stays_a_value(value: str) -> None:
    asked = await _asked(_settings(), _request(body={"e:Get": {"code": "$id", "x": {"@y": "$id"}}}), id=value)
    operation = sent(asked).find(f"{{{ELEVEN}}}Body/{{urn:erp}}Get")
    assert operation is not None
    assert [child.tag for child in operation] == ["code", "x"]
    assert operation.findtext("code") == value
    assert operation[1].get("y") == value


async def test_null_references_leave_their_element_out_and_lists_repeat_it() -> None:
    body = {"e:Get": {"since": "$since", "code": ["$id", "fixed"], "count": 3, "all": False}}
    asked = await _asked(_settings(), _request(body=body), id="7", since=None)
    operation = sent(asked).find(f"{{{ELEVEN}}}Body/{{urn:erp}}Get")
    assert operation is not None
    assert [(child.tag, child.text) for child in operation] == [
        ("code", "7"), ("code", "fixed"), ("count", "3"), ("all", "false")
    ]  # fmt: skip


async def test_a_character_that_xml_forbids_is_refused_before_anything_is_sent() -> None:
    async with StandIn(always(said("<ok/>"))) as system, system.port(_settings()) as port:
        with pytest.raises(ConfigurationError, match="SOAP Get: Body/e:Get/code") as refused:
            await port.call(_request(), {"id": "secret\x02"})
        assert "secret" not in str(refused.value)
        assert system.asked == []


async def test_headers_of_the_description_win_whatever_their_case() -> None:
    request = Request.model_validate(
        {"path": "", "soap": {"body": {"Get": {}}}, "headers": {"content-type": "text/xml", "soapaction": "bare"}}
    )
    asked = await _asked(_settings(), request)
    assert asked.headers.getall("Content-Type") == ["text/xml"]
    assert asked.headers.getall("SOAPAction") == ["bare"]


async def test_basic_authentication_signs_a_soap_call() -> None:
    auth = BasicAuth(kind="basic", username="{credentials.user}", password="{credentials.password}")
    asked = await _asked(_settings().model_copy(update={"auth": auth}), _request(), id="7")
    assert asked.headers["Authorization"].startswith("Basic ")


async def test_plain_xml_is_posted_as_a_document_and_nothing_where_there_is_no_body() -> None:
    settings = HttpSettings(format="xml", xml=_SPACES, retry=QUICK)
    request = Request(method="POST", path="/x", body={"e:query": {"@page": 1, "name": "$id"}})
    asked = await _asked_xml(settings, request, id="A & B")
    assert asked.headers["Content-Type"] == "application/xml; charset=utf-8"
    assert asked.headers["Accept"] == "application/xml, text/xml"
    root = etree.fromstring(asked.body)
    assert (root.tag, root.get("page"), root.findtext("name")) == ("{urn:erp}query", "1", "A & B")
    asked = await _asked_xml(settings, Request(path="/x"))
    assert asked.body == b""
    assert asked.headers["Accept"] == "application/xml, text/xml"


async def _asked_xml(settings: HttpSettings, request: Request, **values: Any) -> Any:
    async with StandIn(always(said("<ok/>"))) as system, system.port(settings) as port:
        await port.call(request, values)
        return system.asked[0]
