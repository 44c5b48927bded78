"""Nothing that is planted as a secret, or belongs to somebody else, ever reaches evidence."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import quote

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict
from stdnum.br import cnpj
from yarl import URL

from reconciler.app.correct import Acting
from reconciler.app.pilot.scenarios.evidence import MOST_EXCHANGES, MOST_WHOLE, Evidence
from reconciler.model.entities import Side
from reconciler.pilot.redaction import HIDDEN, Redactor
from reconciler.pilot.reserved import NEW_CUSTOMERS, NEW_ORDERS, ORDER, SKU, customer, is_reserved, tax_id
from reconciler.pilot.scenario_sentences import every_sentence, said
from reconciler.pilot.scenarios import SCENARIOS
from reconciler.ports.http.messages import Answer, Outgoing
from reconciler.ports.http.trace import Exchanged

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
OWN = customer(1, "SP", "São Paulo")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~+/=!@#"
SECRETS = st.text(_LETTERS, min_size=4, max_size=40)
PERSONAL = (
    "Maria da Silva",
    "maria.silva@example.com",
    "12345678909",
    "123.456.789-09",
    "(11) 98765-4321",
    "01310-100",
)
_ORIGIN = "https://crm.example.com"
_NAMES = st.sampled_from(["name", "value", "token", "senha", "StringValue", "Id", "nested", "erro"])


def _evidence(known: set[str], secrets: Collection[str] = ()) -> Evidence:
    project = SimpleNamespace(system=lambda side: SimpleNamespace(base_url=_ORIGIN, vendor="ploomes"))
    descriptions = {Side.CRM: SimpleNamespace(default_address=None)}
    acting = cast("Acting", SimpleNamespace(workspace=SimpleNamespace(project=project), descriptions=descriptions))
    redactor = Redactor(lambda text: any(each in text for each in known), secrets)
    redactor.show([str(each) for each in OWN.values()], [str(OWN["tax_id"])])
    return Evidence(acting, redactor, lambda: 0)


def _exchanged(
    sent: Any, came: Any, *, path: str = "/Contacts", query: str = "", headers: dict[str, str] | None = None
) -> Exchanged:
    url = URL(f"{_ORIGIN}{path}{query}", encoded=True)
    body = None if sent is None else orjson.dumps(sent)
    outgoing = Outgoing("POST", url, {"Content-Type": "application/json", **(headers or {})}, body, "POST /Contacts")
    answer = Answer(
        200, CIMultiDict({"Content-Type": "application/json", **(headers or {})}), orjson.dumps(came), AT, url
    )
    return Exchanged(outgoing, answer, "", AT, 3)


def _kept(evidence: Evidence) -> str:
    return orjson.dumps(evidence.exchanges(0)).decode()


@st.composite
def planted(draw: st.DrawFn) -> tuple[str, Any]:
    """A secret, and a document with it anywhere: as a value, in a value, as a name, deep down."""
    secret = draw(SECRETS)
    leaf = st.sampled_from([secret, f"Bearer {secret}", f"erro: {secret} não serve", 7, None, True, "SP", "10.00"])
    document = draw(
        st.recursive(
            leaf,
            lambda inner: st.lists(inner, max_size=6) | st.dictionaries(_NAMES | st.just(secret), inner, max_size=5),
            max_leaves=12,
        )
    )
    return secret, document


@given(planted())
@settings(max_examples=60, deadline=None)
def test_a_planted_secret_is_nowhere_in_evidence(case: tuple[str, Any]) -> None:
    """In the address, its query, headers of both ways, names and values of both bodies; known before, or only later."""
    secret, document = case
    written = quote(secret, safe="")
    for known_at_once in (True, False):
        known: set[str] = {secret} if known_at_once else set()
        evidence = _evidence(known)
        exchanged = _exchanged(
            document,
            {"deep": [document, {"sessao": secret}], "OtherProperties": [{"StringValue": secret}]},
            path=f"/Contacts/{written}",
            query=f"?key={written}&{written}=1&$filter=Token eq '{written}'",
            headers={"X-Own": secret, "Authorization": f"Basic {secret}", "Set-Cookie": f"s={secret}"},
        )
        evidence.watch(exchanged)
        known.add(secret)
        found = _kept(evidence)
        # What every exchange has is no secret, however short a planted one is.
        frame = _kept(_framed())
        if secret not in frame:
            assert secret not in found
            assert written not in found


def _framed() -> Evidence:
    evidence = _evidence(set())
    evidence.watch(_exchanged({"name": 1}, {"deep": [], "OtherProperties": [{"StringValue": None}], "sessao": ""}))
    return evidence


@pytest.mark.parametrize("text", PERSONAL)
@pytest.mark.parametrize("place", ["value", "path", "query", "expression", "sentence", "element", "number"])
def test_what_belongs_to_somebody_else_is_hidden(text: str, place: str) -> None:
    evidence, body = _evidence(set()), {"value": [{"Name": text, "Id": 1}]}
    written = quote(text, safe="")
    match place:
        case "sentence":
            told = Redactor(lambda _: False).sentence(f"erp: refused: já existe {text}.")
            assert text not in told
            return
        case "path":
            evidence.watch(_exchanged(None, None, path=f"/Contacts/{written}"))
        case "query":
            evidence.watch(_exchanged(None, None, query=f"?q={written}"))
        case "expression":
            evidence.watch(_exchanged(None, None, query=f"?$filter=Name eq '{written}'"))
        case "element":
            evidence.watch(_exchanged(None, [text, body, text, text, text]))
        case "number":
            evidence.watch(_exchanged({"CPF": 12345678909}, body))
            assert "12345678909" not in _kept(evidence)
        case _:
            evidence.watch(_exchanged(body, body))
    assert text not in _kept(evidence)
    assert written not in _kept(evidence)


def test_what_belongs_to_test_records_is_shown_however_it_is_written() -> None:
    evidence, masked = _evidence(set()), cnpj.format(tax_id(1))
    others = [{"CNPJ": "83101222000128", "Name": "Maria da Silva", "Id": number} for number in range(40)]
    listed = [*others, {"CNPJ": masked, "LegalName": OWN["legal_name"], "City": "São Paulo", "Amount": 10.5}]
    evidence.watch(
        _exchanged(None, {"value": listed}, query=f"?$filter=CNPJ eq '{tax_id(1)}' or CPF eq '12345678909'&$top=10")
    )
    (kept,) = evidence.exchanges(0)
    assert kept["answer"]["body"]["value"] == [
        {"CNPJ": masked, "LegalName": OWN["legal_name"], "City": "São Paulo", "Amount": 10.5},
        "40 more elements, about nothing of this scenario",
    ]
    assert kept["request"]["address"].endswith(f"/Contacts?$filter=CNPJ eq '{tax_id(1)}' or CPF eq '{HIDDEN}'&$top=10")
    assert kept["system"] == "crm"


def test_short_credentials_are_hidden_where_they_stand_alone() -> None:
    evidence = _evidence(set(), {"AB", "777"})
    evidence.watch(_exchanged({"value": "AB", "other": "777", "name": "ABC"}, None))
    assert evidence.exchanges(0)[0]["request"]["body"] == {"value": HIDDEN, "other": HIDDEN, "name": "ABC"}


def test_evidence_is_bounded() -> None:
    evidence = _evidence(set())
    large = {"value": [{"CNPJ": tax_id(1), "Lines": [[1] * 3 for _ in range(3)]} for _ in range(10)]}
    for _ in range(MOST_EXCHANGES + 5):
        evidence.watch(_exchanged(None, {"value": 1}))
    evidence.watch(_exchanged(None, large))
    kept = evidence.exchanges(0)
    assert len(kept) == MOST_EXCHANGES
    assert sum("headers" in each["request"] for each in kept) == MOST_WHOLE
    huge = _evidence(set())
    huge.watch(_exchanged("x" * 2_000_000, {f"member{number}": "10.00" for number in range(70_000)}))
    (one,) = huge.exchanges(0)
    assert one["request"]["body"] == {"omitted_bytes": 2_000_002}
    assert len(orjson.dumps(one)) < 20_000


def test_keys_of_test_records_are_valid_and_told_from_everybody_elses() -> None:
    for number in (1, 2, NEW_CUSTOMERS[0], NEW_CUSTOMERS[-1]):
        assert cnpj.is_valid(tax_id(number))
        assert is_reserved("customers", tax_id(number))
    assert is_reserved("orders", ORDER)
    assert is_reserved("orders", str(NEW_ORDERS[0]))
    assert is_reserved("products", SKU)
    for entity, key in (
        ("customers", "83101222000128"),
        ("customers", tax_id(1)[:-1] + "9"),
        ("customers", "12345678909"),
        ("customers", None),
        ("orders", "50003"),
        ("products", "P0004"),
        ("quotes", ORDER),
    ):
        assert not is_reserved(entity, key), (entity, key)


def test_everything_is_told_in_both_languages_with_the_same_values() -> None:
    for name, sentences in every_sentence().items():
        wanted = [sorted(set(re.findall(r"\{(\w+)\}", each))) for each in sentences]
        assert wanted[0] == wanted[1], name
        values = dict.fromkeys(wanted[0], "x")
        assert said("en", name, **values) == said("fr", name, **values) != said("pt-BR", name, **values), name
    for each in SCENARIOS.values():
        assert len(each.english.steps) == len(each.portuguese.steps)
        assert each.english.title != each.portuguese.title
