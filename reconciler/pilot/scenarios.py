"""The test scenarios: what is done, and what has to come of it, in the languages of the reports. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from reconciler.model.pilot import Stage
from reconciler.phrases.phrase import phrase

_PORTUGUESE: Final = "pt-BR"
_PUT_AWAY: Final = "Put away what was made: undo what was added, take the test records out of use, and compare again."
_PUT_AWAY_PORTUGUESE: Final = (
    "Guardar o que foi feito: desfazer o que foi incluído, inativar os registros de teste e comparar outra vez."
)


@dataclass(frozen=True, slots=True)
class Telling:
    """A scenario in one language. Each step is done in the order it is told in."""

    title: str
    steps: tuple[str, ...]
    expected: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """One situation that the product has to bear.

    Attributes:
        id: what people name it by.
        writes: whether test records are written to the systems; then only stages sandbox and homologation play it.
    """

    id: str
    writes: bool
    english: Telling
    portuguese: Telling

    def told(self, locale: str) -> Telling:
        """In the language of a locale; in English where there is no such language."""
        return self.portuguese if locale == _PORTUGUESE else self.english

    def steps(self, locale: str) -> tuple[str, ...]:
        """All that is done, putting away what was made included."""
        last = _PUT_AWAY_PORTUGUESE if locale == _PORTUGUESE else _PUT_AWAY
        return (*self.told(locale).steps, last) if self.writes else self.told(locale).steps


def stage_refusal(scenario: Scenario, stage: Stage) -> str | None:
    """Why a scenario is not played in a stage, one clause, or None when it may be."""
    if scenario.writes and stage.rank > Stage.HOMOLOGATION.rank:
        return phrase("it writes test records, and stage “{stage}” is about real ones", stage=stage)
    return None


_ALL: Final = (
    Scenario(
        "new-customer",
        True,
        Telling(
            "New customer",
            (
                "Register a made-up customer in the CRM.",
                "Compare customers: the ERP lacks it.",
                "Propose, approve, plan and apply: the ERP gets it, and it is read back.",
                "Compare customers again.",
            ),
            "The customer is found to be only in the CRM, is added to the ERP with the same values and proved by "
            "reading it back; then both systems agree.",
        ),
        Telling(
            "Cliente novo",
            (
                "Cadastrar um cliente fictício no CRM.",
                "Comparar os clientes: o ERP não tem este.",
                "Propor, aprovar, planejar e aplicar: o ERP o recebe, e ele é lido de volta.",
                "Comparar os clientes outra vez.",
            ),
            "O cliente aparece só no CRM, é incluído no ERP com os mesmos valores e comprovado pela leitura de volta; "
            "depois os dois sistemas concordam.",
        ),
    ),
    Scenario(
        "changed-customer",
        True,
        Telling(
            "Changed customer",
            (
                "Have the same made-up customer in both systems.",
                "Change one of its fields in the system that owns the field.",
                "Compare customers: the field differs.",
                "Propose, approve, plan and apply: the other system follows, and is read back.",
                "Compare customers again.",
            ),
            "The changed field is found, the owner's value is written to the other system and proved; then both agree.",
        ),
        Telling(
            "Cliente alterado",
            (
                "Ter o mesmo cliente fictício nos dois sistemas.",
                "Alterar um campo dele no sistema que é dono do campo.",
                "Comparar os clientes: o campo diverge.",
                "Propor, aprovar, planejar e aplicar: o outro sistema acompanha, e é lido de volta.",
                "Comparar os clientes outra vez.",
            ),
            "O campo alterado é encontrado, o valor do dono é gravado no outro sistema e comprovado; depois os dois "
            "concordam.",
        ),
    ),
    Scenario(
        "order-from-quote",
        True,
        Telling(
            "New order from a quote",
            (
                "Have a made-up customer and product in both systems.",
                "In the CRM, make a quote for them and turn it into an order.",
                "Compare orders: the ERP lacks it.",
                "Propose, approve, plan and apply: the ERP gets the order with its lines.",
                "Compare orders again.",
            ),
            "The order is found to be only in the CRM and is added to the ERP with customer, lines and total of the "
            "quote; then both systems agree.",
        ),
        Telling(
            "Pedido novo a partir de uma proposta",
            (
                "Ter um cliente e um produto fictícios nos dois sistemas.",
                "No CRM, fazer uma proposta para eles e transformá-la em pedido.",
                "Comparar os pedidos: o ERP não tem este.",
                "Propor, aprovar, planejar e aplicar: o ERP recebe o pedido com os seus itens.",
                "Comparar os pedidos outra vez.",
            ),
            "O pedido aparece só no CRM e é incluído no ERP com o cliente, os itens e o total da proposta; depois os "
            "dois sistemas concordam.",
        ),
    ),
    Scenario(
        "changed-price",
        True,
        Telling(
            "Changed price",
            (
                "Have the same made-up product in both systems.",
                "Change its price in the system that owns prices.",
                "Compare products: the price differs.",
                "Propose, approve, plan and apply: the other system follows, and is read back.",
                "Compare products again.",
            ),
            "The changed price is found, the owner's price is written to the other system to the cent and proved; then "
            "both agree.",
        ),
        Telling(
            "Preço alterado",
            (
                "Ter o mesmo produto fictício nos dois sistemas.",
                "Alterar o preço dele no sistema que é dono dos preços.",
                "Comparar os produtos: o preço diverge.",
                "Propor, aprovar, planejar e aplicar: o outro sistema acompanha, e é lido de volta.",
                "Comparar os produtos outra vez.",
            ),
            "O preço alterado é encontrado, o preço do dono é gravado no outro sistema até o centavo e comprovado; "
            "depois os dois concordam.",
        ),
    ),
    Scenario(
        "cancelled-order",
        True,
        Telling(
            "Cancelled order",
            (
                "Have the same made-up order, open, in both systems.",
                "Cancel it in the system that owns the status.",
                "Compare orders: the status differs.",
                "Have the other system follow: by a correction, or by hand where it takes none.",
                "Compare orders again.",
            ),
            "The cancelled order is found, the other system ends up with the owner's status, and both agree.",
        ),
        Telling(
            "Pedido cancelado",
            (
                "Ter o mesmo pedido fictício, aberto, nos dois sistemas.",
                "Cancelá-lo no sistema que é dono da situação.",
                "Comparar os pedidos: a situação diverge.",
                "Fazer o outro sistema acompanhar: por uma correção, ou à mão onde ele não aceita nenhuma.",
                "Comparar os pedidos outra vez.",
            ),
            "O pedido cancelado é encontrado, o outro sistema fica com a situação do dono, e os dois concordam.",
        ),
    ),
    Scenario(
        "taxes-by-state",
        False,
        Telling(
            "Taxes in and out of state",
            (
                "Take an open quote of the CRM, or the one that the project names.",
                "Ask the ERP for its taxes as if the goods stayed in the state.",
                "Ask the ERP for its taxes as if the goods left the state.",
                "Compare the two answers by kind and rate of tax.",
            ),
            "The ERP answers both, and says that the taxes are not the same; nothing is calculated here.",
        ),
        Telling(
            "Impostos dentro e fora do estado",
            (
                "Tomar uma proposta aberta do CRM, ou a que o projeto nomeia.",
                "Perguntar ao ERP os impostos dela como se a mercadoria ficasse no estado.",
                "Perguntar ao ERP os impostos dela como se a mercadoria saísse do estado.",
                "Comparar as duas respostas por tributo e alíquota.",
            ),
            "O ERP responde às duas e diz que os impostos não são os mesmos; nada é calculado aqui.",
        ),
    ),
    Scenario(
        "erp-unavailable",
        False,
        Telling(
            "Unavailable ERP",
            (
                "Lead the connection to the ERP to a port where nobody answers; the ERP itself is not touched.",
                "Run the comparison of everything in scope.",
                "Ask for the taxes of a quote.",
                "Count the open findings.",
            ),
            "The run says that the ERP was not read and ends with code 3, the taxes are unavailable without any "
            "amount, and not one finding is opened or closed.",
        ),
        Telling(
            "ERP indisponível",
            (
                "Levar a conexão com o ERP a uma porta em que ninguém responde; o próprio ERP não é tocado.",
                "Executar a comparação de tudo o que está no escopo.",
                "Perguntar os impostos de uma proposta.",
                "Contar as divergências abertas.",
            ),
            "A execução diz que o ERP não foi lido e termina com o código 3, os impostos ficam indisponíveis sem "
            "nenhum valor, e nenhuma divergência é aberta ou fechada.",
        ),
    ),
    Scenario(
        "duplicate-registration",
        True,
        Telling(
            "Duplicate registration",
            (
                "Have two made-up customers in both systems.",
                "In the CRM, give the second one the document of the first.",
                "Compare customers: one document, two registrations.",
                "Ask for a correction of it.",
            ),
            "The two registrations are found as a duplicate and are never paired by guess: no correction is offered. "
            "A CRM that refuses the second registration by itself passes too.",
        ),
        Telling(
            "Cadastro duplicado",
            (
                "Ter dois clientes fictícios nos dois sistemas.",
                "No CRM, dar ao segundo o documento do primeiro.",
                "Comparar os clientes: um documento, dois cadastros.",
                "Pedir uma correção disso.",
            ),
            "Os dois cadastros são encontrados como duplicidade e nunca pareados por palpite: nenhuma correção é "
            "oferecida. Um CRM que recusa sozinho o segundo cadastro também passa.",
        ),
    ),
)
SCENARIOS: Final[Mapping[str, Scenario]] = {each.id: each for each in _ALL}
"""By id, in the order they are listed and played."""
