"""The colours: a default and its light twin on a blue and orange axis, one safe for colour-blind eyes, one of high
contrast. Nothing is said by colour alone (`status.py`), and `NO_COLOR` takes all of it away.
"""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

DEFAULT: Final = "reconciler"
LIGHT: Final = "reconciler-light"
COLOUR_BLIND_SAFE: Final = "colour-blind-safe"
HIGH_CONTRAST: Final = "high-contrast"

THEMES: Final[tuple[Theme, ...]] = (
    Theme(
        name=DEFAULT,
        primary="#6CB6FF",
        secondary="#4C86C6",
        accent="#F2A65A",
        success="#7FC8A9",
        warning="#F2A65A",
        error="#FF8A7A",
        foreground="#E6E8EB",
        background="#12161C",
        surface="#1A2028",
        panel="#232B36",
        variables={"footer-key-foreground": "#F2A65A", "block-cursor-text-style": "bold"},
    ),
    Theme(
        name=LIGHT,
        primary="#0B5CAD",
        secondary="#3A6EA5",
        accent="#9A4E00",
        success="#0B6B4F",
        warning="#8A4B00",
        error="#B3261E",
        foreground="#1B1F24",
        background="#FAFBFC",
        surface="#F1F3F6",
        panel="#E4E8EE",
        dark=False,
        variables={"footer-key-foreground": "#9A4E00", "block-cursor-text-style": "bold"},
    ),
    Theme(
        # The palette of Okabe and Ito, whose colours stay apart for every common kind of colour blindness.
        name=COLOUR_BLIND_SAFE,
        primary="#56B4E9",
        secondary="#0072B2",
        accent="#E69F00",
        success="#56B4E9",
        warning="#F0E442",
        error="#D55E00",
        foreground="#F2F2F2",
        background="#101010",
        surface="#1A1A1A",
        panel="#262626",
        variables={"footer-key-foreground": "#F0E442", "block-cursor-text-style": "bold underline"},
    ),
    Theme(
        name=HIGH_CONTRAST,
        primary="#00E5FF",
        secondary="#FFFFFF",
        accent="#FFFF00",
        success="#7CFF7C",
        warning="#FFFF00",
        error="#FF9C9C",
        foreground="#FFFFFF",
        background="#000000",
        surface="#000000",
        panel="#1A1A1A",
        variables={
            "footer-key-foreground": "#FFFF00",
            "block-cursor-background": "#FFFFFF",
            "block-cursor-foreground": "#000000",
            "block-cursor-text-style": "bold",
            "border": "#FFFFFF",
            "border-blurred": "#C0C0C0",
            "text-muted": "#E0E0E0",
        },
    ),
)

NAMES: Final = tuple(theme.name for theme in THEMES)


def next_theme(name: str) -> str:
    """The theme after this one, round and round."""
    return NAMES[(NAMES.index(name) + 1) % len(NAMES)] if name in NAMES else DEFAULT
