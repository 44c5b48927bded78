"""The style sheet: contrast that can be read in light, in dark and on paper, and cards instead of tables on a phone."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from reconciler.reports.html.bars import SERIES_COLOURS

_STYLE = files("reconciler.reports.html").joinpath("report.css").read_text(encoding="utf-8")
_SCHEMES = ["light", "dark", "print"]
_TEXT_RATIO = 4.5
_GRAPHIC_RATIO = 3.0

_CARDS = ["card", "good-card", "warn-card", "bad-card"]
_ON_CARD = [(ink, "card") for ink in ("ink", "quiet", "link", "good", "warn", "bad", "unseen")]
_ON_PAGE = [(ink, "page") for ink in ("ink", "quiet", "link", "bad", "good")]
_ON_NOTICES = [("ink", card) for card in _CARDS] + [("good", "good-card"), ("warn", "warn-card"), ("bad", "bad-card")]
_ON_SERIES = [("on-series", f"series-{place}") for place in range(SERIES_COLOURS)]


def _colours(scheme: str) -> dict[str, str]:
    """The palette of a scheme: each `:root` block changes what the ones before it said."""
    light, dark, printed = re.findall(r":root \{(.*?)\}", _STYLE, re.DOTALL)
    palette: dict[str, str] = {}
    for block in {"light": [light], "dark": [light, dark], "print": [light, dark, printed]}[scheme]:
        palette |= dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", block))
    return palette


def _luminance(colour: str) -> float:
    """Relative luminance of WCAG 2."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", _SCHEMES)
@pytest.mark.parametrize(("ink", "ground"), [*_ON_CARD, *_ON_PAGE, *_ON_NOTICES, *_ON_SERIES, ("mark-ink", "mark")])
def test_text_can_be_read_on_its_ground(scheme: str, ink: str, ground: str) -> None:
    palette = _colours(scheme)
    assert _contrast(palette[ink], palette[ground]) >= _TEXT_RATIO


@pytest.mark.parametrize("scheme", _SCHEMES)
@pytest.mark.parametrize("place", range(SERIES_COLOURS))
def test_bars_stand_out_from_their_card(scheme: str, place: int) -> None:
    palette = _colours(scheme)
    assert _contrast(palette[f"series-{place}"], palette["card"]) >= _GRAPHIC_RATIO


def test_every_series_has_its_colour_for_bars_and_legend() -> None:
    for place in range(SERIES_COLOURS):
        assert f"rect.series-{place} {{ fill: var(--series-{place}); }}" in _STYLE
        assert f".key.series-{place} {{ background: var(--series-{place}); }}" in _STYLE


def test_every_colour_is_one_of_the_palette() -> None:
    """So that no text keeps a light colour in the dark."""
    rules = re.sub(r":root \{.*?\}", "", _STYLE, flags=re.DOTALL)
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsl", rules)


def test_tables_become_cards_on_a_phone() -> None:
    narrow = re.search(r"@media screen and \(max-width: 820px\) \{(.*?)\n\}", _STYLE, re.DOTALL)
    assert narrow is not None
    assert "td::before { content: attr(data-label)" in narrow[1]
