"""Which texts a report takes."""

from __future__ import annotations

from typing import Final

from reconciler.reports.english import ENGLISH
from reconciler.reports.portuguese import PORTUGUESE
from reconciler.reports.texts import Texts

LANGUAGES: Final = {texts.language: texts for texts in (PORTUGUESE, ENGLISH)}
"""By locale, as in `report.LOCALES`."""


def texts_of(locale: str) -> Texts:
    """The texts of one of `report.LOCALES`."""
    return LANGUAGES[locale]
