"""What is said while a scenario is played, in the languages of the reports. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from reconciler.model.findings import FindingKind
from reconciler.phrases.languages import in_language
from reconciler.reports.languages import texts_of

_PORTUGUESE: Final = "pt-BR"

_SENTENCES: Final[dict[str, tuple[str, str]]] = {
    # What was seen.
    "registered": ("{key} is in the {side}.", "{key} está no {side}."),
    "in_both": ("In both systems, in use: {keys}.", "Nos dois sistemas, ativos: {keys}."),
    "changed": (
        "{field} of {key} is “{new}” in the {side} now; before “{old}”.",
        "{field} de {key} agora é “{new}” no {side}; antes “{old}”.",
    ),
    "found": ("{count} of {key}: {kinds}.", "{count} de {key}: {kinds}."),
    "found_nothing": ("No open finding of {key}.", "Nenhuma divergência aberta de {key}."),
    "corrected": (
        "{number} correction(s) of the {side}, approved by {people}, written and proved by reading back.",
        "{number} correção(ões) no {side}, aprovada(s) por {people}, gravada(s) e comprovada(s) pela leitura de volta.",
    ),
    "by_hand": (
        "The {side} takes no correction of {field} from us ({why}); it was done by hand.",
        "O {side} não aceita de nós correção de {field} ({why}); foi feita à mão.",
    ),
    "ordered": ("Order {key} is in the CRM, made from a quote.", "O pedido {key} está no CRM, feito de uma proposta."),
    "cancelled": ("Order {key} is cancelled in the {side}.", "O pedido {key} está cancelado no {side}."),
    "quote_taken": ("Quote {number}, {lines} line(s).", "Proposta {number}, {lines} item(ns)."),
    "taxes_answered": ("To {state}: {taxes}.", "Para {state}: {taxes}."),
    "taxes_differ": (
        "Only in {inside}: {only_in}. Only out, in {outside}: {only_out}.",
        "Só dentro, em {inside}: {only_in}. Só fora, em {outside}: {only_out}.",
    ),
    "led_away": ("The connection leads to {address}.", "A conexão leva a {address}."),
    "run_said": (
        "Exit code {code}, status {status}: {warnings}",
        "Código de saída {code}, situação {status}: {warnings}",
    ),
    "taxes_unavailable": ("Unavailable ({reason}), no amounts.", "Indisponíveis ({reason}), sem valores."),
    "taxes_not_asked": ("Not asked: {why}", "Não perguntados: {why}"),
    "findings_counted": ("{after} open findings; before {before}.", "{after} divergências abertas; antes {before}."),
    "second_has_first": ("{second} has the document {first} now.", "{second} agora tem o documento {first}."),
    "crm_refuses_itself": (
        "The CRM itself refuses a second registration: {why}",
        "O próprio CRM recusa um segundo cadastro: {why}",
    ),
    "not_needed": ("Not needed.", "Não foi preciso."),
    "nothing_offered": ("No correction is offered: {why}", "Nenhuma correção é oferecida: {why}"),
    "record": ("{entity} {key} in the {side}", "{entity} {key} no {side}"),
    "put_away": ("Put away: {what}.", "Guardado: {what}."),
    "nothing_made": ("Nothing was made.", "Nada foi feito."),
    "left_behind": (
        " Left behind, since no way is described: {what}.",
        " Ficou, pois não há um meio descrito: {what}.",
    ),
    "stays": (
        " Added by this playing, and there from now on, out of use, since nothing is ever deleted: {what}.",
        " Incluídos por esta execução, e presentes daqui em diante, fora de uso, pois nada é excluído: {what}.",
    ),
    "accepted": (
        " {number} difference(s) of test records were accepted.",
        " {number} diferença(s) de registros de teste foram aceitas.",
    ),
    "as_expected": ("As expected. {last}", "Como esperado. {last}"),
    "no_kind": ("none", "nenhum"),
    "test_records": ("test records of a scenario", "registros de teste de um cenário"),
    # What was seen instead of what was expected.
    "not_compared": (
        "{entity} were not compared: {why}",
        "{entity} não foram comparados: {why}",
    ),
    "other_findings": (
        "Expected of {key}: {wanted}. Found: {found}.",
        "Esperado de {key}: {wanted}. Encontrado: {found}.",
    ),
    "not_offered": ("No correction of {key} is offered: {why}", "Nenhuma correção de {key} é oferecida: {why}"),
    "not_planned": ("The correction was not planned: {why}", "A correção não foi planejada: {why}"),
    "not_written": ("The correction is {state}: {why}", "A correção está {state}: {why}"),
    "offered": ("A correction was offered: {what}.", "Foi oferecida uma correção: {what}."),
    "lacks": ("{key} in the {side} lacks {what}.", "Em {key}, no {side}, falta {what}."),
    "number_in_system": (
        "The {side} has {number} records with the key {key}.",
        "O {side} tem {number} registros com a chave {key}.",
    ),
    "same_taxes": (
        "The ERP gives the same taxes for {inside} and {outside}: {taxes}.",
        "O ERP dá os mesmos impostos para {inside} e {outside}: {taxes}.",
    ),
    "no_taxes": ("The ERP gave no taxes for {state}: {why}", "O ERP não deu impostos para {state}: {why}"),
    "run_did_not_say": (
        "The run ended with {code}, status {status}, and said: {warnings}",
        "A execução terminou com {code}, situação {status}, e disse: {warnings}",
    ),
    "taxes_given": ("Taxes came from nowhere: {status}.", "Vieram impostos de lugar nenhum: {status}."),
    "findings_moved": (
        "Open findings were {before} and are {after}.",
        "As divergências abertas eram {before} e são {after}.",
    ),
    # Why a scenario is not played.
    "needs_person": (
        "It takes a person: {instruction} Run it with --wait.",
        "É preciso uma pessoa: {instruction} Execute com --wait.",
    ),
    "needs_eyes": (
        "Correction {id} takes {number} more person(s) to approve it. Run it with --wait while they do, or in the "
        "sandbox with --approve-as.",
        "A correção {id} precisa de mais {number} pessoa(s) para aprová-la. Execute com --wait enquanto aprovam, ou no "
        "sandbox com --approve-as.",
    ),
    "not_in_scope": (
        "{entity} are not compared by {key} in this project.",
        "{entity} não são comparados por {key} neste projeto.",
    ),
    "no_field": (
        "No field of {entity} is written by its owner and taken by the other system.",
        "Nenhum campo de {entity} é gravado pelo dono e aceito pelo outro sistema.",
    ),
    "no_states": (
        'Nothing says which state goods leave from: write in_state = "SP", or another one, under [scenarios].',
        'Nada diz de que estado a mercadoria sai: escreva in_state = "SP", ou outro, em [scenarios].',
    ),
    "no_tax_call": ("“{vendor}” describes no tax call.", "“{vendor}” não descreve consulta de impostos."),
    "no_quote": (
        "The CRM has no open quote that the ERP can be asked about.",
        "O CRM não tem proposta aberta sobre a qual o ERP possa ser consultado.",
    ),
    "files": (
        "The ERP exchanges files: there is no connection to lead away.",
        "O ERP troca arquivos: não há conexão para desviar.",
    ),
    # Instructions.
    "do_fill_in": (
        "In the {side}, open {key} and fill in {what}.",
        "No {side}, abra {key} e preencha {what}.",
    ),
    "do_register": (
        "In the {side}, register this in {entity}: {what}.",
        "No {side}, cadastre isto em {entity}: {what}.",
    ),
    "do_order_from_quote": (
        "In the CRM, make a quote for the customer {customer} with {quantity} × {sku} at {price}, and turn it into an "
        "open order dated {date}, if possible with the number {key}. Type its number where it has another one.",
        "No CRM, faça uma proposta para o cliente {customer} com {quantity} × {sku} a {price} e transforme-a em um "
        "pedido aberto com data de {date}, se possível com o número {key}. Digite o número dele se for outro.",
    ),
    "do_have_order": (
        "In the {side}, have the order {key} of the customer {customer}, open, dated {date}, with {quantity} × {sku} "
        "at {price}.",
        "No {side}, tenha o pedido {key} do cliente {customer}, aberto, com data de {date}, com {quantity} × {sku} a "
        "{price}.",
    ),
    "do_cancel_order": ("In the {side}, cancel the order {key}.", "No {side}, cancele o pedido {key}."),
    "do_delete_quote": (
        "In the CRM, delete the quote of the order {key}.",
        "No CRM, exclua a proposta do pedido {key}.",
    ),
    "do_retire": ("In the {side}, take {key} of {entity} out of use.", "No {side}, inative {key} em {entity}."),
}


_WORDED: Final = frozenset({"reason", "state", "status", "warnings", "why"})
"""Details that are sentences of ours, or words of one, and not data."""
_STATUSES: Final = {"complete": "completa", "partial": "parcial", "failed": "falhou"}


def said(locale: str, name: str, **details: object) -> str:
    """One sentence; in English where there is no such language. Several texts as one detail follow one another."""
    english, portuguese = _SENTENCES[name]
    if locale != _PORTUGUESE:
        return english.format(**{each: _one(value) for each, value in details.items()})
    return portuguese.format(**{each: _in_portuguese(each, value) for each, value in details.items()})


def field_name(locale: str, name: str) -> str:
    """What people call a field; in English its canonical name."""
    return texts_of(locale).field_label(name) if locale == _PORTUGUESE else name


def kind_name(locale: str, kind: str) -> str:
    """What people call a kind of finding, `differs` with its field; in English its canonical name."""
    if locale != _PORTUGUESE:
        return kind
    name, _, field = kind.partition(" ")
    told = texts_of(locale).kinds[FindingKind(name)]
    return f"{told}: {field_name(locale, field)}" if field else told


def _one(value: object) -> object:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else value


def _in_portuguese(name: str, value: object) -> object:
    if name == "entity":
        return texts_of(_PORTUGUESE).entity_label(str(value))
    if name == "field":
        return field_name(_PORTUGUESE, str(value))
    if name not in _WORDED:
        return _one(value)
    parts: Collection[object] = value if isinstance(value, list | tuple) else (value,)
    # A plain `str` would lose what a phrase was made of.
    texts = [each if isinstance(each, str) else str(each) for each in parts]
    return " ".join(_STATUSES.get(each) or in_language(each, _PORTUGUESE) for each in texts)


def every_sentence() -> dict[str, tuple[str, str]]:
    """Both languages of every sentence, by name."""
    return dict(_SENTENCES)
