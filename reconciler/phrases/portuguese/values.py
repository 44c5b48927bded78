"""Why a value cannot be read, and why a system will not take it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str]] = {
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
    "is not written as {value}, or does not exist": "não está escrito como {value}, ou não existe",
    "has more than {value} digits before the point": "tem mais de {value} dígitos antes da vírgula",
    "has more than {value} decimals": "tem mais de {value} casas decimais",
    "is longer than {value} characters": "tem mais de {value} caracteres",
    "is not '{value}": "não é '{value}",
    "the value {reason}": "o valor {reason}",
    "the description does not say how such records are taken out of use": (
        "a descrição não diz como esses registros são inativados"
    ),
    "the value has no code in the system": "o valor não tem código no sistema",
    "the value is not in the code list": "o valor não está na lista de códigos",
    "a key field needs a value": "um campo da chave precisa de um valor",
    "nothing changes": "nada muda",
    "the field is changed twice": "o campo é alterado duas vezes",
    "the system takes at most {value} characters": "o sistema aceita no máximo {value} caracteres",
    "the value is not a {value} value": "o valor não é do tipo {value}",
    "the value cannot be written as {value} without being changed": (
        "o valor não pode ser gravado como {value} sem ser alterado"
    ),
    "the value does not come apart into {value} joined parts": "o valor não se separa em {value} partes unidas",
}
