"""What speaks against a write, in Portuguese. The clauses themselves are made in English where the trouble is found."""

from __future__ import annotations

import re
from typing import Final

from reconciler.compare.reasons import in_portuguese

_CLAUSES: Final = {
    "the description does not say how it is written": "a descrição não diz como se grava",
    "the description does not say how lines are written": "a descrição não diz como se gravam os itens",
    "the description has no `create`": "a descrição não tem `create`",
    "the description has no `update`": "a descrição não tem `update`",
    "the description does not say how such records are taken out of use": (
        "a descrição não diz como esses registros são inativados"
    ),
    "the field is not mapped": "o campo não está mapeado",
    "the system writes the field itself": "o próprio sistema grava o campo",
    "the system does not take the field": "o sistema não aceita o campo",
    "its path goes through a list that the description does not say how to write": (
        "o caminho passa por uma lista que a descrição não diz como gravar"
    ),
    "the value has no code in the system": "o valor não tem código no sistema",
    "the value is not in the code list": "o valor não está na lista de códigos",
    "a key field needs a value": "um campo da chave precisa de um valor",
    "nothing changes": "nada muda",
    "the field is changed twice": "o campo é alterado duas vezes",
}
_PATTERNS: Final = (
    (re.compile(r"the system takes at most (\d+) characters"), r"o sistema aceita no máximo \1 caracteres"),
    (re.compile(r"the value is not a (\w+) value"), r"o valor não é do tipo \1"),
    (
        re.compile(r"the value cannot be written as (\w+) without being changed"),
        r"o valor não pode ser gravado como \1 sem ser alterado",
    ),
    (
        re.compile(r"the value does not come apart into (\d+) joined parts"),
        r"o valor não se separa em \1 partes unidas",
    ),
    (
        re.compile(r"the system cannot take it out of use any more: its (.+?) is (.*)", re.DOTALL),
        r"o sistema não pode mais inativá-lo: seu campo \1 é \2",
    ),
)
_OF_THE_VALUE: Final = "the value "


def problem_in_portuguese(problem: str) -> str:
    """A problem such as `email: the system takes at most 60 characters`, or the clause alone.

    What has no translation stays as it is, since it is all that is known.
    """
    field, separator, clause = problem.partition(": ")
    # A clause may hold a colon of its own.
    if not separator or _clause(problem) != problem:
        return _clause(problem)
    return f"{field}: {_clause(clause)}"


def _clause(clause: str) -> str:
    if clause in _CLAUSES:
        return _CLAUSES[clause]
    for pattern, translation in _PATTERNS:
        if pattern.fullmatch(clause):
            return pattern.sub(translation, clause)
    reason = in_portuguese(clause.removeprefix(_OF_THE_VALUE)) if clause.startswith(_OF_THE_VALUE) else None
    return clause if reason is None else f"o valor {reason}"
