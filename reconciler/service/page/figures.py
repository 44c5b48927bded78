"""Numbers and times as people write and read them, in both languages. Digits are never rounded, added or dropped."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from reconciler.model.taxes import plain_number
from reconciler.taxes.answer import money
from reconciler.taxes.drift import percent

_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{3})+")
_PLAIN: Final = re.compile(r"[0-9]+")
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400


class AmbiguousNumberError(ValueError):
    """A number that reads as a thousand times another, such as `1.234`."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How numbers and times look.

    Attributes:
        decimal_mark: `,` or `.`; the other one groups thousands.
        day_pattern: for `strftime`.
        time_zone: the wall clock of the readers.
    """

    decimal_mark: str
    day_pattern: str
    time_zone: ZoneInfo

    def amount(self, amount: Decimal) -> str:
        """An amount of money: at least two decimals, thousands grouped."""
        return self._grouped(money(amount))

    def quantity(self, number: Decimal) -> str:
        """A number with as many decimals as it needs, thousands grouped."""
        return self._grouped(plain_number(number))

    def rate(self, share: Decimal) -> str:
        """A share of one as a percentage."""
        return f"{self._grouped(plain_number(percent(share)))} %"

    def typed(self, number: Decimal) -> str:
        """As somebody would type it: no groups, which `read` may take for decimals."""
        return plain_number(number).replace(".", self.decimal_mark)

    def plain_amount(self, amount: Decimal) -> str:
        """An amount for a spreadsheet in this language: no groups."""
        return money(amount).replace(".", self.decimal_mark)

    def read(self, typed: str) -> str:
        """A typed number as a decimal with a point, for the engine to check; what is none comes back as it is.

        This language's mark begins the decimals. The other one groups thousands where the groups are whole, and begins
        decimals where it cannot group, because people paste numbers from elsewhere.

        Raises:
            AmbiguousNumberError: it could be read either way.
        """
        typed = "".join(typed.split())
        other = "." if self.decimal_mark == "," else ","
        if self.decimal_mark in typed:
            whole, _, decimals = typed.partition(self.decimal_mark)
            return f"{self._ungrouped(whole, other) or 0}.{decimals}"
        if typed.count(other) == 1 and _GROUPED.fullmatch(typed) and not typed.startswith("0"):
            raise AmbiguousNumberError(typed)
        if typed.count(other) == 1:
            return typed.replace(other, ".")
        return self._ungrouped(typed, other)

    def moment(self, instant: datetime) -> str:
        """Day and time on the readers' clock, to the second."""
        here = instant.astimezone(self.time_zone)
        return f"{self.day(here.date())} {here:%H:%M:%S}"

    def day(self, day: date) -> str:
        """A day."""
        return day.strftime(self.day_pattern)

    def age(self, seconds: float) -> str:
        """How long ago, in its two largest units."""
        whole = int(timedelta(seconds=max(0.0, seconds)).total_seconds())
        if whole < _MINUTE_S:
            return f"{whole} s"
        if whole < _HOUR_S:
            return f"{whole // _MINUTE_S} min {whole % _MINUTE_S} s"
        if whole < _DAY_S:
            return f"{whole // _HOUR_S} h {whole % _HOUR_S // _MINUTE_S} min"
        return f"{whole // _DAY_S} d {whole % _DAY_S // _HOUR_S} h"

    def _grouped(self, number: str) -> str:
        whole, _, decimals = number.partition(".")
        group = "." if self.decimal_mark == "," else ","
        shown = f"{int(whole):,}".replace(",", group)
        shown = f"-{shown}" if whole.startswith("-") and not shown.startswith("-") else shown
        return f"{shown}{self.decimal_mark}{decimals}" if decimals else shown

    def _ungrouped(self, whole: str, group: str) -> str:
        if _PLAIN.fullmatch(whole) or not _GROUPED.fullmatch(whole):
            return whole
        return whole.replace(group, "")
