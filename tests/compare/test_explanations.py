"""Every cause has a full sentence in both languages, with what the comparison found out in it."""

from __future__ import annotations

import pytest

from reconciler.compare.explanations import explain
from reconciler.model.findings import Cause, FindingKind

DETAILS: dict[Cause, dict[str, str]] = {
    Cause.MISSING_VALUE: {"side": "crm"},
    Cause.MOJIBAKE: {"side": "erp"},
    Cause.TRUNCATED: {"side": "erp", "length": "40"},
    Cause.LEADING_ZEROS: {"side": "crm"},
    Cause.SCALE: {"larger": "erp", "factor": "100"},
    Cause.ROUNDING: {"side": "crm", "decimals": "2"},
    Cause.TIME_ZONE: {"later": "crm", "hours": "3"},
    Cause.SWAPPED_FIELDS: {"field": "trade_name"},
    Cause.UNMAPPED_CODE: {"side": "erp", "code": "X9"},
    Cause.STALE_SIDE: {"newer": "erp", "hours": "72"},
    Cause.SIMILAR_RECORD: {"id": "7", "key": "222", "name": "Padaria", "similarity": "95"},
    Cause.SAME_KEY: {"crm_count": "2", "erp_count": "1"},
    Cause.SAME_LINK: {"crm_count": "2", "erp_count": "1"},
    Cause.KEY_AND_LINK_DISAGREE: {"crm_link": "8", "erp_link": "3"},
    Cause.INVALID_DOCUMENT: {"side": "crm", "reason": "check digits"},
    Cause.MISSING_KEY: {"side": "erp"},
    Cause.UNREADABLE_VALUE: {"side": "both", "reason": "no number"},
    Cause.UNREADABLE_RECORD: {"side": "erp"},
    Cause.STALE_RATE: {"crm_rate": "17", "erp_rate": "18"},
    Cause.OTHER_BASE: {"crm_base": "100", "erp_base": "110"},
}


@pytest.mark.parametrize("locale", ["en", "pt-BR"])
@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_a_sentence(cause: Cause, locale: str) -> None:
    """Complete: nothing is left open, and every detail is in it."""
    detail = DETAILS.get(cause, {})
    sentence = explain(cause, FindingKind.ONLY_IN_CRM, detail, locale)
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert "?" not in sentence
    assert not set(sentence) & set("{}")
    for name, value in detail.items():
        shown = {"crm": "CRM", "erp": "ERP", "both": "ERP"}.get(value, value)
        assert shown in sentence, name


@pytest.mark.parametrize("cause", Cause)
def test_the_languages_differ(cause: Cause) -> None:
    """No sentence was left in English."""
    detail = DETAILS.get(cause, {})
    english, portuguese = (explain(cause, FindingKind.DIFFERS, detail, locale) for locale in ("en", "pt-BR"))
    assert english != portuguese


SENTENCES: dict[str, tuple[Cause, FindingKind, dict[str, str], str, str]] = {
    "the side that lacks the record": (
        Cause.NOT_FOUND, FindingKind.ONLY_IN_ERP, {}, "en", "The CRM has no record with this key and none like it.",
    ),
    "a limited search": (
        Cause.NOT_FOUND, FindingKind.ONLY_IN_CRM, {"searched": "20000", "of": "31000"}, "pt-BR",
        "O ERP não tem registro com esta chave. Parecidos foram procurados apenas entre os primeiros 20000 "
        "de 31000 registros sem par.",
    ),
    "one hour": (
        Cause.TIME_ZONE, FindingKind.DIFFERS, {"later": "crm", "hours": "1"}, "en",
        "The CRM is 1 hour later, as after a time zone error.",
    ),
    "half hours in Portuguese": (
        Cause.TIME_ZONE, FindingKind.DIFFERS, {"later": "erp", "hours": "5.5"}, "pt-BR",
        "O ERP está 5,5 horas à frente, como em um erro de fuso horário.",
    ),
    "a day": (
        Cause.TIME_ZONE, FindingKind.DIFFERS, {"later": "erp", "days": "1"}, "pt-BR",
        "O ERP está 1 dia à frente, como em um erro de fuso horário.",
    ),
    "one link": (
        Cause.KEY_AND_LINK_DISAGREE, FindingKind.AMBIGUOUS, {"crm_link": "8"}, "en",
        "These records were matched, but an external id names another one: the CRM names record 8.",
    ),
    "a detail that is not there": (
        Cause.TRUNCATED, FindingKind.DIFFERS, {"side": "erp"}, "en", "The ERP cuts the value at ? characters.",
    ),
    "braces from outside": (
        Cause.UNMAPPED_CODE, FindingKind.DIFFERS, {"side": "erp", "code": "{side}"}, "en",
        "The code {side} of the ERP has no translation in the description.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("cause", "kind", "detail", "locale", "sentence"), SENTENCES.values(), ids=SENTENCES)
def test_a_sentence_reads_well(
    cause: Cause, kind: FindingKind, detail: dict[str, str], locale: str, sentence: str
) -> None:
    """Word by word."""
    assert explain(cause, kind, detail, locale) == sentence
