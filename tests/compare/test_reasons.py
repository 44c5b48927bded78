"""Every reason the mapping can give has Portuguese words."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import reconciler.mapping
from reconciler.compare.explanations import explain
from reconciler.compare.reasons import in_portuguese
from reconciler.model.findings import Cause, FindingKind

_FILLED = {"INTEGER_DIGITS": "18", "DECIMAL_SCALE": "10", "MAX_TEXT_CHARACTERS": "65536", "text_format": "%d/%m/%Y"}
_KINDS = ("a boolean", "an object", "a list")


def _reasons() -> list[str]:
    """The texts given to `UnreadableValueError` and `Problem` in the mapping's own source."""
    found: set[str] = set()
    for path in Path(str(reconciler.mapping.__file__)).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("UnreadableValueError", "Problem"):
                place = 0 if getattr(node.func, "id", "") == "UnreadableValueError" else 1
                if len(node.args) > place:
                    found |= _texts(node.args[place])
    return sorted(found)


def _texts(node: ast.expr) -> set[str]:
    if isinstance(node, ast.Constant):
        return {str(node.value)}
    if not isinstance(node, ast.JoinedStr):
        return set()
    texts = {""}
    for part in node.values:
        if isinstance(part, ast.Constant):
            texts = {text + str(part.value) for text in texts}
        elif isinstance(part, ast.FormattedValue):
            name = getattr(part.value, "id", "")
            choices = _KINDS if name == "kind" else ("'S' or 'N'",) if name == "wanted" else (_FILLED[name],)
            texts = {text + choice for text in texts for choice in choices}
    return texts


def test_the_reasons_are_found() -> None:
    assert len(_reasons()) > 25


@pytest.mark.parametrize("reason", _reasons())
def test_a_reason_has_portuguese_words(reason: str) -> None:
    assert in_portuguese(reason)


def test_a_portuguese_explanation_holds_no_english_reason() -> None:
    detail = {"side": "crm", "reason": "is not a CNPJ: check digits or shape"}
    told = explain(Cause.INVALID_DOCUMENT, FindingKind.INVALID, detail, "pt-BR")
    assert "dígitos verificadores" in told
    assert "check digits" not in told


def test_a_reason_without_translation_is_not_lost() -> None:
    told = explain(Cause.UNREADABLE_VALUE, FindingKind.INVALID, {"side": "erp", "reason": "is purple"}, "pt-BR")
    assert "is purple" in told
