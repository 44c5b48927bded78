"""What every part of the page is written with: the words and the figures of one language."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from reconciler.reports.html.markup import Html, Part, element, isolated, join
from reconciler.service.page.figures import Figures
from reconciler.service.page.texts import PageTexts

GOOD_GLYPH: Final = "✔"
WARNING_GLYPH: Final = "⚠"


@dataclass(frozen=True, slots=True)
class View:
    """One language, and the clock of the readers."""

    texts: PageTexts
    figures: Figures

    @classmethod
    def of(cls, texts: PageTexts, time_zone: ZoneInfo) -> View:
        """The view in this language."""
        return cls(texts, Figures(texts.decimal_mark, texts.day_pattern, time_zone))


def glyph(sign: str) -> Html:
    """A sign for the eye; what it says stands beside it in words."""
    return element("span", sign, class_="glyph", aria_hidden="true")


def banner(title: Part, *parts: Part, good: bool = False, **attributes: str | None) -> Html:
    """How it went: in colour, with a sign, in words."""
    heading = element("h3", glyph(GOOD_GLYPH if good else WARNING_GLYPH), " ", element("span", title))
    return element("div", heading, *parts, class_="banner good" if good else "banner warn", **attributes)


def unseen(*parts: Part) -> Html:
    """Said by screen readers, and not shown."""
    return element("span", *parts, class_="unseen-words")


def text_area(content: str, **attributes: str | None) -> Html:
    """A field of several lines, whose content may begin with a line break: the first one after the tag is not shown."""
    empty = element("textarea", **attributes).markup
    before = empty.removesuffix("</textarea>")
    return Html(f"{before}\n{html.escape(content)}</textarea>")


def lines_of(text: str) -> Html:
    """Text from outside, a line of the page for each of its lines."""
    return join([element("span", isolated(line), class_="text-line") for line in text.splitlines()])
