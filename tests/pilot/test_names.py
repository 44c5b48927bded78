"""A system's words may name people; what is kept of a scenario does not, and stays readable."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from reconciler.pilot.redaction import HIDDEN, Redactor
from reconciler.pilot.reserved import customer
from reconciler.pilot.scenario_sentences import said

_RECORDS: JsonValue = {
    "value": [
        {"LegalName": "padaria flor de minas ltda", "Contact": "Zuleide", "Status": "Ativo", "Note": "não está no CRM"},
        {"razao_social": "MARIA APARECIDA DA SILVA", "endereco": {"logradouro": "Rua das Flores"}},
    ]
}


def _redactor() -> Redactor:
    redactor = Redactor(lambda _: False)
    redactor.learn(_RECORDS)
    redactor.show([str(each) for each in customer(1, "SP", "São Paulo").values()])
    redactor.show(["ana", "Bruno Costa"])
    redactor.show([], ["TESTE-RECONCILER-1"])
    return redactor


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("erp: TESTE-RECONCILER-1 é de Zélia Prado e de Zulmira Prado.", "Zélia Prado e de Zulmira Prado"),
        ("erp: respondeu um erro próprio: João Pereira dos Santos já existe.", "João Pereira dos Santos"),
        ("erp: cadastro de maria aparecida da silva bloqueado.", "maria aparecida da silva"),
        ("erp: já é da padaria flor de minas.", "flor de minas"),
        ("erp: fale com a ZULEIDE.", "ZULEIDE"),
        ("erp: Rua das Flores, 12, é de outro cliente.", "Rua das Flores"),
        ("CLIENTE PEREIRA E FILHOS BLOQUEADO", "PEREIRA E FILHOS"),
        ("erp: D'Ávila Sant'Anna não pode.", "D'Ávila Sant'Anna"),
    ],
    ids=[
        "beside ours",
        "never seen",
        "in another case",
        "a part",
        "one word",
        "a street",
        "all capitals",
        "apostrophes",
    ],
)
def test_a_name_in_the_words_of_a_system_is_hidden(told: str, name: str) -> None:
    shown = _redactor().sentence(told)
    assert name not in shown
    assert HIDDEN in shown
    for word in name.split():
        assert len(word) < 4 or word not in shown, shown


@pytest.mark.parametrize("locale", ["pt-BR", "en"])
def test_what_is_said_of_test_records_and_by_us_stays(locale: str) -> None:
    redactor = _redactor()
    own = f"TESTE RECONCILER CLIENTE 1 em São Paulo, aprovado por ana, Bruno Costa: {said(locale, 'no_states')}"
    sentences = [
        own,
        said(locale, "corrected", number=1, side="ERP", people="ana"),
        said(locale, "not_written", state="refused", why="erp: customers: POST /clientes: Cadastro bloqueado."),
        said(locale, "put_away", what=said(locale, "record", entity="customers", key="X", side="ERP")),
        said(locale, "same_taxes", inside="SP", outside="RJ", taxes="icms 0.12"),
        said(locale, "run_said", code=3, status="failed", warnings=["erp is not there."]),
        said(locale, "registered", key="X", side="CRM"),
        said(locale, "record", entity="products", key="TESTE-RECONCILER-1", side="ERP"),
        "Clientes TESTE RECONCILER CLIENTE 1, Produtos TESTE-RECONCILER-1",
    ]
    assert [redactor.sentence(each) for each in sentences] == sentences
