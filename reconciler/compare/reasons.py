"""Why a value could not be read, in Portuguese. The reasons themselves are made in English by the mapping."""

from __future__ import annotations

import re
from typing import Final

_PHRASES: Final[dict[str, str]] = {
    "holds neither letters nor digits": "não tem letras nem dígitos",
    "holds no digit": "não tem dígitos",
    "holds characters that no CNPJ or CPF has": "tem caracteres que nenhum CNPJ ou CPF tem",
    "is not a CNPJ: check digits or shape": "não é um CNPJ: dígitos verificadores ou formato",
    "is not a CPF: check digits or shape": "não é um CPF: dígitos verificadores ou formato",
    "has neither 14 characters (CNPJ) nor 11 digits (CPF)": "não tem 14 caracteres (CNPJ) nem 11 dígitos (CPF)",
    "is not a positive number": "não é um número positivo",
    "is neither a short text nor a whole number, as keys are": "não é um texto curto nem um número inteiro",
    "is not a day written as 2026-05-31": "não é um dia escrito como 2026-05-31",
    "is outside the years 1 to 9999": "está fora dos anos 1 a 9999",
    "is not a text": "não é um texto",
    "is not a date or time": "não é uma data ou hora",
    "is not a moment written as 2026-05-31T23:59:59-03:00": "não é um instante escrito como 2026-05-31T23:59:59-03:00",
    "has an offset that does not exist": "tem um fuso horário que não existe",
    "is not an object with year, month and day": "não é um objeto com ano, mês e dia",
    "has a part that is not a whole number": "tem uma parte que não é um número inteiro",
    "is not a whole number of seconds since 1970": "não é um número inteiro de segundos desde 1970",
    "does not exist in the calendar or on the clock": "não existe no calendário ou no relógio",
    "is not a list of lines": "não é uma lista de itens",
    "is not a finite number": "não é um número finito",
    "is not a number": "não é um número",
    "is too long for a number": "é longo demais para um número",
    "is not a number written as 1.234,56": "não é um número escrito como 1.234,56",
    "is not a number written as 1234.56": "não é um número escrito como 1234.56",
    "carries no id": "não traz identificador",
    "is a number with a fraction, or too large to be exact, where a text is expected": (
        "é um número com fração, ou grande demais para ser exato, onde se espera um texto"
    ),
    "is not an object": "não é um objeto",
    "is a boolean where a text is expected": "é um valor lógico onde se espera um texto",
    "is an object where a text is expected": "é um objeto onde se espera um texto",
    "is a list where a text is expected": "é uma lista onde se espera um texto",
    "is empty, and it is part of the key": "está vazio e faz parte da chave",
}
_PATTERNS: Final = (
    (re.compile(r"is not written as (.+), or does not exist"), r"não está escrito como \1, ou não existe"),
    (re.compile(r"has more than (\d+) digits before the point"), r"tem mais de \1 dígitos antes da vírgula"),
    (re.compile(r"has more than (\d+) decimals"), r"tem mais de \1 casas decimais"),
    (re.compile(r"is longer than (\d+) characters"), r"tem mais de \1 caracteres"),
    (re.compile(r"is not ('.*)"), r"não é \1"),
)


def in_portuguese(reason: str) -> str | None:
    """The reason in Portuguese, or None when there is no translation."""
    if reason in _PHRASES:
        return _PHRASES[reason]
    for pattern, translation in _PATTERNS:
        if pattern.fullmatch(reason):
            return pattern.sub(translation, reason)
    return None
