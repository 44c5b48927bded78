"""XML files: the repeated element as a record, streamed, and documents that are refused."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from reconciler.ports.files.reading import read_batches
from tests.ports.layout_reading import file_format, records, refusal

_CLIENTS: dict[str, Any] = {"kind": "xml", "records": "clientes.cliente"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "clientes.xml"


def test_records_are_trees_by_local_names(path: Path) -> None:
    content = b"""<?xml version="1.0"?>
        <n:clientes xmlns:n="urn:x" total="2"><n:gerado>2026-05-31</n:gerado>
        <n:cliente id="7"><n:cnpj>00012345000195</n:cnpj><n:nome>P &amp; D</n:nome><n:vazio/>
        <n:item><n:sku>A</n:sku></n:item><n:item><n:sku>B</n:sku></n:item></n:cliente>
        <outro><n:cliente><n:cnpj>not at the path</n:cnpj></n:cliente></outro>
        <n:cliente><n:cnpj>1</n:cnpj></n:cliente></n:clientes>"""
    assert records(path, content, **_CLIENTS) == [
        {
            "@id": "7",
            "cnpj": "00012345000195",
            "nome": "P & D",
            "vazio": "",
            "item": [{"sku": "A"}, {"sku": "B"}],
        },
        {"cnpj": "1"},
    ]


def test_declared_lists_are_lists_with_one_element_too(path: Path) -> None:
    content = b"<clientes><cliente><item><sku>A</sku></item></cliente></clientes>"
    assert records(path, content, **_CLIENTS, lists=["item"]) == [{"item": [{"sku": "A"}]}]


def test_record_inside_a_record_is_part_of_it(path: Path) -> None:
    content = b"<clientes><cliente><clientes><cliente><x>1</x></cliente></clientes></cliente></clientes>"
    assert records(path, content, **_CLIENTS) == [{"clientes": {"cliente": {"x": "1"}}}]


def test_record_that_is_a_text_is_an_object_all_the_same(path: Path) -> None:
    assert records(path, b"<l><n>a</n><n/></l>", kind="xml", records="l.n") == [{"$": "a"}, {"$": ""}]


def test_root_can_be_the_record(path: Path) -> None:
    assert records(path, b"<n><x>1</x></n>", kind="xml", records="n") == [{"x": "1"}]


def test_declared_encoding_of_the_file_and_of_the_description(path: Path) -> None:
    text = "<clientes><cliente><nome>Ação –</nome></cliente></clientes>"
    declared = f'<?xml version="1.0" encoding="windows-1252"?>{text}'.encode("cp1252")
    lying = f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode("cp1252")
    assert records(path, declared, **_CLIENTS) == [{"nome": "Ação –"}]
    assert records(path, lying, **_CLIENTS, encoding="cp1252") == [{"nome": "Ação –"}]
    assert records(path, text.encode("utf-16"), **_CLIENTS, encoding="utf-16") == [{"nome": "Ação –"}]
    assert "encoding it declares" in str(refusal(path, lying, **_CLIENTS))


def test_no_records_are_fine_where_they_would_be(path: Path) -> None:
    assert records(path, b"<clientes/>", **_CLIENTS) == []
    error = refusal(path, b"<Clientes><cliente/></Clientes>", **_CLIENTS)
    assert "no element clientes" in str(error)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "ends before its XML does"),
        (b"<clientes><cliente><x>1</x></cliente>", "ends before its XML does"),
        (b"<clientes>\n<cliente><x>1</y></cliente></clientes>", "row 2: not well-formed"),
        (b'{"clientes": []}', "not well-formed"),
        (b"<clientes>&nbsp;</clientes>", "not well-formed"),
        (b"<clientes>" + b"<a>" * 150 + b"</a>" * 150 + b"</clientes>", "100 levels"),
        (b"<clientes><cliente>" + b"<a>" * 150 + b"</a>" * 150 + b"</cliente></clientes>", "100 levels"),
    ],
    ids=["empty", "cut off", "not well-formed", "JSON", "unknown entity", "deep beside", "deep record"],
)
def test_document_that_cannot_be_read_is_an_error(path: Path, content: bytes, said: str) -> None:
    assert said in str(refusal(path, content, **_CLIENTS))


_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "declaration",
    [
        f'<!DOCTYPE clientes [<!ENTITY l0 "ha">{_LAUGHS}]>',
        '<!DOCTYPE clientes [<!ENTITY l9 SYSTEM "SECRET">]>',
        '<!DOCTYPE clientes [<!ENTITY % remote SYSTEM "SECRET">%remote;]>',
        '<!DOCTYPE clientes SYSTEM "SECRET">',
    ],
    ids=["billion laughs", "external entity", "parameter entity", "external subset"],
)
def test_document_types_and_their_entities_are_refused(path: Path, tmp_path: Path, declaration: str) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    content = f"{declaration}<clientes><cliente><x>&l9;</x></cliente></clientes>".replace("SECRET", secret.as_uri())
    error = refusal(path, content.encode(), **_CLIENTS)
    assert "DTD" in str(error)
    assert "secret" not in str(error)


def test_endless_record_does_not_fill_the_memory(path: Path) -> None:
    content = b"<clientes><cliente>" + b"<x>1</x>" * 20_000
    assert "65536 bytes without the end of a record" in str(refusal(path, content, **_CLIENTS, max_record_kib=64))


def test_memory_does_not_grow_with_the_number_of_records(path: Path) -> None:
    record = b"<cliente><nome>" + b"x" * 200 + b"</nome></cliente>"
    path.write_bytes(b"<clientes>" + record * 5_000 + b"</clientes>")
    tracemalloc.start()
    try:
        layout = file_format(**_CLIENTS, max_record_kib=64)
        count = sum(map(len, read_batches(path, layout, batch_size=100)))
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 5_000
    assert peak_bytes < path.stat().st_size / 2
