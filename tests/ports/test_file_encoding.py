"""What `check` is told of the encoding of a file."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from reconciler.ports.files.encoding import detect_encoding

_NAMES = [
    "João da Silva & Cia",
    "Comércio de Peças Ltda",
    "AÇÚCAR UNIÃO",
    "Indústria Química São José",
    "Rua Conceição",
    "Fábrica nº 3",
    "PEÇAS E SERVIÇOS",
    "ELÉTRICA JOSÉ",
    "CAFÉ",
    "Três Irmãos – 1ª linha",
    "ÓTICA VISÃO",
    "Avó",
    "Só",
]
_SEEN = {
    "utf-8": "utf-8",
    "utf-8-sig": "utf-8-sig",
    "cp1252": "cp1252",
    "latin-1": "cp1252",
    "cp850": "cp850",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
}
"""What Latin-1 text is said to be reads it alike: cp1252 differs only where Latin-1 has control characters."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "clientes.txt"


@pytest.mark.parametrize("encoding", _SEEN)
@pytest.mark.parametrize("name", _NAMES)
def test_one_portuguese_name_among_plain_rows_is_enough(path: Path, encoding: str, name: str) -> None:
    text = "codigo;nome;valor\r\n" + "00001;ACME LTDA;10,00\r\n" * 50 + f"00002;{name};3,50\r\n"
    content = text.encode(encoding, errors="replace")
    path.write_bytes(content)
    guess = detect_encoding(path)
    assert guess.encoding is not None
    assert (guess.encoding, content.decode(guess.encoding)) == (_SEEN[encoding], content.decode(encoding))


def test_what_the_bytes_leave_open_is_not_called_certain(path: Path) -> None:
    certainty = {}
    for name, content in (
        ("mark", b"\xef\xbb\xbfx"),
        ("utf-8", "São".encode()),
        ("cp1252", "São".encode("cp1252")),
        ("ascii", b"Sao"),
        ("empty", b""),
    ):
        path.write_bytes(content)
        certainty[name] = detect_encoding(path).certain
    assert certainty == {"mark": True, "utf-8": True, "cp1252": False, "ascii": False, "empty": False}


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
@pytest.mark.parametrize("shift", range(5))
def test_accented_letters_far_behind_are_found(path: Path, encoding: str, shift: int) -> None:
    """Wherever the pieces in which the file is searched are cut."""
    plain = b"00001;ACME LTDA\r\n" * 40_000
    plain = plain[: 512 * 1024 - 4 + shift]
    path.write_bytes(plain + "São José".encode(encoding) + b"\r\n" + plain)
    assert detect_encoding(path).encoding == encoding


def test_a_file_that_ends_with_an_accented_letter(path: Path) -> None:
    """Its last byte alone could be the beginning of a UTF-8 character."""
    path.write_bytes("x;Jê".encode("cp1252"))
    assert detect_encoding(path).encoding == "cp1252"


def test_bytes_that_are_no_text_have_no_encoding(path: Path) -> None:
    path.write_bytes(random.Random(4).randbytes(5000))
    assert detect_encoding(path).encoding is None


def test_text_in_another_language_is_told_by_statistics(path: Path) -> None:
    path.write_bytes(
        "Straße; größer; weiß; Fußgänger; heißt; Öl; für; Gäste; über; Äpfel; süß\r\n".encode("cp1252") * 9
    )
    assert detect_encoding(path).encoding == "cp1252"
