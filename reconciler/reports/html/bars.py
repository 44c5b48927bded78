"""Stacked bars as SVG that stretches with the page. Colour is never alone: each part has a glyph and a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.reports.html.display import Display
from reconciler.reports.html.markup import EMPTY, Html, Part, element, join

SERIES_COLOURS: Final = 7
"""The style sheet has `series-0` to `series-6`; a later series takes the colours from the first again."""
_GLYPH_FITS_PERCENT: Final = 7.0
_THINNEST_PERCENT: Final = 0.5


@dataclass(frozen=True, slots=True)
class Series:
    """What one colour stands for."""

    name: str
    glyph: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar and its parts: one of `counts` for each series. `note` stands in for a bar that cannot be drawn."""

    label: Part
    counts: Sequence[int]
    note: Html = EMPTY

    @property
    def total(self) -> int:
        """Length of the bar."""
        return sum(self.counts)


def bar_chart(title: str, series: Sequence[Series], bars: Sequence[Bar], display: Display) -> Html:
    """A titled chart, the longest bar as wide as there is room. With a single series there is no legend."""
    longest = max((bar.total for bar in bars), default=0)
    legend = _legend(series, bars) if len(series) > 1 else EMPTY
    rows = [_row(series, bar, longest, display) for bar in bars]
    return element(
        "figure",
        element("figcaption", title),
        legend,
        element("ul", *rows, class_="bars"),
        class_="chart",
    )


def _legend(series: Sequence[Series], bars: Sequence[Bar]) -> Html:
    used = [place for place in range(len(series)) if any(bar.counts[place] for bar in bars)]
    items = [element("li", _key(place, series[place]), " ", element("bdi", series[place].name)) for place in used]
    return element("ul", *items, class_="legend") if items else EMPTY


def _key(place: int, series: Series) -> Html:
    return element("span", series.glyph, class_=f"key series-{place % SERIES_COLOURS}", aria_hidden="true")


def _row(series: Sequence[Series], bar: Bar, longest: int, display: Display) -> Html:
    drawn = _drawing(series, bar, longest) if bar.total else EMPTY
    parts = _parts(series, bar, longest, display) if bar.total and len(series) > 1 else EMPTY
    return element(
        "li",
        element("span", bar.label, class_="bar-label"),
        element("span", display.count(bar.total), class_="bar-total") if bar.note == EMPTY else EMPTY,
        drawn,
        bar.note,
        parts,
    )


def _drawing(series: Sequence[Series], bar: Bar, longest: int) -> Html:
    shapes: list[Html] = []
    left = 0.0
    for place, count in enumerate(bar.counts):
        if not count:
            continue
        width = max(_THINNEST_PERCENT, 100 * count / longest)
        colour = f"series-{place % SERIES_COLOURS}"
        shapes.append(element("rect", class_=colour, x=_percent(left), width=_percent(width), height="100%"))
        if width >= _GLYPH_FITS_PERCENT and len(series) > 1:
            middle = _percent(left + width / 2)
            shapes.append(element("text", series[place].glyph, class_=colour, x=middle, y="50%", dy="0.35em"))
        left += width
    return element("svg", *shapes, class_="bar", width="100%", height="18", aria_hidden="true")


def _parts(series: Sequence[Series], bar: Bar, longest: int, display: Display) -> Html:
    """The numbers of the parts: a glyph to see, its word for who listens. Only heard where the bar says it all."""
    says_it_all = bar.total in bar.counts and 100 * bar.total / longest >= _GLYPH_FITS_PERCENT
    items = [
        element(
            "span",
            element("span", series[place].glyph, aria_hidden="true", class_="glyph"),
            element("span", series[place].name, ": ", class_="unseen-words"),
            display.count(count),
        )
        for place, count in enumerate(bar.counts)
        if count
    ]
    return element("span", join(items), class_="unseen-words" if says_it_all else "parts")


def _percent(number: float) -> str:
    return f"{number:.3f}".rstrip("0").rstrip(".") + "%"
