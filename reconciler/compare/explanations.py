"""One sentence per cause, for people, in English and Brazilian Portuguese."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from reconciler.compare.reasons import in_portuguese
from reconciler.model.findings import Cause, FindingKind

_UNKNOWN: Final = "?"


@dataclass(frozen=True, slots=True)
class _Language:
    """Sentences by cause, and the words put into them. A unit of time has a singular and a plural."""

    sentences: Mapping[Cause, str]
    search_was_limited: str
    sides: Mapping[str, str]
    link: str
    hours: tuple[str, str]
    days: tuple[str, str]
    decimal_point: str


_ENGLISH: Final = _Language(
    sentences={
        Cause.MISSING_VALUE: "The {side} has no value.",
        Cause.CASE: "The values are equal but for upper and lower case.",
        Cause.SPACING: "The values are equal but for spaces.",
        Cause.ACCENTS: "The values are equal but for accents or compatibility characters.",
        Cause.MOJIBAKE: "The {side} damaged accented characters: its text was read with the wrong character set.",
        Cause.PUNCTUATION: "Letters and digits are equal; other characters differ.",
        Cause.TRUNCATED: "The {side} cuts the value at {length} characters.",
        Cause.LEADING_ZEROS: "The {side} lost zeros at the left.",
        Cause.SIGN: "The amounts are equal with opposite signs.",
        Cause.SCALE: "The {larger} has {factor} times the amount of the other side.",
        Cause.ROUNDING: "The {side} keeps only {decimals} decimal places of the amount.",
        Cause.TIME_ZONE: "The {later} is {shift} later, as after a time zone error.",
        Cause.DAY_MONTH_SWAPPED: "Day and month are exchanged.",
        Cause.SWAPPED_FIELDS: "This field and {field} hold each other's value.",
        Cause.UNMAPPED_CODE: "The code {code} of the {side} has no translation in the description.",
        Cause.STALE_SIDE: "No other cause was found; the {newer} was changed {hours} hours after the other side.",
        Cause.UNEXPLAINED: "The values differ and no known cause explains it.",
        Cause.SIMILAR_RECORD: (
            "The {missing_side} has no record with this key. "
            "Its record {id} (key {key}), “{name}”, is {similarity} % similar."
        ),
        Cause.NOT_FOUND: "The {missing_side} has no record with this key and none like it.",
        Cause.SAME_KEY: (
            "Several records share this key: {crm_count} in the CRM, {erp_count} in the ERP. None of them was compared."
        ),
        Cause.SAME_LINK: (
            "Several records are linked to the same one: {crm_count} in the CRM, {erp_count} in the ERP. "
            "None of them was compared."
        ),
        Cause.KEY_AND_LINK_DISAGREE: "These records were matched, but an external id names another one: {links}.",
        Cause.INVALID_DOCUMENT: "The CNPJ or CPF of the {side} is not valid{reason}.",
        Cause.MISSING_KEY: "A key field of the record of the {side} is empty{reason}.",
        Cause.UNREADABLE_VALUE: "The value of the {side} cannot be read{reason}.",
        Cause.UNREADABLE_RECORD: "The record of the {side} cannot be read{reason}.",
        Cause.TAXES_NOT_CARRIED: "The quote carries no taxes at all.",
        Cause.TAX_MISSING: "The quote lacks this tax; the ERP charges it today.",
        Cause.TAX_NOT_DUE: "The quote carries this tax; the ERP does not charge it today.",
        Cause.STALE_RATE: "The quote carries a rate of {crm_rate} %; the ERP's rate today is {erp_rate} %.",
        Cause.OTHER_BASE: "The rates agree; the quote's base is {crm_base} and the ERP's is {erp_base}.",
        Cause.OTHER_CHARGE: "The quote and the ERP disagree whether the price holds this tax.",
    },
    search_was_limited=(
        "The {missing_side} has no record with this key. "
        "Similar ones were looked for only among the first {searched} of {of} records without a partner."
    ),
    sides={"crm": "CRM", "erp": "ERP", "both": "CRM and the ERP"},
    link="the {side} names record {id}",
    hours=("{number} hour", "{number} hours"),
    days=("{number} day", "{number} days"),
    decimal_point=".",
)

_PORTUGUESE: Final = _Language(
    sentences={
        Cause.MISSING_VALUE: "O {side} não tem valor.",
        Cause.CASE: "Os valores são iguais, exceto por maiúsculas e minúsculas.",
        Cause.SPACING: "Os valores são iguais, exceto por espaços.",
        Cause.ACCENTS: "Os valores são iguais, exceto por acentos ou caracteres de compatibilidade.",
        Cause.MOJIBAKE: "O {side} corrompeu caracteres acentuados: o texto foi lido com a codificação errada.",
        Cause.PUNCTUATION: "Letras e algarismos são iguais; outros caracteres diferem.",
        Cause.TRUNCATED: "O {side} corta o valor em {length} caracteres.",
        Cause.LEADING_ZEROS: "O {side} perdeu zeros à esquerda.",
        Cause.SIGN: "Os montantes são iguais, com sinais opostos.",
        Cause.SCALE: "O {larger} tem {factor} vezes o montante do outro lado.",
        Cause.ROUNDING: "O {side} guarda apenas {decimals} casas decimais do montante.",
        Cause.TIME_ZONE: "O {later} está {shift} à frente, como em um erro de fuso horário.",
        Cause.DAY_MONTH_SWAPPED: "Dia e mês estão trocados.",
        Cause.SWAPPED_FIELDS: "Este campo e {field} têm os valores trocados entre si.",
        Cause.UNMAPPED_CODE: "O código {code} do {side} não tem tradução na descrição.",
        Cause.STALE_SIDE: (
            "Nenhuma outra causa foi encontrada; o {newer} foi alterado {hours} horas depois do outro lado."
        ),
        Cause.UNEXPLAINED: "Os valores diferem e nenhuma causa conhecida explica a diferença.",
        Cause.SIMILAR_RECORD: (
            "O {missing_side} não tem registro com esta chave. O registro {id} dele (chave {key}), “{name}”, "
            "é {similarity} % semelhante."
        ),
        Cause.NOT_FOUND: "O {missing_side} não tem registro com esta chave, nem um parecido.",
        Cause.SAME_KEY: (
            "Vários registros têm esta chave: {crm_count} no CRM, {erp_count} no ERP. Nenhum deles foi comparado."
        ),
        Cause.SAME_LINK: (
            "Vários registros apontam para o mesmo: {crm_count} no CRM, {erp_count} no ERP. Nenhum deles foi comparado."
        ),
        Cause.KEY_AND_LINK_DISAGREE: "Estes registros foram pareados, mas um id externo indica outro: {links}.",
        Cause.INVALID_DOCUMENT: "O CNPJ ou CPF do {side} não é válido{reason}.",
        Cause.MISSING_KEY: "Um campo da chave do registro do {side} está vazio{reason}.",
        Cause.UNREADABLE_VALUE: "O valor do {side} não pode ser lido{reason}.",
        Cause.UNREADABLE_RECORD: "O registro do {side} não pode ser lido{reason}.",
        Cause.TAXES_NOT_CARRIED: "O orçamento não traz nenhum imposto.",
        Cause.TAX_MISSING: "Falta este imposto no orçamento; o ERP o cobra hoje.",
        Cause.TAX_NOT_DUE: "O orçamento traz este imposto; o ERP não o cobra hoje.",
        Cause.STALE_RATE: "O orçamento traz a alíquota de {crm_rate} %; a do ERP hoje é {erp_rate} %.",
        Cause.OTHER_BASE: "As alíquotas são iguais; a base no orçamento é {crm_base} e no ERP é {erp_base}.",
        Cause.OTHER_CHARGE: "O orçamento e o ERP discordam se o preço inclui este imposto.",
    },
    search_was_limited=(
        "O {missing_side} não tem registro com esta chave. "
        "Parecidos foram procurados apenas entre os primeiros {searched} de {of} registros sem par."
    ),
    sides={"crm": "CRM", "erp": "ERP", "both": "CRM e do ERP"},
    link="o {side} indica o registro {id}",
    hours=("{number} hora", "{number} horas"),
    days=("{number} dia", "{number} dias"),
    decimal_point=",",
)


def explain(cause: Cause, kind: FindingKind, detail: Mapping[str, str], locale: str) -> str:
    """One full sentence or two that say why a finding is there.

    Args:
        detail: what the comparison found out (`FindingRow.detail`); what is missing shows as `?`. Its texts come from
            outside and are put into the sentence as they are.
        locale: `pt-BR`, or any other Portuguese, gives Portuguese; everything else English.
    """
    language = _PORTUGUESE if locale.lower().startswith("pt") else _ENGLISH
    sentence = language.sentences[cause]
    if cause is Cause.NOT_FOUND and "searched" in detail:
        sentence = language.search_was_limited
    words: defaultdict[str, str] = defaultdict(lambda: _UNKNOWN, detail)
    for name in ("side", "larger", "later", "newer"):
        if name in detail:
            words[name] = language.sides.get(detail[name], detail[name])
    words["missing_side"] = language.sides["crm" if kind is FindingKind.ONLY_IN_ERP else "erp"]
    words["shift"] = _shift(language, detail)
    words["links"] = "; ".join(
        language.link.format(side=language.sides[side], id=detail[f"{side}_link"])
        for side in ("crm", "erp")
        if f"{side}_link" in detail
    )
    words["reason"] = _reason(language, detail.get("reason", ""))
    return sentence.format_map(words)


def _reason(language: _Language, reason: str) -> str:
    """The reason in brackets; as it is where the language has no words for it, since it is all that is known."""
    told = (in_portuguese(reason) or reason) if language is _PORTUGUESE else reason
    return f" ({told})" if told else ""


def _shift(language: _Language, detail: Mapping[str, str]) -> str:
    for unit, forms in (("days", language.days), ("hours", language.hours)):
        number = detail.get(unit)
        if number is not None:
            one, several = forms
            return (one if number == "1" else several).format(number=number.replace(".", language.decimal_point))
    return _UNKNOWN
