"""Puts values into a vendor record: only what is asked, and whole arrays where the vendor replaces them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from reconciler.mapping.path import Element, Key, Path, Place, Step

Steps = tuple[Step, ...]


class FragmentError(ValueError):
    """A value cannot be put at its path. The message names the path, never a value."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A JSON value and where it goes."""

    path: Path
    value: object


@dataclass(frozen=True, slots=True)
class Ground:
    """What is sent beside the assigned values.

    Attributes:
        present: the record as it is now; an empty one for a record that is new.
        whole: whether all of it is sent, with the assignments made in it.
        replaced: paths of arrays and objects that the vendor replaces as a whole: where something inside is assigned,
            all that is there now is sent.
        left_out: paths that are never sent back from `present`; a list on the way stands for each of its elements.
    """

    present: Mapping[str, object] = field(default_factory=dict)
    whole: bool = False
    replaced: Sequence[Path] = ()
    left_out: Sequence[Path] = ()


def fragment(assignments: Iterable[Assignment], ground: Ground) -> dict[str, object]:
    """A vendor record with every assigned value, and nothing else but what `ground` asks for.

    Lists and objects on the way to a value are made where they are missing: `[type=x]` adds an element of that type,
    `[2]` may add the element after the last one. A value that was wrapped as `{"$": value}` stays wrapped.

    Raises:
        FragmentError: something on the way is of another shape, or a list has no such place.
    """
    present = _without(ground.present, ground.left_out)
    record: dict[str, object] = present if ground.whole else {}
    replaced = {path.steps for path in ground.replaced}
    for assignment in assignments:
        _assign(record, assignment, present, replaced)
    return record


def _assign(record: dict[str, object], assignment: Assignment, present: object, replaced: set[Steps]) -> None:
    steps = assignment.path.steps
    node: object = record
    for taken, step in enumerate(steps[:-1], 1):
        child = step.read(node)
        if child is None:
            child = deepcopy(_read(present, steps[:taken])) if steps[:taken] in replaced else None
            child = _new(step, steps[taken]) if child is None else child
            _put(node, step, child, assignment.path)
        node = child
    _put(node, steps[-1], assignment.value, assignment.path)


def _put(node: object, step: Step, value: object, path: Path) -> None:
    match step, node:
        case Key(name=name), dict():
            former = node.get(name)
            node[name] = {**former, "$": value} if isinstance(former, dict) and "$" in former else value
        case Place(position=position), list() if position < len(node):
            node[position] = value
        case Place(position=position), list() if position == len(node):
            node.append(value)
        case Element(), list() if isinstance(value, dict):
            node.append(value)
        case Place(), list():
            raise FragmentError(f"{path}: the list is too short to have such a place")
        case Element(), list():
            raise FragmentError(f"{path}: a named element takes values inside it, not in its place")
        case _:
            raise FragmentError(f"{path}: what is there has another shape")


def _new(step: Step, following: Step) -> object:
    """What is put at `step` so that `following` can be put in it."""
    if not isinstance(following, Key):
        return []
    return {step.attribute: step.text} if isinstance(step, Element) else {}


def _read(record: object, steps: Steps) -> object:
    for step in steps:
        record = step.read(record)
    return record


def _without(record: Mapping[str, object], left_out: Sequence[Path]) -> dict[str, object]:
    kept = deepcopy(dict(record))
    for path in left_out:
        _remove(kept, path.steps)
    return kept


def _remove(node: object, steps: Steps) -> None:
    step, *rest = steps
    if isinstance(node, list) and isinstance(step, Key):
        for element in node:
            _remove(element, steps)
    elif rest:
        _remove(step.read(node), tuple(rest))
    elif isinstance(node, dict) and isinstance(step, Key):
        node.pop(step.name, None)
