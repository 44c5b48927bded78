"""Damaged texts: every way of damaging is recognised, and intact texts are not accused."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler.compare.mojibake import SUSPICIOUS_PATTERN, damaged_side, is_damaged_copy
from reconciler.model.entities import FieldType, Side
from reconciler.model.findings import FieldRule
from tests.compare.staged import Comparer, record, rule_of

PORTUGUESE = st.text("abcxyzABCÁÂÃÀÇÉÊÍÓÔÕÚÜáâãàçéêíóôõúüªº–“”’ .-0", min_size=1, max_size=20)


def _as_cp1252(text: str) -> str:
    return "".join(bytes([byte]).decode("cp1252", errors="ignore") or chr(byte) for byte in text.encode())


DAMAGES: dict[str, Callable[[str], str]] = {
    "UTF-8 read as Latin-1": lambda text: text.encode().decode("latin-1"),
    "UTF-8 read as Windows-1252": _as_cp1252,
    "twice": lambda text: _as_cp1252(_as_cp1252(text)),
    "controls dropped": lambda text: re.sub(r"[\x00-\x1f\x7f-\x9f]", "", text.encode().decode("latin-1")),
    "a question mark per character": lambda text: re.sub(r"[^\x00-\x7f]", "?", text),
    "a question mark per byte": lambda text: re.sub(r"[^\x00-\x7f]", lambda found: "?" * len(found[0].encode()), text),
    "a replacement character each": lambda text: re.sub(r"[^\x00-\x7f]", "\ufffd", text),
    "Windows-1252 read as UTF-8": lambda text: text.encode("cp1252").decode(errors="replace"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@given(text=PORTUGUESE.filter(lambda text: not text.isascii()))
def test_every_damage_is_recognised(damage: Callable[[str], str], text: str) -> None:
    """Exactly on the side that has it, and the cheap pattern lets it through to the exact test."""
    damaged = damage(text)
    # Two characters may happen to be the bytes of one: then the text was damaged before, and this repairs it.
    assume(damaged != text and not is_damaged_copy(text, damaged))
    assert is_damaged_copy(damaged, text)
    assert damaged_side(damaged, text) is Side.CRM
    assert damaged_side(text, damaged) is Side.ERP
    assert re.search(SUSPICIOUS_PATTERN, damaged)


@given(text=PORTUGUESE, other=PORTUGUESE)
def test_intact_texts_are_not_accused(text: str, other: str) -> None:
    """Whatever does not look damaged is not, so that nothing is lost by looking first."""
    assume(not re.search(SUSPICIOUS_PATTERN, text) and not re.search(SUSPICIOUS_PATTERN, other))
    assert damaged_side(text, other) is None


INNOCENT = {
    "another accent": ("Avó", "Avô"),
    "a real question": ("Tudo bem?", "Tudo bem!"),
    "ASCII only": ("Joao", "Jose"),
    "a mark for an ASCII letter": ("Jo?o", "Joao"),
    "one mark too many": ("Jo??o", "Joãoo"),
}


@pytest.mark.parametrize(("crm", "erp"), INNOCENT.values(), ids=INNOCENT)
def test_other_differences_are_not_damage(crm: str, erp: str) -> None:
    """Neither side is accused."""
    assert damaged_side(crm, erp) is None


def test_long_hostile_texts_are_decided_in_linear_time() -> None:
    """A pattern with many marks must not make the search explode (the test timeout is the limit)."""
    assert damaged_side("??é" * 20_000, "é" * 60_001) is None


def test_more_damaged_texts_than_are_looked_at_together_are_all_found(compare: Comparer) -> None:
    """Candidates are read in parts; the last of one part and the first of the next are not lost."""
    rule = rule_of(FieldRule("title", FieldType.TEXT))
    keys = ["", *(f"{number:05}" for number in range(20_001))]
    crm = [record(f"c{key}", key, title="São João") for key in keys]
    erp = [record(f"e{key}", key, title="SÃ£o JoÃ£o") for key in keys]
    assert compare(rule, crm, erp).by_cause == {"mojibake": len(keys)}
