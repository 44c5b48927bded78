"""Why a value could not be read, in Portuguese. The reasons themselves are made in English by the mapping."""

from __future__ import annotations

from reconciler.phrases.languages import in_language


def in_portuguese(reason: str) -> str | None:
    """The reason in Portuguese, or None when there is no translation."""
    said = in_language(reason, "pt-BR")
    return None if said == reason else said
