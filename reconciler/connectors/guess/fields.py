"""Which member of a record is which canonical field, and how it is written there.

A member counts as a field when it has one of the field's usual names and nearly all of its values can be read as the
field's type: a few bad ones are what reconciling is for.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from stdnum.br import cnpj, cpf

from reconciler.connectors.guess.answer import Record, plain_name
from reconciler.connectors.guess.field_names import EVERYWHERE, FIELD_NAMES, LINE_LISTS, LINE_NAMES
from reconciler.mapping.json_values import is_empty, scalar_text, unwrap
from reconciler.mapping.path import parse_path, step_text
from reconciler.mapping.plan import FieldMapping, codecs_of
from reconciler.mapping.reading import read_value
from reconciler.model.entities import Entity, FieldType

_DEPTH: Final = 3
_MOST_RECORDS: Final = 200
_NEARLY_ALL: Final = 0.8
_FORMATS: Final[Mapping[FieldType, tuple[str | None, ...]]] = {
    FieldType.DATE: (None, "%d/%m/%Y", "%Y%m%d"),
    FieldType.TIMESTAMP: (None, "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%Y%m%d%H%M%S"),
}
_ACTIVE: Final = frozenset({"a", "ativo", "ativa", "active", "on", "enabled"})
_INACTIVE: Final = frozenset({"i", "inativo", "inativa", "inactive", "off", "disabled", "blocked", "bloqueado"})
_MEANS_THE_OPPOSITE: Final = "inativo"
_TRUE_WORDS: Final = {"S": True, "N": False, "true": True, "false": False, "1": True, "0": False}


@dataclass(frozen=True, slots=True)
class GuessedField:
    """A canonical field found in the records.

    Attributes:
        name: canonical name.
        paths: as a description writes them; of several the first that is not empty counts.
        codec: None for the usual one of its type.
        codes: vendor's text to canonical value, or nothing.
    """

    name: str
    paths: tuple[str, ...]
    codec: str | None = None
    format: str | None = None
    codes: Mapping[str, bool] | None = None


@dataclass(frozen=True, slots=True)
class GuessedLines:
    """The lines found inside documents."""

    path: str
    fields: list[GuessedField]


class _Leaf(NamedTuple):
    """A scalar member of the records: its path, its plain name, and its values that are not empty, by record."""

    path: str
    name: str
    by_record: dict[int, object]

    @property
    def values(self) -> list[object]:
        return list(self.by_record.values())


def guess_fields(entity: Entity, records: Sequence[Record]) -> list[GuessedField]:
    """The canonical fields that can be recognised, in the order of the entity."""
    return _guess(entity, {**FIELD_NAMES[entity.name], **EVERYWHERE}, records)


def guess_lines(entity: Entity, records: Sequence[Record]) -> GuessedLines | None:
    """The lines of documents, when a list of objects has a usual name and its sku can be recognised."""
    if entity.lines is None:
        return None
    for name in records[0]:
        if plain_name(name) not in LINE_LISTS:
            continue
        found = [record.get(name) for record in records]
        lines = [line for each in found if isinstance(each, list) for line in each if isinstance(line, dict)]
        fields = _guess(entity.lines, LINE_NAMES, lines) if lines else []
        if any(field.name == "sku" for field in fields):
            return GuessedLines(step_text(name), fields)
    return None


def _guess(entity: Entity, names: Mapping[str, tuple[str, ...]], records: Sequence[Record]) -> list[GuessedField]:
    leaves = list(_leaves(records))
    found: list[GuessedField] = []
    taken: set[str] = set()
    for field in entity.fields:
        candidates = [
            leaf for leaf in _candidates(field.type, names.get(field.name, ()), leaves) if leaf.path not in taken
        ]
        guessed = next(filter(None, (_as_field(field.name, field.type, leaf) for leaf in candidates)), None)
        if guessed is not None:
            if field.type is FieldType.DOCUMENT:
                guessed = replace(guessed, paths=_alternatives(guessed.paths[0], candidates))
            found.append(guessed)
            taken.update(guessed.paths)
    return found


def _alternatives(first: str, candidates: Sequence[_Leaf]) -> tuple[str, ...]:
    """The member, and another that is filled where it is not: companies and persons often have a document each."""
    by_path = {leaf.path: leaf for leaf in candidates}
    filled = set(by_path[first].by_record)
    other = next(
        (
            path
            for path, leaf in by_path.items()
            if path != first and leaf.by_record and not filled & set(leaf.by_record)
        ),
        None,
    )
    return (first,) if other is None else (first, other)


def _candidates(kind: FieldType, names: Sequence[str], leaves: Sequence[_Leaf]) -> list[_Leaf]:
    """Members that may be the field, the surest first: by name, and for documents by their check digits."""
    named = sorted((leaf for leaf in leaves if leaf.name in names), key=lambda leaf: names.index(leaf.name))
    if kind is not FieldType.DOCUMENT:
        return named
    return [leaf for leaf in (*named, *leaves) if leaf.values and _nearly_all(map(_is_document, leaf.values))]


def _as_field(name: str, kind: FieldType, leaf: _Leaf) -> GuessedField | None:
    """The member as that field, in the first way of writing that reads every value; None when none does."""
    if name == "active":
        codes = _activity_codes(leaf)
        if codes is not None:
            return GuessedField(name, (leaf.path,), codes=codes)
    for codec in codecs_of(kind):
        for text_format in _FORMATS.get(kind, (None,)) if codec in ("date", "timestamp") else (None,):
            if _reads_all(FieldMapping(name, kind, (parse_path(leaf.path),), codec, text_format), leaf.values):
                usual = codec == codecs_of(kind)[0]
                return GuessedField(name, (leaf.path,), None if usual else codec, text_format)
    return None


def _activity_codes(leaf: _Leaf) -> dict[str, bool] | None:
    """Codes for a member that says active or inactive in words, or says `inativo` in any way."""
    texts = {text for text in map(scalar_text, leaf.values) if text is not None}
    if leaf.name == _MEANS_THE_OPPOSITE and texts <= set(_TRUE_WORDS):
        return {text: not _TRUE_WORDS[text] for text in sorted(texts | {"S", "N"})}
    words = {text: text.lower() for text in sorted(texts)}
    if not words or not set(words.values()) <= _ACTIVE | _INACTIVE:
        return None
    return {text: word in _ACTIVE for text, word in words.items()}


def _reads_all(field: FieldMapping, values: Sequence[object]) -> bool:
    return _nearly_all(read_value(field, value).problem is None for value in values)


def _nearly_all(answers: Iterable[bool]) -> bool:
    given = list(answers)
    return sum(given) >= _NEARLY_ALL * len(given)


def _is_document(value: object) -> bool:
    text = scalar_text(value) or ""
    return bool(cnpj.is_valid(text) or cpf.is_valid(text))


def _leaves(records: Sequence[Record]) -> Iterator[_Leaf]:
    """Every scalar member of the records, nested objects included."""
    values: dict[str, tuple[str, dict[int, object]]] = {}
    for position, record in enumerate(records[:_MOST_RECORDS]):
        for path, name, value in _scalars(record, "", 0):
            values.setdefault(path, (name, {}))
            if not is_empty(value):
                values[path][1][position] = value
    for path, (name, found) in values.items():
        yield _Leaf(path, _without_accents(plain_name(name)), found)


def _scalars(record: Record, prefix: str, depth: int) -> Iterator[tuple[str, str, object]]:
    for name, raw in record.items():
        value = unwrap(raw)
        if isinstance(value, dict):
            if depth < _DEPTH:
                yield from _scalars(value, f"{prefix}{step_text(name)}.", depth + 1)
        elif not isinstance(value, list):
            yield f"{prefix}{step_text(name)}", name, value


def _without_accents(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
