"""Why a finding gets no correction: stable codes, and a sentence for each in English and Brazilian Portuguese."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from reconciler.corrections.problems_pt import problem_in_portuguese

_UNKNOWN: Final = "?"


class Reason(StrEnum):
    """Why there is no correction."""

    ACCEPTED = "accepted"
    CORRECTED = "corrected"
    CLOSED = "closed"
    DUPLICATE = "duplicate"
    AMBIGUOUS = "ambiguous"
    INVALID = "invalid"
    OUT_OF_SCOPE = "out_of_scope"
    NO_OWNER = "no_owner"
    NOT_WRITABLE = "not_writable"
    RECORD_NOT_KEPT = "record_not_kept"
    UNREADABLE = "unreadable"
    CONTRADICTED = "contradicted"
    SIMILAR_RECORD = "similar_record"
    LEFT_ALONE = "left_alone"
    GONE = "gone"
    CANNOT_CREATE = "cannot_create"
    CANNOT_DEACTIVATE = "cannot_deactivate"
    ALREADY_INACTIVE = "already_inactive"
    LINE_ONLY_HERE = "line_only_here"
    LINES_NOT_DISTINCT = "lines_not_distinct"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A finding that gets no correction.

    Attributes:
        finding: its id.
        detail: texts for the sentence; those that came from outside are put into it as they are.
    """

    finding: str
    reason: Reason
    detail: Mapping[str, str] = field(default_factory=dict)


_ENGLISH: Final[Mapping[Reason, str]] = {
    Reason.ACCEPTED: "The difference was accepted.",
    Reason.CORRECTED: "A correction of it was written already; the next run tells whether it is gone.",
    Reason.CLOSED: "The last run did not find it any more.",
    Reason.DUPLICATE: "Several records share the key or link; somebody has to decide first which of them counts.",
    Reason.AMBIGUOUS: "Key and external id name different records; writing could change the wrong one.",
    Reason.INVALID: "A value cannot be read, so that nothing can be taken from it or put in its place.",
    Reason.OUT_OF_SCOPE: "{field} is not in the scope of the project any more.",
    Reason.NO_OWNER: "No owner is named for {field}; say which side is to be corrected.",
    Reason.NOT_WRITABLE: "The {side} cannot be given {field}: {problem}.",
    Reason.RECORD_NOT_KEPT: "The snapshot with the whole record of the {side} is not kept any more; run again.",
    Reason.UNREADABLE: "The {side} has a value in {field} that cannot be read.",
    Reason.CONTRADICTED: "Another finding of the same record says something else about {field}.",
    Reason.SIMILAR_RECORD: "The {side} has a record like it (id {id}); a new one could be its double.",
    Reason.LEFT_ALONE: "The project leaves records that are only in the {side} as they are.",
    Reason.GONE: "The {side} had it as {id} and has not any more; the project does not say what follows from that.",
    Reason.CANNOT_CREATE: "The description of the {side} does not say how such records are added.",
    Reason.CANNOT_DEACTIVATE: "The description of the {side} does not say how such records are taken out of use.",
    Reason.ALREADY_INACTIVE: "The record of the {side} is out of use already.",
    Reason.LINE_ONLY_HERE: "Lines are not added to a document that is there, nor taken out of it.",
    Reason.LINES_NOT_DISTINCT: "Lines of the document share their key or have none, so that nothing could prove them.",
}

_PORTUGUESE: Final[Mapping[Reason, str]] = {
    Reason.ACCEPTED: "A diferença foi aceita.",
    Reason.CORRECTED: "Uma correção já foi gravada; a próxima execução dirá se a diferença acabou.",
    Reason.CLOSED: "A última execução não a encontrou mais.",
    Reason.DUPLICATE: "Vários registros têm a mesma chave ou vínculo; é preciso decidir antes qual deles vale.",
    Reason.AMBIGUOUS: "A chave e o id externo indicam registros diferentes; a gravação poderia alterar o errado.",
    Reason.INVALID: "Um valor não pode ser lido; nada pode ser tirado dele nem posto em seu lugar.",
    Reason.OUT_OF_SCOPE: "{field} não está mais no escopo do projeto.",
    Reason.NO_OWNER: "{field} não tem dono; diga qual lado deve ser corrigido.",
    Reason.NOT_WRITABLE: "Não é possível gravar {field} no {side}: {problem}.",
    Reason.RECORD_NOT_KEPT: "A cópia com o registro completo do {side} não é mais guardada; execute de novo.",
    Reason.UNREADABLE: "O {side} tem um valor em {field} que não pode ser lido.",
    Reason.CONTRADICTED: "Outro achado do mesmo registro diz outra coisa sobre {field}.",
    Reason.SIMILAR_RECORD: "O {side} tem um registro parecido (id {id}); um novo poderia ser uma duplicata dele.",
    Reason.LEFT_ALONE: "O projeto deixa como estão os registros que só existem no {side}.",
    Reason.GONE: "O {side} o tinha como {id} e não tem mais; o projeto não diz o que fazer nesse caso.",
    Reason.CANNOT_CREATE: "A descrição do {side} não diz como esses registros são incluídos.",
    Reason.CANNOT_DEACTIVATE: "A descrição do {side} não diz como esses registros são inativados.",
    Reason.ALREADY_INACTIVE: "O registro do {side} já está inativo.",
    Reason.LINE_ONLY_HERE: "Itens não são incluídos em um documento existente, nem retirados dele.",
    Reason.LINES_NOT_DISTINCT: "Itens do documento têm a mesma chave, ou nenhuma, e nada poderia comprová-los.",
}

_SIDES: Final = {"crm": "CRM", "erp": "ERP"}


def sentence(left_out: LeftOut, locale: str) -> str:
    """Why, in one sentence.

    Args:
        locale: `pt-BR`, or any other Portuguese, gives Portuguese; everything else English.
    """
    portuguese = locale.lower().startswith("pt")
    words: defaultdict[str, str] = defaultdict(lambda: _UNKNOWN, left_out.detail)
    words["side"] = _SIDES.get(words["side"], words["side"])
    if portuguese and "problem" in left_out.detail:
        words["problem"] = problem_in_portuguese(left_out.detail["problem"])
    return (_PORTUGUESE if portuguese else _ENGLISH)[left_out.reason].format_map(words)
