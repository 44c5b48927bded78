"""Suggestions for records without a partner: a similar name on the other side. They are never a match.

Records are only scored against each other when they share a block: the beginning of a word of the name, or the root of
the document (the first eight characters of a CNPJ, which the branches of a company share). A block that many records
share says nothing and would cost the square of its size, so it is left out. The result does not depend on the order of
the records, and exchanging the sides exchanges the result.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz, process

MIN_SIMILARITY: Final = 88.0
"""Of 100, inclusive: `ratio` of the names with their words sorted."""
MAX_CONSIDERED: Final = 20_000
"""Records without a partner that are considered on each side, in the order of their keys."""
_MAX_BLOCK_RECORDS: Final = 50
_MAX_NAME_CHARACTERS: Final = 200
_BLOCK_CHARACTERS: Final = 4
_CNPJ_CHARACTERS: Final = 14
_ROOT_CHARACTERS: Final = 8


@dataclass(frozen=True, slots=True)
class Unpaired:
    """A record without a partner: its stored key, the form of its name, and the form of its document if it has one."""

    key: str
    name: str
    document: str | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The most similar record of the other side. `similarity` is of 100."""

    key: str
    other_key: str
    similarity: float


def suggest(crm: Sequence[Unpaired], erp: Sequence[Unpaired]) -> tuple[list[Suggestion], list[Suggestion]]:
    """The best suggestion for each CRM and each ERP record that has any. Of equally similar ones the lowest key."""
    best_for_crm: dict[str, tuple[float, str]] = {}
    best_for_erp: dict[str, tuple[float, str]] = {}
    for crm_key, erp_key, similarity in _similar_pairs(crm, erp):
        _keep_best(best_for_crm, crm_key, similarity, erp_key)
        _keep_best(best_for_erp, erp_key, similarity, crm_key)
    return _suggestions(best_for_crm), _suggestions(best_for_erp)


def _keep_best(best: dict[str, tuple[float, str]], key: str, similarity: float, other_key: str) -> None:
    rank = (-similarity, other_key)
    if key not in best or rank < best[key]:
        best[key] = rank


def _suggestions(best: dict[str, tuple[float, str]]) -> list[Suggestion]:
    return [Suggestion(key, other_key, -rank) for key, (rank, other_key) in best.items()]


def _similar_pairs(crm: Sequence[Unpaired], erp: Sequence[Unpaired]) -> Iterator[tuple[str, str, float]]:
    crm_keys = [_block_keys(record) for record in crm]
    erp_blocks = _blocks([_block_keys(record) for record in erp])
    crm_blocks = _blocks(crm_keys)
    telling = {
        block: members
        for block, members in erp_blocks.items()
        if max(len(members), len(crm_blocks.get(block, ()))) <= _MAX_BLOCK_RECORDS
    }
    erp_names = [_sorted_words(record.name) for record in erp]
    for record, keys in zip(crm, crm_keys, strict=True):
        candidates = {index: erp_names[index] for key in keys if key in telling for index in telling[key]}
        if not candidates:
            continue
        scored = process.extract(
            _sorted_words(record.name), candidates, scorer=fuzz.ratio, score_cutoff=MIN_SIMILARITY, limit=None
        )
        for _, similarity, index in scored:
            yield record.key, erp[index].key, similarity


def _blocks(keys: Sequence[set[str]]) -> dict[str, list[int]]:
    """Which records, by position, are in each block."""
    blocks: dict[str, list[int]] = defaultdict(list)
    for index, block_keys in enumerate(keys):
        for key in block_keys:
            blocks[key].append(index)
    return blocks


def _block_keys(record: Unpaired) -> set[str]:
    keys = {word[:_BLOCK_CHARACTERS] for word in _words(record.name) if len(word) >= _BLOCK_CHARACTERS}
    if record.document is not None and len(record.document) == _CNPJ_CHARACTERS:
        keys.add(f"#{record.document[:_ROOT_CHARACTERS]}")
    return keys or {record.name}


def _sorted_words(name: str) -> str:
    return " ".join(sorted(_words(name)))


def _words(name: str) -> list[str]:
    """The words of the beginning of a name: scoring two names costs the product of their lengths."""
    return name[:_MAX_NAME_CHARACTERS].split()
