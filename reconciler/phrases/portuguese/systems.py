"""What probing and reading the systems tells: grades, limits, checks, runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str]] = {
    "{name}: always empty in the first page: {empty}": "{name}: sempre vazio na primeira página: {empty}",
    "every run reads all of it": "cada execução lê tudo",
    "findings are reported without a second look": "achados são relatados sem segunda leitura",
    "{entities}: {limit}": "{entities}: {limit}",
    "no webhook: a change is seen by the next run, not at once": (
        "sem webhook: uma alteração é vista na próxima execução, não na hora"
    ),
    "no tax look-up is described: taxes of quotes cannot be asked": (
        "nenhuma consulta de impostos está descrita: não se pode perguntar impostos de orçamentos"
    ),
    "pages shift when records come and go; a scan that shifted is repeated": (
        "as páginas se deslocam quando registros entram e saem; a leitura que se deslocou é repetida"
    ),
    "cannot be written": "não pode ser gravado",
    "“{check}” does not hold: {detail}": "“{check}” não se confirma: {detail}",
    "no “{check}”, so {cost}": "sem “{check}”: {cost}",
    "no write guard: a change made by somebody between reading and writing is only noticed by comparing": (
        "sem proteção de gravação: uma alteração entre a leitura e a gravação só se nota por comparação"
    ),
    "no changed since and no single records somewhere": "em algum lugar sem “alterados desde” e sem registro único",
    "changed since and single records everywhere": "“alterados desde” e registro único em tudo",
    "changed since everywhere, no single records somewhere": (
        "“alterados desde” em tudo, em algum lugar sem registro único"
    ),
    "single records everywhere, no changed since somewhere": (
        "registro único em tudo, em algum lugar sem “alterados desde”"
    ),
    "described; only a delivery from the system proves it": "descrito; só uma entrega do sistema o comprova",
    "not every entity could be read": "nem toda entidade pôde ser lida",
    "at most {calls} calls in {seconds} s": "no máximo {calls} chamadas em {seconds} s",
    "at most {concurrency} calls at once": "no máximo {concurrency} chamadas ao mesmo tempo",
    "at most {day_budget} calls a day": "no máximo {day_budget} chamadas por dia",
    "the process that read it {why}.": "o processo que o lia {why}.",
    "was ended by signal {signal}": "foi encerrado pelo sinal {signal}",
    "ended with code {code}": "terminou com o código {code}",
    "said nothing for {seconds} s": "não disse nada por {seconds} s",
    "is not there any more": "não existe mais",
    "Run again. If it happens again, look whether this machine has enough memory.": (
        "Execute de novo. Se acontecer outra vez, veja se esta máquina tem memória suficiente."
    ),
    "it holds no record now and held {before} before": "não tem registro agora e antes tinha {before}",
    "it holds {count} records now and held {before} before": "tem {count} registros agora e antes tinha {before}",
    "{entity} was not compared: {failure}": "{entity} não foi comparado: {failure}",
    "taxes of quotes were not compared: {why}.": "os impostos dos orçamentos não foram comparados: {why}.",
    "taxes of quotes were not compared: {failure}": "os impostos dos orçamentos não foram comparados: {failure}",
    "suspicious: {why}.": "suspeito: {why}.",
    "{side} is not believed, {suspicious}": "não se acredita no {side}, {suspicious}",
    "taxes of {unavailable} quotes were not compared: {reasons}.": (
        "os impostos de {unavailable} orçamentos não foram comparados: {reasons}."
    ),
    "{side} holds no record and the other side holds {others}": "o {side} não tem registro e o outro lado tem {others}",
    "the notification by {channel} to {to}": "o aviso por {channel} a {to}",
    "{how} was not delivered (tries: {attempts}): {problem}.": (
        "{how} não foi entregue (tentativas: {attempts}): {problem}."
    ),
    "{how} did not reach everybody: {problem}.": "{how} não chegou a todos: {problem}.",
    "old snapshots and reports were not all deleted: {told}": (
        "nem todas as cópias e relatórios antigos foram apagados: {told}"
    ),
    "no corrections were proposed: {problem}": "nenhuma correção foi proposta: {problem}",
    "it is not kept whether the notification was delivered: {problem}": (
        "não ficou guardado se o aviso foi entregue: {problem}"
    ),
    "“{vendor}” exchanges files, in which no quote is read anew": (
        "“{vendor}” troca arquivos, nos quais nenhum orçamento é relido"
    ),
    "“{vendor}” describes no quotes with lines": "“{vendor}” não descreve orçamentos com itens",
    "nothing says where lines of quotes carry taxes in the CRM (scope.quotes.lines.taxes)": (
        "nada diz onde os itens dos orçamentos trazem impostos no CRM (scope.quotes.lines.taxes)"
    ),
    "{first} and {second} different records": "{first} e {second} registros diferentes",
    "the same records in another order": "os mesmos registros em outra ordem",
    "other records": "outros registros",
    "the first page asked again gave {what}: pages cannot be relied on": (
        "a primeira página pedida de novo deu {what}: não se pode confiar nas páginas"
    ),
    "a record is not among the changes since its own stamp": (
        "um registro não está entre os alterados desde a sua própria data"
    ),
    "a record is not found by its own key": "um registro não é achado pela própria chave",
    "{missing} of {records} listed records are unknown to it: they would count as deleted": (
        "{missing} de {records} registros listados são desconhecidos dele: contariam como excluídos"
    ),
    "everything came on one page": "tudo veio numa página",
    "{doubles} records of the first page came again on the second": (
        "{doubles} registros da primeira página vieram de novo na segunda"
    ),
    "there is no record": "não há registro",
    "the system tells no number of records": "o sistema não diz o número de registros",
    "asked for changes of next year, it gave records: not filtered": (
        "pedidas alterações do ano que vem, deu registros: não filtra"
    ),
    "no record carries a stamp to ask from": "nenhum registro traz uma data a partir da qual perguntar",
    "there is no usable record": "não há registro utilizável",
    "asked for one id, {height} records came or another id": "pedido um id, vieram {height} registros ou outro id",
    "other values than in the listing: {other}": "valores diferentes da listagem: {other}",
    "the key has several fields": "a chave tem vários campos",
    "there may be too many records to look at all ids now": "talvez haja registros demais para ver todos os ids agora",
    "cannot be written back as they are: {lost}": "não podem ser regravados como estão: {lost}",
    "{total} records are announced, and more came already": "{total} registros são anunciados, e já vieram mais",
    "{entity} changed while they were read: {why}.": "{entity} mudou durante a leitura: {why}.",
    "“{vendor}” has no listing `{name}` for {entity}.": "“{vendor}” não tem a listagem `{name}` de {entity}.",
    "{entity}: the system gives no more than {ceiling} records of a listing, and so many came.": (
        "{entity}: o sistema não dá mais de {ceiling} registros por listagem, e vieram todos esses."
    ),
    "“{vendor}” cannot be asked for changed {entity}.": "não se pode pedir a “{vendor}” os alterados de {entity}.",
    "“{vendor}” describes no {entity}.": "“{vendor}” não descreve {entity}.",
    "{entity}: the file is not a list of different records: {why}.": (
        "{entity}: o arquivo não é uma lista de registros diferentes: {why}."
    ),
    "Run again when fewer people work in the system.": "Execute de novo quando menos gente trabalhar no sistema.",
    "Narrow the listing with a filter in a description of your own, or read an export file instead.": (
        "Restrinja a listagem com um filtro numa descrição própria, ou leia um arquivo exportado."
    ),
    "Have the sender write each record once, or name the column that tells them apart as `id`.": (
        "Peça que cada registro venha uma vez, ou indique como `id` a coluna que os distingue."
    ),
    "{request}: there is {what} {where}, where the detail should be.": (
        "{request}: há {what} {where}, onde deveria estar o detalhe."
    ),
    "there is no vendor description “{name_or_path}”. Shipped: {shipped}.": (
        "não há descrição de fornecedor “{name_or_path}”. Prontas: {shipped}."
    ),
    "{vendor}, {entity}: {error}.": "{vendor}, {entity}: {error}.",
    "changed since": "alterados desde",
    "one record": "um registro",
    "ids only": "só ids",
    "by key": "pela chave",
    "round trip": "ida e volta",
    "paging": "páginas",
    "order": "ordem",
    "live": "real",
    "documentation": "documentação",
    "third-party notes": "notas de terceiros",
}
