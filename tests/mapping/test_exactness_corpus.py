"""The column forms equal the plain definitions on a million made-up texts."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from reconciler.mapping.canonical import TEXT_COLUMNS
from reconciler.mapping.column import read_column
from reconciler.mapping.path import parse_path
from reconciler.mapping.plan import FieldMapping
from reconciler.mapping.reading import read_value
from reconciler.model.entities import FieldType

_CORPUS: dict[str, str] = json.loads((Path(__file__).parent / "nasty_texts.json").read_text(encoding="ascii"))
_WORDS = ["São", "João", "Ltda", "Comércio", "S.A.", "ME", "Peças", "rua", "nº", "12", "01310-100", "x@example.com"]
_LATIN = [chr(code) for code in range(256)]
_BATCH = 10_000


def _texts(seed: int, count: int, pieces: list[str]) -> Iterator[list[str]]:
    """Batches of joined pieces, with whole corpus entries and one-character mutations of them in between."""
    chance = random.Random(seed)
    entries = list(_CORPUS.values())
    for _ in range(count // _BATCH):
        lengths = chance.choices(range(1, 9), k=_BATCH * 4 // 5)
        chosen = iter(chance.choices(pieces, k=sum(lengths)))
        batch = ["".join(islice(chosen, length)) for length in lengths]
        for entry in chance.choices(entries, k=_BATCH - len(batch)):
            place = chance.randrange(len(entry) + 1)
            batch.append(entry[:place] + chance.choice(pieces) + entry[place + chance.randrange(2) :])
        chance.shuffle(batch)
        yield batch


def _document_pieces() -> list[str]:
    numbers = [
        "16727230",
        "000197",
        "12ABC345",
        "01DE35",
        "39053344705",
        "16727230000197",
        "12abc34501de35",
        "00000000",
    ]
    return [
        *numbers * 4,
        *"0123456789",
        *"ABCZabcz",
        *"./- ",
        "–",
        "１",
        "\u00a0",
        "\t",
        "ß",
        "\\",
        "\x1f",
        "\x00",
        "ı",
    ]


_NASTY = sorted({char for text in _CORPUS.values() for char in text})
_PIECES: dict[FieldType, tuple[int, list[str]]] = {
    FieldType.TEXT: (300_000, [*_WORDS * 40, *" " * 100, *_LATIN, *_NASTY]),
    FieldType.CODE: (200_000, [*_WORDS * 40, *" " * 100, *_LATIN, *_NASTY]),
    FieldType.EMAIL: (150_000, [*_WORDS * 40, *" " * 100, *_LATIN, *_NASTY]),
    FieldType.REGISTRATION: (125_000, [*_WORDS * 40, *"0123456789" * 20, *_LATIN, *_NASTY]),
    FieldType.DIGITS: (125_000, [*"0123456789" * 80, *"()-+. " * 40, *_LATIN, *_NASTY]),
    FieldType.DOCUMENT: (100_000, _document_pieces()),
}


@pytest.mark.parametrize("kind", list(_PIECES))
def test_columns_of_a_million_texts_equal_the_plain_definition(kind: FieldType) -> None:
    field = FieldMapping("field", kind, (parse_path("field"),), "text")
    count, pieces = _PIECES[kind]
    decided = 0
    for batch in _texts(7, count, pieces):
        column = read_column(field, list(batch))
        plain = [read_value(field, text) for text in batch]
        assert column.form.to_list() == [reading.form for reading in plain]
        assert column.problems == {place: found.problem for place, found in enumerate(plain) if found.problem}
        if column.value is not None:
            assert column.value.to_list() == [reading.value for reading in plain]
        decided += len(batch) - len(TEXT_COLUMNS[kind](batch).undecided)
    minimum = 0.02 if kind is FieldType.DOCUMENT else 0.3
    assert decided >= count * minimum, "the quick way must take part, or a definition is compared with itself"


def test_the_fuzzed_texts_are_a_million() -> None:
    assert sum(count for count, _ in _PIECES.values()) == 1_000_000
