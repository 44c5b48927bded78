"""Both languages say the same things, and everything that is said somewhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

import tui
from reconciler import errors
from reconciler.project_tui import ThemeName
from tui.action import ActionGroup
from tui.actions import ACTIONS
from tui.app import ReconcilerApp
from tui.i18n import LOCALES, Texts, catalogue_of, texts_of
from tui.places import PLACES
from tui.status import Status
from tui.themes import NAMES
from tui.viewmodel import NoticeKind

_SOURCES = sorted(Path(tui.__file__).parent.rglob("*.py"))
_COMPOSED = ("status.", "action.", "group.", "place.", "theme.", "error.", "stage.", "notice.")
"""Ids that are put together from a name, each covered by a test of its own."""
_FORMS = (".one", ".other")


def _marks(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_have_the_same_texts_with_the_same_marks() -> None:
    portuguese, english = (catalogue_of(locale) for locale in LOCALES)
    assert portuguese.keys() == english.keys()
    assert [name for name in english if _marks(english[name]) != _marks(portuguese[name])] == []
    assert [name for name in english if not english[name].strip() or not portuguese[name].strip()] == []


def _error_codes() -> set[str]:
    found = [value for value in vars(errors).values() if isinstance(value, type)]
    return {each.code for each in found if issubclass(each, errors.ReconcilerError)}


def test_whatever_has_a_name_has_a_text() -> None:
    catalogue = catalogue_of("en")
    needed = {f"status.{each}" for each in Status}
    needed |= {text for action in ACTIONS for text in (action.text_id, action.help_id)}
    needed |= {f"group.{each}" for each in ActionGroup} | {f"place.{each.id}" for each in PLACES}
    needed |= {f"theme.{each}" for each in NAMES} | {f"notice.{each}" for each in NoticeKind}
    needed |= {f"error.{code}.what" for code in _error_codes()}
    needed |= {f"stage.{each}" for each in ("sandbox", "homologation", "pilot", "live")}
    assert needed - catalogue.keys() == set()
    assert set(NAMES) == set(get_args(ThemeName))


def _said(tree: ast.AST) -> Iterator[str]:
    """Texts in a source that look like ids, and the fixed beginnings of those that are put together."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr) and node.values:
            first = node.values[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield f"{first.value}*"


def test_no_text_is_missing_or_left_over() -> None:
    catalogue = catalogue_of("en")
    said = {word for path in _SOURCES if "texts" not in path.parts for word in _said(ast.parse(path.read_text()))}
    beginnings = tuple({word[:-1] for word in said if word.endswith(".*")}) + _COMPOSED
    asked = {word for word in said if re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", word)}
    families = {name.split(".")[0] for name in catalogue}
    known = {name.removesuffix(form) for name in catalogue for form in (*_FORMS, "")}
    known |= {action.id for action in ACTIONS} | {ReconcilerApp.CSS_PATH}
    missing = {word for word in asked if word.split(".")[0] in families} - known
    assert missing == set()
    left_over = {
        name
        for name in catalogue
        if not {name, *(name.removesuffix(form) for form in _FORMS)} & asked and not name.startswith(beginnings)
    }
    assert left_over == set()


@pytest.fixture(params=LOCALES)
def texts(request: pytest.FixtureRequest) -> Texts:
    """Each language."""
    return texts_of(request.param, UTC)


def test_what_fills_a_mark_is_made_visible_and_never_a_mark_itself(texts: Texts) -> None:
    assert "{person} \\x1b[0m" in texts("refusal.role", person="{person} \x1b[0m", roles="admin")


def test_numbers_moments_and_ages_read_as_the_language_has_them() -> None:
    english, portuguese = texts_of("en", UTC), texts_of("pt-BR", UTC)
    assert (english.number(1_204_310), portuguese.number(1_204_310)) == ("1,204,310", "1.204.310")
    assert english.moment(datetime(2026, 11, 2, 9, 5, tzinfo=UTC)) == "2026-11-02 09:05"
    ages = [timedelta(seconds=59), timedelta(minutes=59), timedelta(hours=47), timedelta(days=3), timedelta(-1)]
    assert [english.age(each) for each in ages] == ["59 s", "59 min", "47 h", "3 d", "0 s"]
    assert [english.counted("overview.open", each) for each in (0, 1, 2)] == ["0 findings", "1 finding", "2 findings"]
