"""What is said when one record is read or written in a system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str]] = {
    "Decide again with the values it has now.": "Decida de novo com os valores de agora.",
    "{listed} records were begun by this very create; nothing was sent": (
        "{listed} registros foram começados por esta mesma inclusão; nada foi enviado"
    ),
    "the answer names no id, and no record with its key was found": (
        "a resposta não traz id, e nenhum registro com a chave foi encontrado"
    ),
    "the answer names no id, and the record was not found by its key": (
        "a resposta não traz id, e o registro não foi encontrado pela chave"
    ),
    "the record was added and could not be finished ({problem}), nor taken back": (
        "o registro foi incluído e não pôde ser concluído ({problem}) nem retirado"
    ),
    "{error}; nothing was sent": "{error}; nada foi enviado",
    "the answer lacks the sign of success at `{at}`{words}": "falta na resposta o sinal de sucesso em `{at}`{words}",
    "sent, and {why}": "enviado, e {why}",
    "somebody changed the record since it was read; nothing was written": (
        "alguém alterou o registro depois da leitura; nada foi gravado"
    ),
    "the outcome is not known: {words}": "o resultado não é conhecido: {words}",
    "{name}: the value is not a {type} value": "{name}: o valor não é do tipo {type}",
    "{name}: the system takes at most {longest} characters": "{name}: o sistema aceita no máximo {longest} caracteres",
    "{name}: the value has no code in the system": "{name}: o valor não tem código no sistema",
    "{name}: its code does not spell a JSON value": "{name}: seu código não forma um valor JSON",
    "{about}: nothing is given to look it up in the system": "{about}: nada é dado para procurar no sistema",
    "{about}: the system has {count} records of that, and needs one": (
        "{about}: o sistema tem {count} registros disso, e precisa de um"
    ),
    "{about}: the system names no {name} for it": "{about}: o sistema não informa {name}",
    "the description has no `{call}`": "a descrição não tem `{call}`",
    "the field is not mapped": "o campo não está mapeado",
    "the system writes the field itself": "o próprio sistema grava o campo",
    "the system does not take the field": "o sistema não aceita o campo",
    "the description has no `update`": "a descrição não tem `update`",
    "the description has no `create`": "a descrição não tem `create`",
    "the description does not say how lines are written": "a descrição não diz como se gravam os itens",
    "the system cannot take it out of use any more: its {text} is {found}": (
        "o sistema não pode mais inativá-lo: seu campo {text} é {found}"
    ),
    "{name}, which has to be sent along, has no value in this record": (
        "{name}, que tem de ser enviado junto, não tem valor neste registro"
    ),
    "none of {after} is mapped, to see that it was done": "nenhum de {after} está mapeado, para ver que foi feito",
    "its path goes through a list that the description does not say how to write": (
        "o caminho passa por uma lista que a descrição não diz como gravar"
    ),
    "a line is not there, or is there more than once": "um item não existe, ou existe mais de uma vez",
    "{name}: the field of a line is not mapped": "{name}: o campo do item não está mapeado",
    "{request}: there is no record {where}.": "{request}: não há registro {where}.",
    "Look at the record in the system: it was done if it has the new values of {fields}.": (
        "Veja o registro no sistema: foi feito se tiver os novos valores de {fields}."
    ),
    "Look in the system for {entity} with the same {key}, before anything is sent again.": (
        "Procure no sistema {entity} com o mesmo {key}, antes de enviar de novo."
    ),
    "changed since it was seen: {conflicts}; nothing was written": (
        "alterado desde que foi visto: {conflicts}; nada foi gravado"
    ),
    "{found} records have its key already": "{found} registros já têm a chave dele",
    "its key is incomplete": "sua chave está incompleta",
    "the system cannot be asked whether the key is taken": "não se pode perguntar ao sistema se a chave já existe",
    "the record is not there any more": "o registro não existe mais",
    "the system did not say what guards it against writes of others in the meantime": (
        "o sistema não disse o que o protege de gravações alheias nesse meio-tempo"
    ),
    "a part of it was done, and the rest was not: {problem}": "uma parte foi feita, e o resto não: {problem}",
    "the system exchanges files, which are not written record by record": (
        "o sistema troca arquivos, que não são gravados registro a registro"
    ),
    "the description does not say how it is written": "a descrição não diz como se grava",
    "{side}: it exchanges files, which are not written record by record.": (
        "{side}: troca arquivos, que não são gravados registro a registro."
    ),
}
