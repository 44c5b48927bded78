"""Status and colours: sign, word and colour are each enough; nothing reaches the screen but through the one door."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest
from textual.color import Color
from textual.theme import Theme

import tui
from tui.status import LOOKS, Status, Tone
from tui.text import width
from tui.themes import COLOUR_BLIND_SAFE, HIGH_CONTRAST, NAMES, THEMES, next_theme

_TONES = ("foreground", "text-primary", "text-success", "text-warning", "text-error", "accent")


def test_signs_tell_statuses_apart_also_in_ascii() -> None:
    assert set(LOOKS) == set(Status)
    for signs in ([look.glyph for look in LOOKS.values()], [look.ascii for look in LOOKS.values()]):
        assert [sign for sign, count in Counter(signs).items() if count > 1] == []
    assert all(look.ascii.isascii() and look.ascii.isprintable() and len(look.ascii) <= 3 for look in LOOKS.values())
    assert {width(look.glyph) for look in LOOKS.values()} == {1}
    assert {look.tone for look in LOOKS.values()} <= set(Tone)


@pytest.mark.parametrize("theme", THEMES, ids=NAMES)
def test_everything_that_is_said_in_colour_can_be_read(theme: Theme) -> None:
    least = 7.0 if theme.name == HIGH_CONTRAST else 4.5
    assert theme.background
    assert theme.surface
    drawn = theme.to_color_system().generate()
    for name in _TONES:
        for ground in (theme.background, theme.surface):
            behind = Color.parse(ground)
            colour = behind.blend(Color.parse(drawn[name]), Color.parse(drawn[name]).a)
            assert _contrast(colour, behind) >= least, (theme.name, name)


def _contrast(one: Color, other: Color) -> float:
    """As the accessibility guidelines for the web (WCAG 2) define it, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Color) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.normalized]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


_SEEN_BY = {
    "deuteranopia": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    "protanopia": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "tritanopia": ((1.256, -0.077, -0.179), (-0.078, 0.931, 0.148), (0.005, 0.691, 0.304)),
}
"""How a colour is seen, after Machado, Oliveira and Fernandes (2009), severity 1."""
_FAR_ENOUGH = 60.0


@pytest.mark.parametrize("eyes", _SEEN_BY)
def test_good_caution_and_bad_stay_apart_for_colour_blind_eyes(eyes: str) -> None:
    theme = next(each for each in THEMES if each.name == COLOUR_BLIND_SAFE)
    seen = {}
    drawn = theme.to_color_system().generate()
    for name in ("text-success", "text-warning", "text-error"):
        colour = Color.parse(drawn[name])
        rgb = (colour.r, colour.g, colour.b)
        seen[name] = tuple(sum(part * value for part, value in zip(row, rgb, strict=True)) for row in _SEEN_BY[eyes])
    for one, other in combinations(seen, 2):
        distance = sum((left - right) ** 2 for left, right in zip(seen[one], seen[other], strict=True)) ** 0.5
        assert distance > _FAR_ENOUGH, f"{one} and {other} look alike with {eyes}"


def test_every_theme_is_reached() -> None:
    reached, theme = [], NAMES[0]
    for _ in NAMES:
        reached.append(theme)
        theme = next_theme(theme)
    assert reached == list(NAMES)
    assert theme == NAMES[0]


_TAKES_MARKUP = {"Static", "Label", "Button", "Option", "update", "append", "from_markup", "from_rich_text"}
"""Names whose first text Textual reads as markup."""


def _wrong(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            titled = [each for each in node.targets if isinstance(each, ast.Attribute)]
            given = isinstance(node.value, ast.Call) and getattr(node.value.func, "id", "") in ("plain", "lines")
            if not given and any(each.attr in ("border_title", "border_subtitle", "tooltip") for each in titled):
                yield f"line {node.lineno}: a title is read as markup"
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = node.args[0] if node.args else None
        if name == "from_markup":
            yield f"line {node.lineno}: markup"
        if name == "notify" and not any(each.arg == "markup" for each in node.keywords):
            yield f"line {node.lineno}: notify reads markup"
        if name in _TAKES_MARKUP and isinstance(first, ast.JoinedStr | ast.Constant) and _is_text(first):
            if isinstance(node.func, ast.Attribute) and name == "append":
                continue
            yield f"line {node.lineno}: {name} is given a text and not content"


def _is_text(node: ast.JoinedStr | ast.Constant) -> bool:
    return isinstance(node, ast.JoinedStr) or isinstance(node.value, str)


def test_no_widget_is_given_a_text_that_is_read_as_markup() -> None:
    root = Path(tui.__file__).parent
    found = {
        str(path.relative_to(root)): wrong
        for path in root.rglob("*.py")
        if (wrong := list(_wrong(ast.parse(path.read_text(encoding="utf-8")))))
    }
    assert found == {}
    assert list(_wrong(ast.parse("Static(f'{x}'); x.notify('a'); w.border_title = y; Content.from_markup(z)")))
