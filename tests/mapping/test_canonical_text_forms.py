"""What becomes of text: the value as written and the form that is compared."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.mapping import canonical_plain as plain
from reconciler.mapping.canonical_plain import UnreadableValueError
from reconciler.mapping.column import read_column
from reconciler.mapping.path import parse_path
from reconciler.mapping.plan import FieldMapping
from reconciler.mapping.reading import TEXT_FORMS, read_value
from reconciler.model.entities import FieldType

_CORPUS: dict[str, str] = json.loads((Path(__file__).parent / "nasty_texts.json").read_text(encoding="ascii"))
_ANY_TEXT = st.one_of(
    st.text(st.characters(), max_size=30),
    st.text(st.characters(max_codepoint=255), max_size=30),
    st.text(st.characters(exclude_categories=[]), max_size=8),
    st.sampled_from(sorted(_CORPUS.values())),
)
_FOLDED = {
    "plain ascii": "ACME DISTRIBUIDORA S.A.",
    "portuguese accents": "INDUSTRIA E COMERCIO DE PECAS SAO JOAO LTDA",
    "decomposed accents": "SAO JOAO",
    "nbsp between": "SAO PAULO",
    "nbsp outside": "SAO PAULO",
    "double spaces": "RUA DAS ARARAS",
    "tab and newline": "RUA A SALA 2 FUNDOS BLOCO B",
    "lone carriage return": "ANTES DEPOIS",
    "vertical tab and form feed": "A B C",
    "next line control": "A B",
    "line and paragraph separators": "A B C",
    "information separators": "ABCDE",
    "nul": "AB",
    "bell and delete": "ABC",
    "ansi colour": "[31MVERMELHO[0M",
    "ansi title in c1": "31MX0;T",
    "markup": "[BOLD]X[/BOLD] [/X] <B>&AMP;</B>",
    "formula": "=1+1",
    "backslash": "C:\\TEMP\\X \\U0041 \\XE3",
    "sharp s": "STRASSE SS",
    "feminine and masculine ordinal": "1A E 2O ANDAR",
    "numero sign": "NO 5 NO 6",
    "ligatures": "FISCAL FF FFI ST",
    "superscripts": "M2 M3 X1",
    "fractions": "1⁄2 1⁄4 3⁄4",
    "full width": "ABC123",
    "arabic digits": "١٢٣",
    "only spacing diacritic": None,
    "only combining mark": None,
    "zero width space": "AB",
    "zero width joiner": "👨👩👧",
    "byte order mark": "CODIGO",
    "soft hyphen": "DISTRIBUIDORA",
    "right to left": "שלום עולם",
    "arabic with marks": "محمد",
    "bidi override": "ABCGPJ.EXE",
    "turkish dotless i": "ISI ISIK",
    "turkish dotted capital": "ISTANBUL",
    "long s": "SS",
    "micro sign": "ΜM",
    "greek final sigma": "ΑΣ ΑΣ",
    "digraphs": "DŽ DŽ DŽ ʼN J".replace("Ž", "Z"),
    "variation selector": "❤",
    "lone high surrogate": "A�B",
    "mathematical digits": "012",
    "en dash and quotes": "SAO JOAO – “MATRIZ” D’OESTE...",
    "ideographic space": "A B",
    "only spaces": None,
    "only zero width": None,
    "only controls": None,
}


def _field(kind: FieldType) -> FieldMapping:
    return FieldMapping("field", kind, (parse_path("field"),), "text")


def _assigned_characters() -> Iterator[str]:
    """Every assigned character, without the large blocks whose characters have no case and no decomposition."""
    uniform = ("CJK UNIFIED", "TANGUT", "EGYPTIAN", "CUNEIFORM", "KHITAN", "NUSHU")
    for code in range(sys.maxunicode + 1):
        if not unicodedata.name(chr(code), "").startswith(uniform) and unicodedata.category(chr(code)) not in (
            "Cn",
            "Co",
        ):
            yield chr(code)


@pytest.mark.parametrize("name", list(_FOLDED))
def test_text_is_folded_for_comparison(name: str) -> None:
    assert read_value(_field(FieldType.TEXT), _CORPUS[name]).form == _FOLDED[name]
    assert read_column(_field(FieldType.TEXT), [_CORPUS[name]]).form.to_list() == [_FOLDED[name]]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("portuguese accents", "Indústria e Comércio de Peças São João Ltda"),
        ("decomposed accents", "São João"),
        ("nbsp between", "São\u00a0Paulo"),
        ("double spaces", "  Rua   das  Araras "),
        ("tab and newline", "Rua A Sala 2 Fundos Bloco B"),
        ("lone carriage return", "antes depois"),
        ("nul", "ab"),
        ("ansi colour", "[31mvermelho[0m"),
        ("ansi title in c1", "31mx0;t"),
        ("markup", "[bold]x[/bold] [/x] <b>&amp;</b>"),
        ("formula", "=1+1"),
        ("bidi override", "abcgpj.exe"),
        ("zero width joiner", "👨\u200d👩\u200d👧"),
        ("soft hyphen", "dis\u00adtribuidora"),
        ("lone high surrogate", "a�b"),
        ("full width", "ＡＢＣ１２３"),
        ("only spaces", None),
        ("only combining mark", None),
        ("only zero width", None),
    ],
)
def test_text_is_kept_as_written_but_for_what_could_harm(name: str, value: str | None) -> None:
    assert read_value(_field(FieldType.TEXT), _CORPUS[name]).value == value


@pytest.mark.parametrize(
    ("kind", "text", "form"),
    [
        (FieldType.CODE, " p0004 ", "P0004"),
        (FieldType.CODE, "\u00a0000123\t", "000123"),
        (FieldType.CODE, "pç  um", "PÇ  UM"),
        (FieldType.CODE, "c\u0327", "Ç"),
        (FieldType.CODE, "straße", "STRASSE"),
        (FieldType.CODE, "Ｐ1", "Ｐ1"),
        (FieldType.CODE, "a\x1fb\x00", "AB"),
        (FieldType.EMAIL, " Contato@EXAMPLE.com\n", "contato@example.com"),
        (FieldType.EMAIL, "AÇÃO@example.com", "ação@example.com"),
        (FieldType.DIGITS, "+55 (11) 98765-4321", "5511987654321"),
        (FieldType.DIGITS, "01310-100", "01310100"),
        (FieldType.DIGITS, "r. 12 m²", "12"),
        (FieldType.DIGITS, "１２٣", "123"),
        (FieldType.DIGITS, "( ) -", None),
        (FieldType.REGISTRATION, "110.042.490.114", "110042490114"),
        (FieldType.REGISTRATION, "Isento", "ISENTO"),
        (FieldType.REGISTRATION, "não contribuinte", "NAOCONTRIBUINTE"),
        (FieldType.REGISTRATION, "P-0110 / 424", "P0110424"),
        (FieldType.REGISTRATION, "./-", None),
        (FieldType.DOCUMENT, "16.727.230/0001-97", "16727230000197"),
        (FieldType.DOCUMENT, "12.abc.345/01de-35", "12ABC34501DE35"),
        (FieldType.DOCUMENT, "390.533.447-05", "39053344705"),
        (FieldType.DOCUMENT, "390.533.447/05", "39053344705"),
        (FieldType.DOCUMENT, "00.000.000/0001-91", "00000000000191"),
        (FieldType.DOCUMENT, "１６７２７２３００００１９７", "16727230000197"),
        (FieldType.DOCUMENT, "16.727.230/0001–97", "16727230000197"),
        (FieldType.DOCUMENT, " 1 6727230000197 ", "16727230000197"),
        (FieldType.DOCUMENT, "./-", None),
    ],
)
def test_each_type_of_text_has_its_form(kind: FieldType, text: str, form: str | None) -> None:
    reading = read_value(_field(kind), text)
    assert reading.problem is None
    assert reading.form == form
    assert read_column(_field(kind), [text]).form.to_list() == [form]


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        (FieldType.DIGITS, "n/a", "no digit"),
        (FieldType.REGISTRATION, "€", "neither letters nor digits"),
        (FieldType.DOCUMENT, "16727230000198", "CNPJ"),
        (FieldType.DOCUMENT, "00000000000000", "CNPJ"),
        (FieldType.DOCUMENT, "12ABC34501DEAA", "CNPJ"),
        (FieldType.DOCUMENT, "39053344706", "CPF"),
        (FieldType.DOCUMENT, "00000000000", "CPF"),
        (FieldType.DOCUMENT, "3905334470A", "CPF"),
        (FieldType.DOCUMENT, "1672723000197", "14 characters"),
        (FieldType.DOCUMENT, "16727230\t000197", "characters that no"),
        (FieldType.DOCUMENT, "١٦٧٢٧٢٣٠٠٠٠١97", "characters that no"),
        (FieldType.DOCUMENT, "12aßc34501de35", "14 characters"),
        (FieldType.DOCUMENT, "isento", "14 characters"),
    ],
)
def test_text_of_another_kind_is_a_problem_with_a_reason(kind: FieldType, text: str, reason: str) -> None:
    reading = read_value(_field(kind), text)
    assert reading.form is None
    assert reading.problem is not None
    assert reason in reading.problem.reason
    column = read_column(_field(kind), ["", text])
    assert column.form.to_list() == [None, None]
    assert column.problems == {1: reading.problem}


@pytest.mark.parametrize("kind", list(TEXT_FORMS))
@given(texts=st.lists(_ANY_TEXT, max_size=12))
def test_columns_equal_the_plain_definition_on_any_text(kind: FieldType, texts: list[str]) -> None:
    column = read_column(_field(kind), list(texts))
    readings = [read_value(_field(kind), text) for text in texts]
    assert column.form.to_list() == [reading.form for reading in readings]
    assert column.problems == {place: reading.problem for place, reading in enumerate(readings) if reading.problem}
    if column.value is not None:
        assert column.value.to_list() == [reading.value for reading in readings]


@pytest.mark.parametrize("kind", list(TEXT_FORMS))
def test_columns_equal_the_plain_definition_on_every_latin_character(kind: FieldType) -> None:
    texts = [
        f"{before}{chr(code)}{after}" for code in range(256) for before in ("", "a", " ") for after in ("", "1", " ")
    ]
    expected = [read_value(_field(kind), text).form for text in texts]
    assert read_column(_field(kind), list(texts)).form.to_list() == expected


@pytest.mark.parametrize("define", [plain.fold_plain, plain.code_plain, plain.clean_plain], ids=lambda f: f.__name__)
def test_a_form_is_its_own_form_for_every_character(define: Callable[[str], str]) -> None:
    forms = {char: define(f"a{char}b") for char in _assigned_characters()}
    assert len(forms) > 30_000
    assert [f"{ord(char):x}" for char, form in forms.items() if define(form) != form] == []


@pytest.mark.parametrize("kind", list(TEXT_FORMS))
@given(text=_ANY_TEXT)
def test_no_control_character_survives_and_forms_are_stable(kind: FieldType, text: str) -> None:
    reading = read_value(_field(kind), text)
    for kept in (reading.value or "", str(reading.form or "")):
        assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in kept)
        assert not any(char in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069" for char in kept)
    if reading.form is not None:
        assert read_value(_field(kind), reading.form).form == reading.form


@given(text=_ANY_TEXT)
def test_the_form_of_text_ignores_case_accents_and_spacing(text: str) -> None:
    form = plain.fold_plain(text)
    assert plain.fold_plain(unicodedata.normalize("NFD", text)) == form
    assert plain.fold_plain(f"\u00a0 {text}\t") == form
    assert "  " not in form
    assert form == form.strip()


@given(text=_ANY_TEXT)
def test_the_value_of_text_is_nfc_and_has_a_form_when_it_is_there(text: str) -> None:
    reading = read_value(_field(FieldType.TEXT), text)
    assert (reading.value is None) is (reading.form is None)
    assert reading.value is None or unicodedata.is_normalized("NFC", reading.value)


@pytest.mark.parametrize(
    "texts", [[" a"], ["a "], [" a", "b "], ["a ", " b"], ["", "a", ""], [" ", "a"], ["a  b", "c"]]
)
def test_spaces_at_the_seams_of_a_column_belong_to_no_form(texts: list[str]) -> None:
    forms = [" ".join(text.upper().split()) or None for text in texts]
    assert read_column(_field(FieldType.TEXT), list(texts)).form.to_list() == forms


def test_texts_with_the_joining_character_do_not_shift_their_neighbours() -> None:
    texts = ["first", "a\x1fb", "last", "\x1f", "\x00", "end"]
    assert read_column(_field(FieldType.TEXT), list(texts)).form.to_list() == ["FIRST", "AB", "LAST", None, None, "END"]


def test_a_plain_definition_says_why_it_refuses_without_the_value() -> None:
    with pytest.raises(UnreadableValueError) as caught:
        plain.document_plain("99.999.999/9999-99")
    assert "99" not in caught.value.reason
