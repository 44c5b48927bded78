"""Numbers that identify companies, people and their registrations, unique within one generated data set."""

from __future__ import annotations

from random import Random

from stdnum.br import cnpj, cpf

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ALPHANUMERIC_SHARE = 0.12
"""Share of companies with one of the alphanumeric numbers given out since July 2026."""


class DocumentSource:
    """Valid, never repeated CNPJ and CPF numbers: letters and digits only."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._given: set[str] = set()

    def company(self) -> str:
        """A CNPJ of a head office; some are alphanumeric."""
        symbols = _ALPHABET if self._random.random() < _ALPHANUMERIC_SHARE else _ALPHABET[:10]
        while True:
            root = "".join(self._random.choices(symbols, k=8))
            number = self._unused(with_check_digits(root + "0001"))
            if number is not None:
                return number

    def branch_of(self, number: str) -> str:
        """Another establishment of the same company: same first eight characters."""
        branch = 2
        while True:
            found = self._unused(with_check_digits(f"{number[:8]}{branch:04d}"))
            if found is not None:
                return found
            branch += 1

    def person(self) -> str:
        """A CPF."""
        while True:
            nine = "".join(self._random.choices(_ALPHABET[:10], k=9))
            first = _cpf_check_digit(nine)
            number = self._unused(nine + first + _cpf_check_digit(nine + first))
            if number is not None:
                return number

    def _unused(self, number: str) -> str | None:
        if number in self._given or not (cnpj.is_valid(number) or cpf.is_valid(number)):
            return None
        self._given.add(number)
        return number


def with_check_digits(twelve: str) -> str:
    """Twelve letters and digits followed by the two check digits of a CNPJ."""
    return twelve + str(cnpj.calc_check_digits(twelve))


def _cpf_check_digit(digits: str) -> str:
    """The next check digit of a CPF: weights fall to 2 at the last digit, modulo 11, ten counts as zero."""
    weighted = sum(int(digit) * weight for digit, weight in zip(digits, range(len(digits) + 1, 1, -1), strict=True))
    return str(-weighted % 11 % 10)


def with_wrong_check_digit(number: str) -> str:
    """The same number with a last digit that does not check."""
    return number[:-1] + str((int(number[-1]) + 5) % 10)


def masked(number: str) -> str:
    """A CNPJ or CPF with its usual points, slash and dash; anything of another length as it is."""
    if len(number) == 14:
        return str(cnpj.format(number))
    return str(cpf.format(number)) if len(number) == 11 else number


def is_valid(number: str) -> bool:
    """Whether letters and digits are a CNPJ or a CPF with right check digits."""
    return bool(cnpj.is_valid(number)) if len(number) == 14 else bool(cpf.is_valid(number))


def state_registration(random: Random) -> str:
    """An inscrição estadual: nine to twelve digits, or ISENTO for one in eight."""
    if random.random() < 0.125:
        return "ISENTO"
    return str(random.randrange(10**8, 10 ** random.choice((9, 12))))
