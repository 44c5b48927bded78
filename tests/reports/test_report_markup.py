"""Markup: outside text cannot become markup, cannot hide, and cannot turn the page around."""

from __future__ import annotations

import html
import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.reports.html.markup import Html, clipped, element, fill, join, text, visible


class _Heard(HTMLParser):
    """Collects the elements and the text of a piece of markup."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.said = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.said += data


def _heard(markup: Html) -> _Heard:
    heard = _Heard()
    heard.feed(markup.markup)
    heard.close()
    return heard


@given(st.text(), st.text())
def test_outside_text_never_makes_an_element_or_an_attribute(content: str, attribute: str) -> None:
    heard = _heard(element("p", content, title=attribute))
    assert [(name, set(given_attributes)) for name, given_attributes in heard.elements if name != "span"] == [
        ("p", {"title"})
    ]
    assert heard.elements[0][1]["title"] == visible(attribute)
    assert heard.said == visible(content)


@given(st.text())
def test_nothing_invisible_or_turning_is_left(outside: str) -> None:
    left = {unicodedata.category(character) for character in html.unescape(text(outside).markup)}
    assert left.isdisjoint({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


@pytest.mark.parametrize(
    ("outside", "shown"),
    [
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("a\u200bb", "a⟨U+200B⟩b"),
        ("\x1b[31m", "⟨ESC⟩[31m"),
        ("a\tb\r\n", "a⟨TAB⟩b⟨CR⟩⟨LF⟩"),
        ("a\xa0b", "a⍽b"),
        ("a\u2003b", "a⟨U+2003⟩b"),
        ("\ud800", "⟨U+D800⟩"),
        ("São João 😀 שלום", "São João 😀 שלום"),
    ],
    ids=["override", "zero-width", "escape", "blanks", "no-break", "em-space", "surrogate", "ordinary"],
)
def test_what_cannot_be_seen_is_named(outside: str, shown: str) -> None:
    assert visible(outside) == shown


def test_spaces_are_shown_where_they_matter() -> None:
    assert _heard(text("a  b", spaces=True)).said == "a··b"
    assert _heard(text("a  b")).said == "a  b"


def test_a_sentence_is_filled_with_escaped_parts() -> None:
    filled = fill("{shown} of {total}", shown="<b>", total=element("b", "9"))
    assert filled == Html("&lt;b&gt; of <b>9</b>")


def test_parts_are_joined_each_in_its_own_way() -> None:
    assert join(("<", Html("<br>"), ">")) == Html("&lt;<br>&gt;")


@pytest.mark.parametrize(("outside", "shown"), [("abcd", "abcd"), ("abcde", "abc…")], ids=["fits", "cut"])
def test_long_labels_are_clipped(outside: str, shown: str) -> None:
    assert clipped(outside, 4) == shown
