"""Descriptions of systems that exchange files: what is wrong is told with its line, and what is right is read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from reconciler.connectors.connector import Connector
from reconciler.connectors.load import load_description
from reconciler.errors import ConfigurationError, ResponseNotUnderstoodError, TomlError
from reconciler.ports.files.address import FolderAddress
from reconciler.ports.files.port import FilePort
from reconciler.store.state.state import State
from tests.connectors.unknown_system import Pages

_FILE = """\
[vendor]
name = "by_files"
title = "By files"
roles = ["erp"]
ports = ["files"]
[vendor.credentials]
password = "of the file server"
[files]
settle_s = 0
[files.auth]
password = "{credentials.password}"
[entities.customers]
verified = "documentation"
note = "made up"
id = "code"
[entities.customers.full]
pattern = "customers*.csv"
format = { kind = "delimited", delimiter = ";" }
id = "code"
[entities.customers.fields]
tax_id = "document"
legal_name = "name"
"""

_REQUEST = 'request = { path = "/customers" }\npaging = { kind = "single" }\n'


def _described(tmp_path: Path, old: str = "", new: str = "") -> str:
    assert old in _FILE
    (tmp_path / "by-files.toml").write_text(_FILE.replace(old, new, 1) if old else _FILE)
    return "./by-files.toml"


@pytest.mark.parametrize(
    ("old", "new", "place", "problem"),
    [
        ("[files]\nsettle_s = 0\n[files.auth]\npassword = \"{credentials.password}\"", "", "http", "is missing"),
        ("[files]", "[http]\n[files]", "files", "stands beside [http]"),
        (
            "[files]\nsettle_s = 0\n[files.auth]\npassword",
            "[http.auth]\nkind = \"bearer\"\ntoken",
            "entities.customers.full",
            "names files, and the system is reached over [http]",
        ),
        (
            'pattern = "customers*.csv"\nformat = { kind = "delimited", delimiter = ";" }\nid = "code"\n',
            _REQUEST,
            "entities.customers.full",
            "is asked for, and the system is reached through [files]",
        ),
        ('ports = ["files"]', 'ports = ["rest"]', "vendor.ports", "does not list files"),
        ("[files]", 'probe = { path = "/x" }\n[files]', "vendor.credentials.probe", "must be text"),
        ('pattern = "customers*.csv"', 'patern = "customers*.csv"', "entities.customers.full.patern", "unknown key"),
        ('pattern = "customers*.csv"', 'pattern = "in/customers*.csv"', "entities.customers.full.pattern", "of a name"),
        ('delimiter = ";"', 'delimiter = ";;"', "entities.customers.full.format.delimiter", "at most 1"),
        ('kind = "delimited"', 'kind = "delimitted"', "entities.customers.full.format.kind", "unknown value"),
        ('id = "code"\n[entities.customers.fields]', 'rows_into = "lines"\n[entities.customers.fields]',
         "entities.customers.full.id", "is needed"),
        ('id = "code"\n[entities.customers.fields]', 'id = "number"\n[entities.customers.fields]',
         "entities.customers.full.id", "is not the `id` of the entity"),
        ('id = "code"\n[entities.customers.fields]',
         'id = "code"\nchanges = "customers*.csv"\n[entities.customers.fields]',
         "entities.customers.full.changes", "is the same as `pattern`"),
        ('id = "code"\n[entities.customers.fields]', 'folder = "../other"\n[entities.customers.fields]',
         "entities.customers.full.folder", "below the address"),
        ("[entities.customers.fields]", f"[entities.customers.one]\n{_REQUEST}[entities.customers.fields]",
         "entities.customers.one", "cannot be asked for"),
        ("settle_s = 0", 'settle_s = 0\ndone = "/done"', "files.done", "below the address"),
        ("settle_s = 0", 'settle_s = 0\nready = "ready.ok"', "files.ready", "must hold {name} or {stem}"),
        ("settle_s = 0", 'settle_s = 0\nhost_key = "{context.key}"', "files.host_key", "refers to context.key"),
        ("{credentials.password}", "{credentials.pasword}", "files.auth.password", "refers to credentials.pasword"),
        ("{credentials.password}", "a-literal", "vendor.credentials.password", "no request uses it"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(tmp_path: Path, old: str, new: str, place: str, problem: str) -> None:
    named = _described(tmp_path, old, new)
    with pytest.raises(TomlError, match=r"by-files\.toml:") as refused:
        load_description(named, tmp_path)
    assert refused.value.key == place
    assert refused.value.line > 0
    assert problem in str(refused.value)


@asynccontextmanager
async def _reached(tmp_path: Path, *rows: str, **changes: str) -> AsyncIterator[Connector]:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "customers.csv").write_text("\n".join(("code;name;document", *rows, "")))
    description = load_description(_described(tmp_path, **changes), tmp_path)
    assert description.files is not None
    async with (
        State.open("sqlite:///state.db", tmp_path) as state,
        FilePort(
            "erp",
            description.files,
            address=FolderAddress.parse("in", tmp_path),
            credentials={"password": "made-up"},
            context={},
            project_folder=tmp_path,
            ledger=state.file_ledger("erp"),
            archive=tmp_path / "received",
        ) as port,
    ):
        yield Connector("erp", description, port, ZoneInfo("America/Sao_Paulo"))


async def test_a_connector_reads_files_as_it_reads_requests(tmp_path: Path) -> None:
    async with _reached(tmp_path, "0007;Acme;", "0008;Beta;") as connector:
        await connector.probe()
        sink = Pages()
        await connector.pull_stable("customers", None, sink)
        assert [record["code"] for record in sink.records] == ["0007", "0008"]
        assert await connector.ids("customers") == {"0007", "0008"}
        capabilities = connector.capabilities("customers")
        assert (capabilities.paging, capabilities.shifts, capabilities.one) == ("single", False, False)
        with pytest.raises(ConfigurationError, match="no listing `one`"):
            await connector.one("customers", "0007")


async def test_a_file_with_one_record_twice_is_told_as_such_and_read_once(tmp_path: Path) -> None:
    async with _reached(tmp_path, "0007;Acme;", "0007;Beta;") as connector:
        with pytest.raises(ResponseNotUnderstoodError, match="two records with the same id") as refused:
            await connector.pull_stable("customers", None, Pages())
    assert "`id`" in refused.value.hint
