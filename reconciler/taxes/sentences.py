"""Why there are no taxes, or what to know about those there are: stable codes, each with a sentence per language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

Language = Literal["pt-BR", "en"]

_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "deadline": (
        "O ERP não respondeu em {deadline_s} s.",
        "The ERP did not answer within {deadline_s} s.",
    ),
    "unreachable": ("Não há conexão com o ERP.", "The ERP cannot be reached."),
    "credentials_refused": (
        "O ERP recusou o acesso da integração.",
        "The ERP does not accept the integration's access.",
    ),
    "blocked": ("O ERP não pode ser chamado até {until}.", "The ERP may not be called until {until}."),
    "not_understood": (
        "O ERP respondeu algo que não é uma resposta de impostos.",
        "The ERP answered something that is no answer about taxes.",
    ),
    "refused_by_erp": ("O ERP recusou o cálculo: {words}", "The ERP refused the calculation: {words}"),
    "circuit_open": (
        "O ERP falhou {failures} vezes seguidas; nova tentativa em {retry_in_s} s.",
        "The ERP failed {failures} times in a row; it is tried again in {retry_in_s} s.",
    ),
    "overloaded": (
        "Há consultas demais à espera do ERP; tente de novo em instantes.",
        "Too many look-ups are waiting for the ERP; try again in a moment.",
    ),
    "closing": ("O serviço está sendo encerrado.", "The service is shutting down."),
    "customer_ambiguous": (
        "O ERP tem {count} clientes com este documento.",
        "The ERP has {count} customers with this tax id.",
    ),
    "product_ambiguous": (
        "O ERP tem {count} produtos com o código {sku}.",
        "The ERP has {count} products with the code {sku}.",
    ),
    "rates_only": (
        "Este ERP informa alíquotas, e não valores; nada foi calculado aqui.",
        "This ERP states rates and no amounts; nothing was calculated here.",
    ),
    "line_count": (
        "O ERP respondeu {answered} linhas para {asked}.",
        "The ERP answered {answered} lines for {asked}.",
    ),
    "line_unknown": (
        "O ERP respondeu a linha {line}, que não foi pedida.",
        "The ERP answered line {line}, which was not asked for.",
    ),
    "line_repeated": (
        "O ERP respondeu a linha {line} mais de uma vez.",
        "The ERP answered line {line} more than once.",
    ),
    "line_differs": (
        "Na linha {line} o ERP respondeu outro valor de {member} do que o enviado.",
        "In line {line} the ERP answered another {member} than was sent.",
    ),
    "value_missing": (
        "Falta {member} na resposta do ERP (linha {line}).",
        "{member} is missing in the ERP's answer (line {line}).",
    ),
    "value_unreadable": (
        "{member} na resposta do ERP (linha {line}) não é um valor.",
        "{member} in the ERP's answer (line {line}) is no amount.",
    ),
    "kind_unknown": (
        "O ERP respondeu o tributo “{kind}”, que a descrição não conhece.",
        "The ERP answered the tax “{kind}”, which the description does not know.",
    ),
    "no_taxes": (
        "O ERP não respondeu nenhum tributo na linha {line}, o que pode ser uma falha de cadastro.",
        "The ERP answered no tax for line {line}, which may be a gap in its configuration.",
    ),
    "negative": (
        "O ERP respondeu um valor negativo ({kind}, linha {line}).",
        "The ERP answered a negative value ({kind}, line {line}).",
    ),
    "not_in_cents": (
        "O ERP respondeu um valor com mais de duas casas ({kind}, linha {line}).",
        "The ERP answered an amount with more than two decimals ({kind}, line {line}).",
    ),
    "goods_differ": (
        "Na linha {line} o ERP calculou sobre {answered}, e o orçamento diz {asked}.",
        "In line {line} the ERP calculated on {answered}, and the quote says {asked}.",
    ),
    "arithmetic": (
        "Na linha {line}, {kind}: base × alíquota dá {expected}, e o ERP respondeu {answered}.",
        "In line {line}, {kind}: base × rate gives {expected}, and the ERP answered {answered}.",
    ),
    "sum_differs": (
        "A soma dos itens ({items}) difere do total do ERP ({answered}): {member}.",
        "The items sum up to {items}, and the ERP's total is {answered}: {member}.",
    ),
    "currency": (
        "O ERP respondeu em {answered}, e não em {expected}.",
        "The ERP answered in {answered} and not in {expected}.",
    ),
    "base_not_given": (
        "O ERP não informa a base de {kind}: base × alíquota não foi conferida.",
        "The ERP does not tell the base of {kind}: base × rate was not checked.",
    ),
    "every_amount_zero": (
        "O ERP respondeu zero para todos os tributos; confira se a isenção é real.",
        "The ERP answered zero for every tax; make sure that the exemption is real.",
    ),
    "delivery_address_missing": (
        "O ERP não tem endereço de entrega com UF para este cliente; calcularia como venda dentro do estado.",
        "The ERP has no delivery address with a state for this customer, and would calculate a sale inside its own.",
    ),
    "no_address_in_state": (
        "O cliente não tem no ERP endereço em {state}.",
        "The customer has no address in {state} in the ERP.",
    ),
    "warehouse_missing": (
        "O ERP não diz de que depósito a mercadoria sai, ou em que UF ele está.",
        "The ERP does not say from which warehouse the goods leave, or in which state it is.",
    ),
    "destination_not_sent": (
        "Este ERP calcula para o endereço que tem do cliente; a entrega em {state} não entrou no cálculo.",
        "This ERP calculates for the address it has of the customer; delivery in {state} was not considered.",
    ),
    "rounded_by_document": (
        "O ERP arredonda os tributos no total do documento: {cents} foram distribuídos entre as linhas.",
        "The ERP rounds taxes for the whole document: {cents} were spread over the lines.",
    ),
    "draft_left": (
        "O rascunho {draft}, gravado no ERP para este cálculo, não pôde ser removido: remova-o lá.",
        "The draft {draft}, which was saved in the ERP for this calculation, could not be removed: remove it there.",
    ),
    "stale": (
        "Resposta antiga: o ERP não deu uma nova ({reason}).",
        "An old answer: the ERP gave no new one ({reason}).",
    ),
}

CODES: Final = frozenset(_SENTENCES)
"""Every code there is. They are part of the published contract."""

_UNTOLD: Final = "?"


class _Told(dict[str, str]):
    """A detail that nobody told must not cost the sentence."""

    def __missing__(self, name: str) -> str:
        return _UNTOLD


def sentence(code: str, details: Mapping[str, str], language: Language) -> str:
    """The sentence of a code, with its details put in. Raises KeyError for a code that is none."""
    portuguese, english = _SENTENCES[code]
    return (portuguese if language == "pt-BR" else english).format_map(_Told(details))
