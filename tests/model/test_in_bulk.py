"""Values made in bulk are the values that the class itself makes."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, dataclass

import pytest

from reconciler.model.corrections import FieldChange
from reconciler.model.in_bulk import in_bulk

_PARTS = ("legal_name", "old", None, "1", "f1", None)


def test_they_are_of_the_class_and_equal_to_its_own() -> None:
    made = in_bulk(FieldChange)(*_PARTS)
    assert type(made) is FieldChange
    assert made == FieldChange(*_PARTS)
    assert hash(made) == hash(FieldChange(*_PARTS))
    assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301  # what this test pickled


def test_they_are_frozen() -> None:
    made = in_bulk(FieldChange)(*_PARTS)
    with pytest.raises(FrozenInstanceError):
        made.new = "other"  # type: ignore[misc]  # what must fail


def test_every_field_is_given() -> None:
    with pytest.raises(TypeError, match="edited_by"):
        in_bulk(FieldChange)(*_PARTS[:-1])


def test_a_class_without_slots_is_not_made_so() -> None:
    @dataclass(frozen=True)
    class Open:
        name: str

    with pytest.raises(TypeError):
        in_bulk(Open)("a")
