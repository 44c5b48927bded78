"""The systems' own keys of records: `_id` and `_link` columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, cast

from reconciler.mapping import canonical, canonical_plain
from reconciler.mapping.composite import IdPath, joined
from reconciler.mapping.json_values import is_empty, scalar_text, shown, unwrap
from reconciler.mapping.path import Path
from reconciler.mapping.reading import Problem
from reconciler.model.findings import Cause
from reconciler.model.staging import MAX_TEXT_CHARACTERS

_INTEGER_LIMIT: Final = 2**63


def identifier_of(raw: object) -> str | Problem | None:
    """The text of a key: digits of a whole number, or a text without controls and outer spaces.

    Returns:
        The text, None when the value is empty, or why it cannot be a key.
    """
    raw = unwrap(raw)
    if is_empty(raw):
        return None
    if isinstance(raw, bool) or (isinstance(raw, str) and len(raw) > MAX_TEXT_CHARACTERS):
        return _unusable(raw)
    text = scalar_text(raw)
    if text is None or (isinstance(raw, float) and not text.removeprefix("-").isdigit()):
        return _unusable(raw)
    return canonical_plain.identifier_plain(text) or None


def identifier_column(raw: Sequence[object]) -> tuple[list[str | None], dict[int, Problem]]:
    """`identifier_of` each value: the texts, null where there is none, and the problems by position."""
    types = set(map(type, raw))
    if types == {int} and -_INTEGER_LIMIT < min(numbers := cast("Sequence[int]", raw)) <= max(numbers) < _INTEGER_LIMIT:
        return list(map(str, numbers)), {}
    texts, others = cast("list[str]", raw), list[int]()
    if types != {str}:
        texts = [value if isinstance(value, str) else "" for value in raw]
        others = [place for place, value in enumerate(raw) if not isinstance(value, str)]
    decided, undecided = canonical.identifier(texts)
    found: list[str | None] = [text or None for text in decided] if "" in decided else list(decided)
    problems = {}
    for place in (*undecided, *others):
        identifier = identifier_of(raw[place])
        if isinstance(identifier, Problem):
            problems[place] = identifier
        found[place] = None if isinstance(identifier, Problem) else identifier
    return found, problems


def id_column(
    id_path: IdPath, columns: Mapping[Path, Sequence[object]]
) -> tuple[list[str | None], dict[int, Problem], Sequence[object]]:
    """The ids of records, from the columns of `composite.paths_of`.

    Returns:
        The texts, null where there is none; the problems by position; the raw values, to be shown.
    """
    if isinstance(id_path, Path):
        raw = columns[id_path]
        return *identifier_column(raw), raw
    members = [identifier_column(columns[member]) for member in id_path.members]
    problems = {place: problem for _, found in reversed(members) for place, problem in found.items()}
    ids = [joined(texts) for texts in zip(*(texts for texts, _ in members), strict=True)]
    return ids, problems, [list(row) for row in zip(*(columns[member] for member in id_path.members), strict=True)]


def _unusable(raw: object) -> Problem:
    return Problem(Cause.UNREADABLE_RECORD, "is neither a short text nor a whole number, as keys are", shown(raw))
