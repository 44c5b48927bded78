"""Both languages say everything, with the same marks to be filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from string import Formatter
from typing import Any

import pytest

from reconciler.model.entities import ENTITIES
from reconciler.model.findings import Cause, FindingKind, FindingStatus
from reconciler.reports.cells import COLUMNS
from reconciler.reports.languages import LANGUAGES, texts_of
from reconciler.reports.report import LOCALES, RunEnding
from reconciler.reports.texts import Texts

every_language = pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES.keys())
_TEXTS = [field.name for field in fields(Texts)]


def _entities() -> set[str]:
    carried = {
        name for entity in ENTITIES.values() for name in (entity.name, entity.lines and entity.lines.name) if name
    }
    return carried | {"quotes.taxes"}


def _fields() -> set[str]:
    return {
        field.name
        for entity in ENTITIES.values()
        for carried in (entity, entity.lines)
        if carried is not None
        for field in carried.fields
    }


def _marks(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_every_locale_has_its_texts() -> None:
    assert {locale: texts_of(locale).language for locale in LOCALES} == {locale: locale for locale in LOCALES}


@every_language
@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("kinds", set(FindingKind)),
        ("causes", set(Cause)),
        ("statuses", set(FindingStatus)),
        ("status_titles", set(RunEnding)),
        ("columns", set(COLUMNS)),
        ("entities", _entities()),
        ("fields", _fields()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_word_is_there_once(texts: Texts, words: str, wanted: set[Any]) -> None:
    given: Mapping[Any, str] = getattr(texts, words)
    assert set(given) == wanted
    assert all(word.strip() for word in given.values())


@pytest.mark.parametrize("name", _TEXTS)
def test_sentences_have_the_same_marks_in_every_language(name: str) -> None:
    said = [getattr(texts, name) for texts in LANGUAGES.values()]
    if isinstance(said[0], str):
        assert all(sentence.strip() for sentence in said)
        assert len({frozenset(_marks(sentence)) for sentence in said}) == 1


def test_the_languages_are_not_copies_of_each_other() -> None:
    alike = {name for name in _TEXTS if len({str(getattr(texts, name)) for texts in LANGUAGES.values()}) == 1}
    assert alike == {"seconds"}


@every_language
def test_words_of_a_group_can_be_told_apart(texts: Texts) -> None:
    for words in (texts.kinds, texts.causes, texts.statuses, texts.status_titles, texts.entities, texts.columns):
        assert len(set(words.values())) == len(words)


@every_language
def test_what_a_project_added_is_called_by_its_name(texts: Texts) -> None:
    assert texts.entity_label("contracts") == "contracts"
    assert texts.field_label("price_table") == "price_table"
