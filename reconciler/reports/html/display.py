"""How numbers, dates and values look in the page, in the language and time zone of the report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from reconciler.model.entities import FieldType
from reconciler.reports.languages import texts_of
from reconciler.reports.report import Report
from reconciler.reports.texts import Texts


@dataclass(frozen=True, slots=True)
class Display:
    """Shows counts, moments and values to a reader.

    Attributes:
        texts: the words that go with them.
        locale: shape of numbers and dates.
        timezone: the wall clock of the readers.
    """

    texts: Texts
    locale: Locale
    timezone: ZoneInfo

    @classmethod
    def of(cls, report: Report) -> Display:
        """As the report asks for."""
        return cls(texts_of(report.locale), Locale.parse(report.locale.replace("-", "_")), ZoneInfo(report.timezone))

    def count(self, number: int) -> str:
        """A whole number with its thousands separated."""
        return format_decimal(number, format="#,##0", locale=self.locale)

    def seconds(self, seconds: float) -> str:
        """A duration to a tenth of a second."""
        return self.texts.seconds.format(seconds=format_decimal(seconds, format="#,##0.0", locale=self.locale))

    def moment(self, instant: datetime) -> str:
        """Day, time and name of the time zone."""
        shown = format_datetime(instant, f"{self.texts.date_pattern}, HH:mm", self.timezone, self.locale)
        return f"{shown} ({self.timezone.key})"

    def day(self, instant: datetime) -> str:
        """The day an instant falls on, for the readers."""
        return format_date(instant.astimezone(self.timezone).date(), self.texts.date_pattern, self.locale)

    def value(self, value: str, kind: FieldType | None) -> str:
        """A value of a finding. Digits stay as given: nothing is rounded, no decimal is added or dropped.

        What does not read as its type is shown as it is.
        """
        try:
            match kind:
                case FieldType.DECIMAL:
                    return self._decimal(Decimal(value))
                case FieldType.DATE:
                    return format_date(date.fromisoformat(value), self.texts.date_pattern, self.locale)
                case FieldType.TIMESTAMP:
                    return self._timestamp(datetime.fromisoformat(value))
                case _:
                    return value
        except (ValueError, InvalidOperation):
            return value

    def _decimal(self, number: Decimal) -> str:
        exponent = number.as_tuple().exponent
        if not isinstance(exponent, int):
            return str(number)
        pattern = "#,##0." + "0" * -exponent if exponent < 0 else "#,##0"
        return format_decimal(number, format=pattern, locale=self.locale)

    def _timestamp(self, instant: datetime) -> str:
        if instant.tzinfo is None:
            return instant.isoformat(sep=" ")
        pattern = f"{self.texts.date_pattern} HH:mm:ss{'.SSSSSS' if instant.microsecond else ''} xxx"
        return format_datetime(instant, pattern, self.timezone, self.locale)
