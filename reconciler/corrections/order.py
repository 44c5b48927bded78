"""The order in which corrections are shown, planned and written. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from reconciler.model.corrections import Correction
from reconciler.model.entities import ENTITIES

_ENTITY_PLACES: Final[Mapping[str, int]] = {name: number for number, name in enumerate(ENTITIES)}


def in_writing_order(corrections: Iterable[Correction]) -> list[Correction]:
    """What others refer to before them, customers and products before orders; within an entity by key and side.

    The order does not depend on the one given.
    """
    return sorted(corrections, key=_place)


def _place(correction: Correction) -> tuple[int, str, str, str, str]:
    number = _ENTITY_PLACES.get(correction.entity, len(_ENTITY_PLACES))
    return number, correction.entity, correction.key, correction.side.value, correction.id
